/* SPDX-License-Identifier: BSD-2-Clause */
/* A set of byte strings, such as keys of a map. It starts zeroed; byteset_free() ends it. */
#ifndef BPFSH_BYTESET_H
#define BPFSH_BYTESET_H

#include <stdbool.h>
#include <stddef.h>

struct byteset {
	void *root;
};

/* Copies the bytes; those that are there already are not added again. */
void byteset_add(struct byteset *s, const void *data, size_t len);
bool byteset_has(const struct byteset *s, const void *data, size_t len);
void byteset_free(struct byteset *s);

#endif
