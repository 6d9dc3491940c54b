/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects, keys and values in the words of plans, logs and errors. */
#ifndef BPFSH_DESCRIBE_H
#define BPFSH_DESCRIBE_H

#include "shell/kern/handle.h"

struct buf;

/* "map 'flows'", "program 12" */
void describe_handle(struct buf *out, const struct handle *h);
/* The same; where there is no handle, by the ID. */
void describe_object(struct buf *out, enum object_kind kind, const struct handle *h, __u32 id);

/* A key or value as people read it: through its type, else in hexadecimal. */
void describe_key(struct buf *out, struct handle *map, const char *key);
void describe_value(struct buf *out, struct handle *map, const char *value);

#endif
