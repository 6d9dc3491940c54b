/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects by ID and descriptor, and what they tell of themselves. Descriptors are
 * close-on-exec and belong to the caller. Facts: linux/bpf.h.
 */
#ifndef BPFSH_KERN_OBJECT_H
#define BPFSH_KERN_OBJECT_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>

#include "shell/kern/handle.h"

/* Smallest ID above *@id, which is replaced; -ENOENT behind the last. */
int kern_next_id(enum object_kind kind, __u32 *id);
int kern_open_id(enum object_kind kind, __u32 id);

/* A walk over all objects of a kind, which is set; all else begins as zero. */
struct object_walk {
	enum object_kind kind;
	__u32 id;		/* of the object that was opened last */
	bool dense;		/* the IDs follow one another */
	int err;		/* -errno: the objects cannot be listed, or one cannot be looked at */
	__u32 err_id;		/* which, in the second case; else 0 */
};

/*
 * A descriptor of the next object, the caller's to close, or -ENOENT behind the
 * last one. Objects that vanish meanwhile are passed over, those that cannot be
 * opened too.
 */
int kern_next_object(struct object_walk *w);

/* The next link's info, in a walk over links; 0, or -ENOENT behind the last. */
int kern_next_link(struct object_walk *w, struct bpf_link_info *info);

/* Which kind of object a descriptor holds; -EINVAL for anything else. */
int kern_kind(int fd, enum object_kind *kind);

/*
 * -ENODEV: the device that the program is offloaded to is gone, and the kernel
 * tells no more than its ID and type, which are there (all else is zero).
 */
int kern_prog_info(int fd, struct bpf_prog_info *info);
int kern_map_info(int fd, struct bpf_map_info *info);
/* Room for any name; BTF has up to 511 characters. */
#define KERN_NAME_MAX 512
/*
 * The name of a program or map, in full where its BTF proves more of it than
 * the kernel keeps; not to be trusted. "" where it has none.
 */
void kern_prog_name(int fd, const struct bpf_prog_info *info, char *name, size_t size);
void kern_map_name(const struct bpf_map_info *info, char *name, size_t size);
/* Whether the kernel may keep @kept (of an info, or a string) of the name @full. */
bool kern_is_cut_to(const char *full, const char *kept);
int kern_link_info(int fd, struct bpf_link_info *info);
int kern_btf_info(int fd, struct bpf_btf_info *info, char *name, size_t size);
/* bpf_obj_get_info_by_fd() for infos with arrays that the caller prepared; @len in and out. */
int kern_info(int fd, void *info, __u32 *len);
/* A handle from a descriptor, taken over in any case; NULL with errno set where it has no info. */
struct handle *kern_handle(enum object_kind kind, int fd);
/* A handle of the object with this ID; NULL with errno set where there is none. */
struct handle *kern_open_object(enum object_kind kind, __u32 id);
/* IDs of the maps that a program uses, freed by the caller; @nr is their number. */
__u32 *kern_prog_maps(int fd, __u32 *nr);
/* kern_prog_info() and the IDs of the program's maps, info->nr_map_ids of them, freed likewise. */
int kern_prog_info_maps(int fd, struct bpf_prog_info *info, __u32 **maps);
/* A line "name:\tvalue" of /proc/self/fdinfo/FD; false where there is none. */
bool kern_fdinfo(int fd, const char *name, char *value, size_t size);
/* All lines of it, read once; freed by the caller, NULL where there are none. */
char *kern_fdinfo_text(int fd);
/* A line's value within such a text. */
bool kern_fdinfo_value(const char *text, const char *name, char *value, size_t size);

#endif
