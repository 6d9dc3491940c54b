/* SPDX-License-Identifier: BSD-2-Clause */
/* The variables of a session, and what is read through them. */
#ifndef BPFSH_VARS_H
#define BPFSH_VARS_H

#include <stddef.h>

#include "shell/lang/cmd.h"

struct variable {
	char *name;
	struct value value;
};

/* Names are without the dollar sign. */
struct value *var_find(struct session *s, const char *name);
/* Takes over @v. */
void var_set(struct session *s, const char *name, struct value v);
/* Lets go of the object too, where $_ is the same. */
bool var_unset(struct session *s, const char *name);
/* $_ holds no object any more: what was made is taken back. */
void last_drop(struct session *s);
/* "name", "name.field", "name.list[0].x" as a new value; -1 with a diagnostic. */
int var_read(struct ctx *ctx, const char *path, size_t len, struct span at, struct value *out);
/*
 * While a plan is made: true where "name" or "name.field" stands for nothing
 * yet. An object that will be made is known as such, its fields are not.
 */
bool var_unknown(struct session *s, const char *path, size_t len);
/* Errors; @known has the names that there are as its keys (borrowed). -1. */
int var_missing(struct diags *d, struct span at, const char *name, jv known);
int arg_missing(const struct session *s, struct diags *d, struct span at, const char *name);
/* A copy of all variables, for a savepoint; vars_restore() takes it over. */
struct vars {
	struct variable *list;
	size_t nr;
};
struct vars vars_copy(const struct session *s);
void vars_restore(struct session *s, struct vars v);
void vars_free(struct vars v);

/* What `map show` has of an object, as JSON; invalid jv with a diagnostic. */
jv handle_record(struct ctx *ctx, struct handle *h);

/* The value as JSON; an object is its record. Invalid jv with a diagnostic. */
jv value_to_json(struct ctx *ctx, const struct value *v);

#endif
