/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations on maps beyond single elements: queues and stacks, many at once, parts of one. */
#ifndef BPFSH_MAP_OPS_H
#define BPFSH_MAP_OPS_H

#include "shell/kern/events.h"
#include "shell/op/ops.h"

struct typed_place;

/* Values are kern_value_bytes(); flags are BPF_ANY, or BPF_EXIST to drop the oldest value. */
struct op *op_map_push(struct handle *map, const void *value, __u64 flags, struct span span);
/* Stores the value to @result, which must outlive txn_do(); NULL: nobody wants it. */
struct op *op_map_pop(struct handle *map, void *result, struct span span);

/*
 * Begins to read events as kern_events_open() does, of a ring buffer or perf
 * event array: the caller closes *@result, which must outlive txn_do().
 */
struct op *op_map_read(const struct ctx *ctx, struct handle *map, const struct kern_slot *slot,
		       kern_event_fn fn, void *arg, struct kern_events **result);

/*
 * Many elements in one operation, in their order: @nr keys stand key_size bytes
 * apart, values kern_value_bytes(); @values NULL deletes. Not for maps whose
 * values are objects. The arrays, made by malloc(), are taken over.
 */
struct map_batch {
	void *keys, *values;
	__u32 nr;
	/*
	 * Deletion: the values that were there, if somebody has just read them.
	 * Else NULL, and they are looked up.
	 */
	void *before;
	/*
	 * The caller knows that none of the keys is there: they are not looked
	 * up (the kernel can do that only one by one), and undo deletes them. What
	 * another writer adds before us under the same key is lost by that, so
	 * the caller must have seen a moment ago that there is no other.
	 */
	bool fresh;
	/* Where each change stands in the source, or NULL: all at the operation's span. */
	struct span *spans;
};

struct op *op_map_batch(struct handle *map, const struct map_batch *batch, struct span span);

/*
 * The part @at of the one value of a map of global data, found there by @path;
 * @value is all of it. Undo compares and puts back that part alone.
 */
struct op *op_map_set(struct handle *map, const char *path, const struct typed_place *at,
		      const void *value, struct span span);

extern const struct op_kind op_push_kind, op_pop_kind, op_batch_kind, op_variable_kind;

#endif
