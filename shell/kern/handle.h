/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A handle owns an open file descriptor of a program, map, link or BTF, so the
 * object stays alive and stays the same object; its ID is for display only. A
 * handle that --plan made for an object that does not exist has fd -1.
 */
#ifndef BPFSH_HANDLE_H
#define BPFSH_HANDLE_H

#include <linux/types.h>

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

/* What they are called ("program"), and the words that their commands begin with ("prog"). */
extern const char *const object_names[OBJ_KINDS], *const object_words[OBJ_KINDS];

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

#endif
