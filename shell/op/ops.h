/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The operations that change the kernel, each with its undo (shell/op/). A constructor
 * makes one for txn_do(), which takes it over; handles given are counted, bytes
 * and names copied.
 */
#ifndef BPFSH_OPS_H
#define BPFSH_OPS_H

#include "shell/base/diag.h"
#include "shell/kern/handle.h"
#include "shell/txn/txn.h"

struct buf;
struct kern_object;
struct kern_run;
struct link_def;
struct load_object;
struct load_request;
struct load_result;
struct map_def;

/*
 * Elements. @value is as system calls transfer it, or @object's descriptor is
 * the value (maps of maps, of programs). Undo puts the old element back if the
 * element still is what was written.
 */
struct op *op_map_update(struct handle *map, const void *key, const void *value,
			 struct handle *object, __u64 flags, struct span span);
/* The same of those bits of the value that @mask has; the others stay as they are. */
struct op *op_map_merge(struct handle *map, const void *key, const void *value, const void *mask,
			__u64 flags, struct span span);
struct op *op_map_delete(struct handle *map, const void *key, struct span span);

/* Undone by closing; the handle is stored to @result, which must outlive txn_do(). */
struct op *op_map_create(const struct map_def *def, struct handle **result, struct span span);
struct op *op_load(const struct load_request *req, struct load_result *result, struct span span);

/* Runs a program by hand; @run must outlive txn_do(). Cannot be undone. */
struct op *op_prog_run(const struct ctx *ctx, struct handle *prog, struct kern_run *run);

/* Undone by removing the pin, if it still is ours; @replace exchanges it with what is there. */
struct op *op_pin(struct handle *h, const char *path, bool replace, struct span span);
/*
 * Moves the pin to a trash directory on the same bpffs; removed at commit, moved
 * back by undo. Refused where it is of another kind, or (@id not 0) of another object.
 */
struct op *op_unpin(const char *path, enum object_kind kind, __u32 id, struct span span);
/* Whether an object of this kind is pinned there; -1 with a diagnostic. */
int pin_look(const char *path, enum object_kind kind, struct span at, struct diags *d);
/* Makes a folder for pins on a bpffs; undone if nothing else came to lie in it. */
struct op *op_folder(const char *path, struct span span);

/*
 * Links. A new one is undone by detaching and closing it; @result as above. An
 * update is undone by compare and swap, so that a newer program stays.
 * Detaching waits for the commit, as does freezing a map.
 */
struct op *op_link_create(struct handle *prog, const struct link_def *def, struct handle **result,
			  struct span span);
/*
 * The same as the section of a program says where: @place, in plans. @object, which loaded
 * it, must outlive txn_do().
 */
struct op *op_link_auto(struct handle *prog, struct load_object *object, const char *place,
			struct handle **result, struct span span);
struct op *op_link_update(struct handle *link, struct handle *prog, struct span span);
struct op *op_link_detach(struct handle *link, struct span span);
struct op *op_map_freeze(struct handle *map, struct span span);

/*
 * Registers table @index of an object, which stays open until txn_do() returns, and is @map.
 * *@link is its link, or stays NULL where it is registered until somebody unregisters it.
 * What was unregistered cannot come back: that waits for the commit.
 */
struct op *op_struct_ops_register(struct kern_object *object, size_t index, struct handle *map,
				  struct handle **link, struct span span);
struct op *op_struct_ops_unregister(struct handle *map, struct span span);

/* All kinds that may be in a journal, NULL-ended. */
extern const struct op_kind *const op_kinds[];
extern const struct op_kind op_link_update_kind, op_detach_kind, op_freeze_kind;
extern const struct op_kind op_update_kind, op_delete_kind, op_pin_kind, op_unpin_kind;
extern const struct op_kind op_folder_kind, op_register_kind, op_unregister_kind;

#endif
