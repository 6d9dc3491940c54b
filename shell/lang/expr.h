/* SPDX-License-Identifier: BSD-2-Clause */
/* Expressions of jq's language, run on null, with all variables as $name. */
#ifndef BPFSH_EXPR_H
#define BPFSH_EXPR_H

#include "shell/lang/cmd.h"

struct expr_run;
struct expr_cache;

/*
 * Finds errors without running it: it may use the variables that are keys of
 * @known (borrowed), and those that are always there. -1 or 0.
 */
int expr_check(struct ctx *ctx, const char *expr, jv known, struct span at);
/* The first result. */
int expr_eval(struct ctx *ctx, const char *expr, struct span at, jv *result);
/* One result after the other: expr_next() returns 1, 0 at the end, -1 with a diagnostic. */
struct expr_run *expr_start(struct ctx *ctx, const char *expr, struct span at);
/*
 * The same on inputs, given by expr_feed(), which takes them over; the object
 * @args (borrowed) has variables that go before those of the session.
 */
struct expr_run *expr_open(struct ctx *ctx, const char *expr, struct span at, jv args);
void expr_feed(struct expr_run *r, jv input);
int expr_next(struct expr_run *r, jv *result);
void expr_end(struct expr_run *r);
void expr_cache_free(struct expr_cache *cache);
/* All but false and null is true; takes over @value. */
bool expr_truth(jv value);
/* A variable of the expression that has no value yet in a plan: a new string; or NULL. */
char *expr_unknown(struct ctx *ctx, const char *expr);

#endif
