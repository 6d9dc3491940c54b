/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What arguments and variables hold, and the handles that keep kernel objects.
 *
 * A struct value owns what it points to: value_free() ends it, value_copy()
 * makes another one (handles are counted, JSON is counted by libjq).
 *
 * A handle owns an open file descriptor of a program, map, link or BTF, so the
 * object stays alive and stays the same object; its ID is for display only. A
 * handle that --plan made for an object that does not exist has fd -1.
 */
#ifndef BPFSH_VALUE_H
#define BPFSH_VALUE_H

#include <jv.h>
#include <linux/types.h>

#include "shell/base/diag.h"

enum object_kind { OBJ_PROG, OBJ_MAP, OBJ_LINK, OBJ_BTF, OBJ_KINDS };

struct handle {
	enum object_kind kind;
	int fd, refs;
	__u32 id;
	char *name;
	char *title;			/* for messages: the name, or the ID where it has none */
	/* Facts of a map that never change, so that an update needs no look-up of them. */
	struct map_facts {
		__u32 type, key_size, value_size, max_entries, flags;
		__u32 btf_id, btf_key_type_id, btf_value_type_id, btf_vmlinux_value_type_id;
	} map;
	struct map_types *types;	/* compiled BTF types of a map, made when first needed */
	__u64 pin_dev, pin_inode;	/* of the pin that it was opened by; 0: none */
	struct handle *next, **prev;	/* among those that a session shares; prev NULL: no */
};

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

/* Takes over @fd (closed by the last handle_put). */
struct handle *handle_new(enum object_kind kind, int fd, __u32 id, const char *name);
struct handle *handle_get(struct handle *h);
void handle_put(struct handle *h);
/*
 * One descriptor serves an object however often it is named: returns the handle
 * of @list for the same object, opened the same way, in place of @h; else @h,
 * which is in the list from then on until it ends.
 */
struct handle *handle_share(struct handle **list, struct handle *h);

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

/* What they are called ("program"), and the words that their commands begin with ("prog"). */
extern const char *const object_names[OBJ_KINDS], *const object_words[OBJ_KINDS];

#endif
