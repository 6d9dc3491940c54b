/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What arguments and variables hold.
 *
 * A struct value owns what it points to: value_free() ends it, value_copy()
 * makes another one (handles are counted, JSON is counted by libjq).
 */
#ifndef BPFSH_VALUE_H
#define BPFSH_VALUE_H

#include <jv.h>
#include <linux/types.h>
#include <stddef.h>

#include "shell/base/diag.h"
#include "shell/kern/handle.h"

enum value_kind {
	VALUE_NONE,
	VALUE_NUM,
	VALUE_STR,
	VALUE_BYTES,
	VALUE_JSON,
	VALUE_HANDLE,
	VALUE_HANDLES,
	VALUE_WORDS,	/* words as they stand, for an argument that is read later; borrowed */
	VALUE_BLOCK,	/* commands in braces; borrowed */
	VALUE_LIST,	/* one for each time a repeatable argument is given */
};

struct word;
struct block;

struct value {
	enum value_kind kind;
	struct span span;
	union {
		__u64 num;
		char *str;
		struct {
			void *data;
			void *mask;	/* bits that are meant, the rest stays as it is; NULL: all */
			size_t len;
			int fd;		/* that the bytes name, owned; 0: they name none */
		} bytes;
		jv json;
		struct handle *handle;
		struct {
			struct handle **list;
			size_t nr;
		} handles;
		struct {
			const struct word *list;
			size_t nr;
		} words;
		const struct block *block;
		struct {
			struct value *list;
			size_t nr;
		} values;
	};
};

struct value value_copy(const struct value *v);
void value_free(struct value *v);

static inline struct value value_handle(struct handle *h)
{
	return (struct value){ .kind = VALUE_HANDLE, .handle = h };
}

static inline struct value value_json(jv json)
{
	return (struct value){ .kind = VALUE_JSON, .json = json };
}

#endif
