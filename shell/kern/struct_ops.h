/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables of functions that a subsystem of the kernel calls (struct_ops): a map with one
 * element, whose functions are programs. Facts: kernel/bpf/bpf_struct_ops.c.
 */
#ifndef BPFSH_KERN_STRUCT_OPS_H
#define BPFSH_KERN_STRUCT_OPS_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

struct btf;
struct handle;
struct kern_object;

/* How far a table came. One that is made for links is never in use, but ready: they register it. */
enum ops_state { OPS_NEW, OPS_IN_USE, OPS_ENDED, OPS_READY };

/* Whether it is registered by links alone: 6.4. */
bool struct_ops_linked(const struct handle *map);
/* enum ops_state, which newer kernels may add to; or -errno. */
int kern_struct_ops_state(const struct handle *map);
/*
 * Registers the object's map @index. 0, and *@link is the descriptor of the link, or -1
 * where the table stays registered until it is unregistered; or -errno.
 */
int kern_struct_ops_register(const struct kern_object *object, size_t index, int *link);
/* Of one without a link; it cannot be registered again. -EOPNOTSUPP where it is made for links. */
int kern_struct_ops_unregister(const struct handle *map);
/* A link that registers the table; 0: there is none. */
__u32 kern_struct_ops_link(__u32 map_id);

/* The type of a table's value, "struct bpf_struct_ops_tcp_congestion_ops". */
struct ops_type {
	const struct btf *btf;		/* NULL: its types cannot be read */
	struct btf *own;		/* a module's, to be freed */
	__u32 id;
	const char *value_name;		/* "" where it is unknown; not to be trusted */
	const char *name;		/* without what all of them begin with */
};

void kern_struct_ops_type(const struct handle *map, struct ops_type *type);
void ops_type_free(struct ops_type *type);

#endif
