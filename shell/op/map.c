// SPDX-License-Identifier: BSD-2-Clause
/* Changes of map elements, and their undo. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/compat.h"
#include "shell/base/diag.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/map.h"
#include "shell/kern/map_traits.h"
#include "shell/kern/maptypes.h"
#include "shell/kern/names.h"
#include "shell/kern/object.h"
#include "shell/op/describe.h"
#include "shell/op/element.h"
#include "shell/op/fields.h"
#include "shell/txn/field.h"
#include "shell/txn/op.h"
#include "shell/txn/trash.h"
#include "shell/txn/txn.h"

struct op_element {
	struct op op;
	struct handle *map;
	struct handle *object;		/* new value of a map that holds objects */
	struct handle *old_object;	/* held until commit, as the map lets go of it */
	__u32 object_id, old_id;	/* their IDs, or 0 */
	struct trash trash;		/* the old object's, should this process be killed */
	__u64 flags;
	bool refused;			/* the kernel has: there is nothing to take back */
	size_t size;			/* of a value as system calls transfer it */
	char *key, *after;
	char *before;			/* NULL: nothing was there, or it cannot be read */
	char *mask;			/* the bits of after that are meant; NULL: all */
};

static struct op_element *element(const struct op *op)
{
	return (struct op_element *)op;
}

static enum undo_class element_class(const struct op *op, const char **why)
{
	return map_undo_class(element(op)->map, why);
}

static void describe_element(struct buf *out, const struct op_element *e)
{
	describe_handle(out, e->map);
	buf_putc(out, ' ');
	describe_key(out, e->map, e->key);
}

static void update_describe(const struct op *op, struct buf *out)
{
	const struct op_element *e = element(op);

	buf_puts(out, "~ map update ");
	describe_element(out, e);
	buf_puts(out, " = ");
	if (e->object_id && e->size == sizeof(e->object_id))
		describe_object(out, map_traits(e->map->map.type)->object, e->object,
				e->object_id);
	else
		describe_value(out, e->map, e->after);
}

static void delete_describe(const struct op *op, struct buf *out)
{
	buf_puts(out, "- map delete ");
	describe_element(out, element(op));
}

/* Keeps the object that the element holds open, so that it can be put back. */
static int hold_old_object(struct op_element *e, struct diags *d)
{
	enum object_kind kind;
	size_t at;
	__u32 id;

	if (!e->before || !map_holds_objects(e->map, &kind, &at))
		return 0;
	memcpy(&id, e->before + at, sizeof(id));
	if (!id)
		return 0;
	e->old_id = id;
	trash_choose(&e->trash, NULL);
	e->old_object = kern_open_object(kind, id);
	return e->old_object ? 0 : kern_call_error(d, e->op.span, KERN_LISTING, errno,
						   "open %s %u, which the map holds",
						   object_names[kind], id);
}

/* Values name objects by their IDs, as they are read: opens the one of the new value. */
static int open_new_object(struct op_element *e, struct diags *d)
{
	enum object_kind kind;
	size_t at;

	if (e->object || e->op.kind != &op_update_kind || !map_holds_objects(e->map, &kind, &at))
		return 0;
	memcpy(&e->object_id, e->after + at, sizeof(e->object_id));
	if (!e->object_id)
		return 0;
	e->object = kern_open_object(kind, e->object_id);
	return e->object ? 0 : kern_call_error(d, e->op.span, KERN_LISTING, errno,
					       "open %s %u, which the value names",
					       object_names[kind], e->object_id);
}

/* Updates the element with a value in which @object's descriptor stands for its ID. */
static int write_value(const struct op_element *e, const char *value, const struct handle *object,
		       __u64 flags)
{
	enum object_kind kind;
	char *written;
	size_t at;
	int err;

	if (!object || !map_holds_objects(e->map, &kind, &at))
		return kern_map_update(e->map->fd, e->key, value, flags);
	written = xmemdup(value, e->size);
	memcpy(written + at, &object->fd, sizeof(__u32));
	err = kern_map_update(e->map->fd, e->key, written, flags);
	free(written);
	return err;
}

static bool is_lookup_miss(int err)
{
	return err == -ENOENT;
}

/* Of an element that is not there all bits are zero. */
static void keep_unmasked(struct op_element *e)
{
	for (size_t i = 0; i < e->size; i++)
		e->after[i] = (e->after[i] & e->mask[i]) |
			      (e->before ? e->before[i] & ~e->mask[i] : 0);
}

static int element_prepare(struct op *op, struct diags *d)
{
	struct op_element *e = element(op);
	const char *why;
	int err;

	if (open_new_object(e, d))
		return -1;
	if (element_class(op, &why) == UNDO_NONE)
		return 0;
	e->before = xmalloc(e->size);
	err = kern_map_element(e->map, e->key, e->before);
	if (err && !is_lookup_miss(err))
		return kern_map_error(d, op->span, "lookup", e->map, -err);
	if (err) {
		free(e->before);
		e->before = NULL;
	}
	if (e->mask)
		keep_unmasked(e);
	return hold_old_object(e, d);
}

/* Pins the object that the map lets go of; without a bpffs, only this process keeps it. */
static int save_old_object(struct op_element *e, struct diags *d)
{
	return e->old_object ? trash_keep(&e->trash, e->old_object, e->op.span, d) : 0;
}

static int element_hold(struct op *op, struct diags *d)
{
	return save_old_object(element(op), d);
}

/* The kernel's refusal; of a key that is not there, which other key may be meant. */
static int refused(struct op_element *e, const char *what, int err, struct diags *d)
{
	kern_map_value_error(d, e->op.span, what, e->map, e->object, -err);
	if (err == -ENOENT)
		map_hint_twin(e->map, e->key, d);
	return -1;
}

static int update_apply(struct op *op, struct diags *d)
{
	struct op_element *e = element(op);
	int err;

	if (save_old_object(e, d))
		return -1;
	err = write_value(e, e->after, e->object, e->flags);
	e->refused = err;
	return err ? refused(e, "update", err, d) : 0;
}

static int delete_apply(struct op *op, struct diags *d)
{
	struct op_element *e = element(op);
	int err;

	if (save_old_object(e, d))
		return -1;
	err = kern_map_delete(e->map->fd, e->key);
	e->refused = err;
	return err ? refused(e, "delete", err, d) : 0;
}

static void element_target(const struct op *op, struct buf *out)
{
	const struct op_element *e = element(op);

	map_target(out, e->map);
	buf_add(out, e->key, e->map->map.key_size);
}

static int element_finish(struct op *op, struct diags *d)
{
	return trash_finish(&element(op)->trash, op->span, d);
}

static int element_reach(const struct op *op, const char **path)
{
	return trash_reach(&element(op)->trash, path);
}

/* The object that must be put back. */
static void find_old_object(struct op_element *e)
{
	enum object_kind kind;
	size_t at;

	if (e->old_id && map_holds_objects(e->map, &kind, &at))
		e->old_object = trash_find(&e->trash, kind, e->old_id);
}

/* The map itself, and all that undo compares with and puts back. */
#define FIELDS_OF struct op_element
static const struct field element_fields[] = {
	F_MAP(map), F_U32(object_id), F_U32(old_id), F_TRASH(trash), F_KEYS(key, map),
	F_VALUES(after, map), F_VALUES_OR_NULL(before, map),
	F_HANDLE(object), F_HANDLE(old_object), F_OWN(mask), { 0 }
};

static bool element_revive(struct op *op)
{
	struct op_element *e = element(op);

	e->size = kern_value_bytes(e->map);
	find_old_object(e);
	return true;
}

/* @now and @expected as say_conflict() has them. */
static enum undo_result conflict(struct op_element *e, struct diags *d, const char *now,
				 const char *expected)
{
	say_conflict(d, e->op.span, e->map, e->key, now, expected);
	return UNDO_CONFLICT;
}

static enum undo_result undo_failed(struct op_element *e, struct diags *d, const char *what, int err)
{
	kern_map_error(d, e->op.span, what, e->map, -err);
	return UNDO_FAILED;
}

static enum undo_result old_object_gone(struct op_element *e, struct diags *d)
{
	struct buf text = BUF_INIT;

	describe_element(&text, e);
	diag_error(d, e->op.span, "%s: what it held (ID %u) is gone", buf_str(&text), e->old_id);
	buf_free(&text);
	return UNDO_FAILED;
}

/* Puts the old element back; @flags say what must not have changed. */
static enum undo_result put_back(struct op_element *e, __u64 flags, struct diags *d)
{
	int err = write_value(e, e->before, e->old_object, flags);

	return err ? undo_failed(e, d, "undo: update", err) : UNDO_DONE;
}

/* True where nothing was changed, nothing is there any more, or nothing can be undone. */
static bool needs_nothing(const struct op_element *e, enum undo_result *r, struct diags *d)
{
	const char *why;

	*r = UNDO_DONE;
	if (e->refused || e->map->fd < 0)
		return true;
	if (map_undo_class(e->map, &why) != UNDO_NONE)
		return false;
	diag_error(d, e->op.span, "'%s' of %s cannot be undone: %s", e->op.kind->name,
		   kern_map_type_name(e->map->map.type), why);
	*r = UNDO_NEVER;
	return true;
}

/* Where the newer value stays, the old object need not be kept either. */
static enum undo_result undone(struct op_element *e, enum undo_result r, struct diags *d)
{
	if (r == UNDO_CONFLICT)
		element_finish(&e->op, d);
	return r;
}

/* Looks at the element, and has @fn undo what was done to it; its value is NULL where it is gone. */
static enum undo_result undo_element(struct op *op, struct diags *d,
				     enum undo_result (*fn)(struct op_element *e, const char *now,
							    struct diags *d))
{
	struct op_element *e = element(op);
	enum undo_result r;
	char *now;
	int err;

	if (needs_nothing(e, &r, d))
		return undone(e, r, d);
	now = xmalloc(e->size);
	err = kern_map_element(e->map, e->key, now);
	if (err && !is_lookup_miss(err))
		r = undo_failed(e, d, "undo: lookup", err);
	else
		r = fn(e, err ? NULL : now, d);
	free(now);
	return undone(e, r, d);
}

static enum undo_result take_back_update(struct op_element *e, const char *now, struct diags *d)
{
	int err;

	if (!now && e->before)
		return conflict(e, d, NULL, e->after);
	if (now && !same_map_value(e->map, now, e->after))
		return e->before && same_map_value(e->map, now, e->before) ? UNDO_DONE :
		       conflict(e, d, now, e->after);
	if (e->old_id && !e->old_object)
		return old_object_gone(e, d);
	if (e->before)
		return put_back(e, BPF_ANY, d);
	err = now ? kern_map_delete(e->map->fd, e->key) : 0;
	return err ? undo_failed(e, d, "undo: delete", err) : UNDO_DONE;
}

static enum undo_result update_undo(struct op *op, struct diags *d)
{
	return undo_element(op, d, take_back_update);
}

static enum undo_result take_back_delete(struct op_element *e, const char *now, struct diags *d)
{
	if (now)
		return e->before && same_map_value(e->map, now, e->before) ? UNDO_DONE :
		       conflict(e, d, now, NULL);
	if (e->old_id && !e->old_object)
		return old_object_gone(e, d);
	/* Slots always exist: BPF_NOEXIST is no flag for them. */
	if (e->before)
		return put_back(e, map_is(e->map->map.type, MAP_SLOTS) ? BPF_ANY : BPF_NOEXIST, d);
	return UNDO_DONE;
}

static enum undo_result delete_undo(struct op *op, struct diags *d)
{
	return undo_element(op, d, take_back_delete);
}

const struct op_kind op_update_kind = {
	.name = "map update",
	.id = 1,
	.size = sizeof(struct op_element),
	.overwrites = true,
	.class = element_class,
	.describe = update_describe,
	.prepare = element_prepare,
	.apply = update_apply,
	.undo = update_undo,
	.target = element_target,
	.hold = element_hold,
	.finish = element_finish,
	.reach = element_reach,
	.fields = element_fields,
	.revive = element_revive,
};

const struct op_kind op_delete_kind = {
	.name = "map delete",
	.id = 2,
	.size = sizeof(struct op_element),
	.overwrites = true,
	.class = element_class,
	.describe = delete_describe,
	.prepare = element_prepare,
	.apply = delete_apply,
	.undo = delete_undo,
	.target = element_target,
	.hold = element_hold,
	.finish = element_finish,
	.reach = element_reach,
	.fields = element_fields,
	.revive = element_revive,
};

static struct op_element *element_new(const struct op_kind *kind, struct handle *map,
				      const void *key, struct span span)
{
	struct op_element *e = op_new(kind, span);

	e->map = handle_get(map);
	e->size = kern_value_bytes(map);
	e->key = xmemdup(key, map->map.key_size);
	e->after = xcalloc(1, e->size);
	return e;
}

struct op *op_map_update(struct handle *map, const void *key, const void *value,
			 struct handle *object, __u64 flags, struct span span)
{
	struct op_element *e = element_new(&op_update_kind, map, key, span);

	e->flags = flags;
	if (object) {
		/* What the map shows for an object is its ID. */
		e->object = handle_get(object);
		e->object_id = object->id;
		memcpy(e->after, &object->id, sizeof(object->id));
	} else {
		memcpy(e->after, value, e->size);
	}
	return &e->op;
}

struct op *op_map_merge(struct handle *map, const void *key, const void *value, const void *mask,
			__u64 flags, struct span span)
{
	struct op *op = op_map_update(map, key, value, NULL, flags, span);
	struct op_element *e = element(op);

	e->mask = xmemdup(mask, e->size);
	return op;
}

struct op *op_map_delete(struct handle *map, const void *key, struct span span)
{
	return &element_new(&op_delete_kind, map, key, span)->op;
}
