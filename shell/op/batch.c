// SPDX-License-Identifier: BSD-2-Clause
/*
 * Many map elements in one operation, with one record in the journal.
 *
 * The kernel's batch calls stop where one element fails, with those before it
 * done. Undo does not rely on knowing where that was: it looks at each element
 * and puts back what is as this operation wrote it.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/byteset.h"
#include "shell/base/diag.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/map.h"
#include "shell/kern/maptypes.h"
#include "shell/kern/names.h"
#include "shell/op/describe.h"
#include "shell/op/element.h"
#include "shell/op/fields.h"
#include "shell/op/map_ops.h"
#include "shell/op/ops.h"
#include "shell/txn/field.h"
#include "shell/txn/op.h"
#include "shell/txn/txn.h"

struct op_batch {
	struct op op;
	struct handle *map;
	size_t key_size, size;		/* bytes of a key, of a value */
	char *keys;
	char *after;			/* NULL: deletion */
	char *before;			/* NULL: nothing was there */
	unsigned char *existed;		/* a bit for each element; NULL with @before */
	bool fresh;
	struct span *spans;		/* of each element, or NULL */
};

static struct op_batch *batch_of(const struct op *op)
{
	return (struct op_batch *)op;
}

static bool existed(const struct op_batch *b, __u32 i)
{
	return b->existed && b->existed[i / 8] >> i % 8 & 1;
}

static char *key_at(const struct op_batch *b, __u32 i)
{
	return b->keys + i * b->key_size;
}

static char *after_at(const struct op_batch *b, __u32 i)
{
	return b->after + i * b->size;
}

static char *before_at(const struct op_batch *b, __u32 i)
{
	return b->before + i * b->size;
}

static struct span span_of(const struct op_batch *b, __u32 i)
{
	return b->spans ? b->spans[i] : b->op.span;
}

static enum undo_class batch_class(const struct op *op, const char **why)
{
	return map_undo_class(batch_of(op)->map, why);
}

static void batch_describe(const struct op *op, struct buf *out)
{
	const struct op_batch *b = batch_of(op);

	buf_puts(out, b->after ? "~ map update " : "- map delete ");
	describe_handle(out, b->map);
	if (b->op.nr == 1)
		buf_putc(out, ' ');
	else
		buf_printf(out, ", %u elements from ", b->op.nr);
	describe_key(out, b->map, b->keys);
	if (b->op.nr == 1 && b->after) {
		buf_puts(out, " = ");
		describe_value(out, b->map, b->after);
	}
}

/* Looks up what the elements hold, as far as they are there. */
static int batch_prepare(struct op *op, struct diags *d)
{
	struct op_batch *b = batch_of(op);
	const char *why;

	if (b->fresh || b->before || batch_class(op, &why) == UNDO_NONE)
		return 0;
	b->before = xcalloc(b->op.nr, b->size);
	b->existed = xcalloc(1, b->op.nr / 8 + 1);
	for (__u32 i = 0; i < b->op.nr; i++) {
		int err = kern_map_element(b->map, key_at(b, i), before_at(b, i));

		if (err && err != -ENOENT)
			return kern_map_error(d, span_of(b, i), "lookup", b->map, -err);
		if (!err)
			b->existed[i / 8] |= 1 << i % 8;
	}
	return 0;
}

/* Deletes all; one that is gone already is not to blame. */
static int delete_all(struct op_batch *b)
{
	__u32 done = 0;
	int err = 0;

	while (done < b->op.nr && !err) {
		__u32 count = b->op.nr - done;

		err = kern_map_delete_batch(b->map, key_at(b, done), &count);
		done += count;
		if (err == -ENOENT) {
			if (b->existed)
				b->existed[done / 8] &= ~(1 << done % 8);
			done++;
			err = 0;
		}
	}
	return err;
}

static int batch_apply(struct op *op, struct diags *d)
{
	struct op_batch *b = batch_of(op);
	__u32 count = b->op.nr;
	int err;

	if (b->after)
		err = kern_map_update_batch(b->map, b->keys, b->after, &count, BPF_ANY);
	else
		err = delete_all(b);
	if (!err)
		return 0;
	/* What was not reached is not ours to undo. */
	if (b->after)
		b->op.nr = count;
	return kern_map_error(d, span_of(b, b->after ? count : 0), b->after ? "update" : "delete",
			      b->map, -err);
}

/* What undo has found out about one element. */
enum verdict { KEEP, PUT_BACK, REMOVE, CHANGED, ERROR };

static enum verdict judge(const struct op_batch *b, __u32 i, char *now, int *err)
{
	bool there;

	*err = kern_map_element(b->map, key_at(b, i), now);
	if (*err && *err != -ENOENT)
		return ERROR;
	there = !*err;
	if (!b->after) {
		if (!existed(b, i) || (there && same_map_value(b->map, now, before_at(b, i))))
			return KEEP;
		return there ? CHANGED : PUT_BACK;
	}
	if (!there)
		return existed(b, i) ? CHANGED : KEEP;
	if (same_map_value(b->map, now, after_at(b, i)))
		return existed(b, i) ? PUT_BACK : REMOVE;
	return existed(b, i) && same_map_value(b->map, now, before_at(b, i)) ? KEEP : CHANGED;
}

/* Elements that undo will change, collected for batch calls. */
struct pile {
	char *keys, *values;
	__u32 nr;
};

struct undoing {
	struct op_batch *b;
	struct pile back, gone;
	struct byteset changed;		/* keys of elements that somebody else changed */
	struct diags *d;
	int err;
};

static void pile_add(const struct op_batch *b, struct pile *p, __u32 i, bool value)
{
	memcpy(p->keys + p->nr * b->key_size, key_at(b, i), b->key_size);
	if (value)
		memcpy(p->values + p->nr * b->size, before_at(b, i), b->size);
	p->nr++;
}

static int change_one(const struct op_batch *b, const struct pile *p, __u32 i)
{
	const char *key = p->keys + i * b->key_size;

	return p->values ? kern_map_update(b->map->fd, key, p->values + i * b->size, BPF_ANY) :
	       kern_map_delete(b->map->fd, key);
}

/*
 * Changes what was collected. A request to stop that is pending must not stop
 * this: batch calls give up then, and elements are changed one by one. One that
 * is gone is as it should be: its key stood twice in the operation, perhaps.
 */
static void pile_flush(struct undoing *u, struct pile *p)
{
	const struct op_batch *b = u->b;
	__u32 done = 0;
	int err = 0;

	while (done < p->nr && !err) {
		const char *keys = p->keys + done * b->key_size;
		__u32 count = p->nr - done;

		if (p->values)
			err = kern_map_update_batch(b->map, keys, p->values + done * b->size,
						    &count, BPF_ANY);
		else
			err = kern_map_delete_batch(b->map, keys, &count);
		done += count;
		if (err == -EINTR) {
			err = change_one(b, p, done);
			done += !err;
		}
		if (err == -ENOENT && !p->values) {
			err = 0;
			done++;
		}
	}
	if (err)
		u->err = err;
	p->nr = 0;
}

static void undo_flush(struct undoing *u)
{
	pile_flush(u, &u->back);
	pile_flush(u, &u->gone);
}

#define CONFLICTS_SAID 5	/* one by one; more of them are counted */

/* @now is NULL where the element is gone. */
static void note_conflict(struct undoing *u, __u32 i, const char *now)
{
	const struct op_batch *b = u->b;

	byteset_add(&u->changed, key_at(b, i), b->key_size);
	if (u->b->op.conflicts++ < CONFLICTS_SAID)
		say_conflict(u->d, span_of(b, i), b->map, key_at(b, i), now,
			     b->after ? after_at(b, i) : NULL);
}

/*
 * True where the key stands in the operation before, too: if the operation did not come
 * as far as to its second value, what there is to be undone is the first.
 */
static bool is_again(const struct op_batch *b, __u32 i)
{
	for (__u32 j = 0; j < i; j++)
		if (!memcmp(key_at(b, j), key_at(b, i), b->key_size))
			return true;
	return false;
}

static void undo_element(struct undoing *u, __u32 i, char *now)
{
	enum verdict v;
	int err;

	/* What an earlier value of the same element was is of no use. */
	if (byteset_has(&u->changed, key_at(u->b, i), u->b->key_size))
		return;
	v = judge(u->b, i, now, &err);
	/* A key that stands twice in the operation shows its later value until that is undone. */
	if (v == CHANGED && (u->back.nr || u->gone.nr)) {
		undo_flush(u);
		v = judge(u->b, i, now, &err);
	}
	if (v == PUT_BACK) {
		pile_add(u->b, &u->back, i, true);
	} else if (v == REMOVE) {
		pile_add(u->b, &u->gone, i, false);
	} else if (v == CHANGED && (u->b->op.applied || !is_again(u->b, i))) {
		note_conflict(u, i, err ? NULL : now);
	} else if (v == ERROR) {
		u->err = err;
	}
}

static enum undo_result undo_result(struct undoing *u)
{
	struct op_batch *b = u->b;

	if (b->op.conflicts > CONFLICTS_SAID)
		diag_error(u->d, b->op.span, "%u more elements of map '%s' were changed: left alone",
			   b->op.conflicts - CONFLICTS_SAID, b->map->title);
	if (u->err) {
		kern_map_error(u->d, b->op.span, "undo: update", b->map, -u->err);
		return UNDO_FAILED;
	}
	return b->op.conflicts ? UNDO_CONFLICT : UNDO_DONE;
}

static enum undo_result batch_undo(struct op *op, struct diags *d)
{
	struct op_batch *b = batch_of(op);
	struct undoing u = { .b = b, .d = d };
	enum undo_result result;
	const char *why;
	char *now;

	if (b->map->fd < 0 || !b->op.nr)
		return UNDO_DONE;
	if (batch_class(op, &why) == UNDO_NONE) {
		diag_error(d, op->span, "updates of %s cannot be undone: %s",
			   kern_map_type_name(b->map->map.type), why);
		return UNDO_NEVER;
	}
	b->op.conflicts = 0;
	now = xmalloc(b->size);
	u.back = (struct pile){ xcalloc(b->op.nr, b->key_size), xcalloc(b->op.nr, b->size) };
	u.gone = (struct pile){ xcalloc(b->op.nr, b->key_size) };
	for (__u32 i = b->op.nr; i-- > 0 && !u.err;)
		undo_element(&u, i, now);
	undo_flush(&u);
	result = undo_result(&u);
	free(now);
	byteset_free(&u.changed);
	free(u.back.keys);
	free(u.back.values);
	free(u.gone.keys);
	return result;
}

/* A batch that is stuck keeps what was done to its map before. */
static void batch_target(const struct op *op, struct buf *out)
{
	map_target(out, batch_of(op)->map);
}

#define FIELDS_OF struct op_batch
static const struct field batch_fields[] = {
	F_MAP(map), F_U32(op.nr), F_KEYS(keys, map), F_VALUES_OR_NULL(after, map),
	F_VALUES_OR_NULL(before, map), F_BITS(existed), F_OWN(spans), { 0 }
};

static bool batch_revive(struct op *op)
{
	struct op_batch *b = batch_of(op);

	b->key_size = b->map->map.key_size;
	b->size = kern_value_bytes(b->map);
	return b->op.nr && (b->after || b->before) && !b->before == !b->existed;
}

const struct op_kind op_batch_kind = {
	.name = "map update of many",
	.id = 22,
	.size = sizeof(struct op_batch),
	.class = batch_class,
	.describe = batch_describe,
	.prepare = batch_prepare,
	.apply = batch_apply,
	.undo = batch_undo,
	.target = batch_target,
	.fields = batch_fields,
	.revive = batch_revive,
};

struct op *op_map_batch(struct handle *map, const struct map_batch *batch, struct span span)
{
	struct op_batch *b = op_new(&op_batch_kind, span);

	b->map = handle_get(map);
	b->key_size = map->map.key_size;
	b->size = kern_value_bytes(map);
	b->op.nr = batch->nr;
	b->keys = batch->keys;
	b->after = batch->values;
	b->before = batch->before;
	b->fresh = batch->fresh;
	b->spans = batch->spans;
	if (b->before) {
		b->existed = xmalloc(b->op.nr / 8 + 1);
		memset(b->existed, 0xff, b->op.nr / 8 + 1);
	}
	return &b->op;
}
