// SPDX-License-Identifier: BSD-2-Clause
/*
 * Pushing to and popping from queues, stacks and bloom filters. Only a stack
 * gives back what went in last: its operations can be undone as long as nobody
 * else used it in between.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/map.h"
#include "shell/kern/names.h"
#include "shell/op/describe.h"
#include "shell/op/element.h"
#include "shell/op/fields.h"
#include "shell/op/map_ops.h"
#include "shell/op/ops.h"
#include "shell/txn/field.h"
#include "shell/txn/op.h"
#include "shell/txn/txn.h"

struct op_queue {
	struct op op;
	struct handle *map;
	__u64 flags;
	char *value;			/* pushed; or popped, and before that, what is on top */
	size_t size;
	char *below;			/* push: what was on top before; NULL: nothing, or unknown */
	bool below_known;
	char *result;			/* pop: where the caller wants it */
	bool refused;
};

/* op.late: after a pop, what is on top then. */
enum { LATE_BELOW };
enum below { BELOW_UNKNOWN, BELOW_EQUAL, BELOW_OTHER };

static struct op_queue *queue_of(const struct op *op)
{
	return (struct op_queue *)op;
}

static enum undo_class push_class(const struct op *op, const char **why)
{
	const struct op_queue *q = queue_of(op);

	switch (q->map->map.type) {
	case BPF_MAP_TYPE_STACK:
		*why = q->flags & BPF_EXIST ? "where it is full, the oldest value is dropped" :
		       "others may push and pop meanwhile";
		return UNDO_LOSSY;
	case BPF_MAP_TYPE_BLOOM_FILTER:
		*why = "a bloom filter forgets nothing";
		return UNDO_NONE;
	default:
		*why = "what is pushed to a queue comes out behind all else";
		return UNDO_NONE;
	}
}

static enum undo_class pop_class(const struct op *op, const char **why)
{
	if (queue_of(op)->map->map.type == BPF_MAP_TYPE_STACK) {
		*why = "others may push and pop meanwhile";
		return UNDO_LOSSY;
	}
	*why = "what is put back goes to the end of the queue";
	return UNDO_NONE;
}

static void push_describe(const struct op *op, struct buf *out)
{
	const struct op_queue *q = queue_of(op);

	buf_puts(out, "+ map push ");
	describe_handle(out, q->map);
	buf_puts(out, " = ");
	describe_value(out, q->map, q->value);
}

static void pop_describe(const struct op *op, struct buf *out)
{
	buf_puts(out, "- map pop ");
	describe_handle(out, queue_of(op)->map);
}

/* What is on top, or NULL with *err; an empty one has none, and no error. */
static char *peek(const struct op_queue *q, int *err)
{
	char *now = xcalloc(1, q->size);

	*err = kern_map_peek(q->map->fd, now);
	if (!*err)
		return now;
	free(now);
	if (*err == -ENOENT)
		*err = 0;
	return NULL;
}

/* A map that is open for writing only does not tell. */
static int push_prepare(struct op *op, struct diags *d)
{
	struct op_queue *q = queue_of(op);
	int err = -EOPNOTSUPP;

	if (q->map->map.type == BPF_MAP_TYPE_STACK)
		q->below = peek(q, &err);
	q->below_known = !err;
	return 0;
}

static int push_apply(struct op *op, struct diags *d)
{
	struct op_queue *q = queue_of(op);
	int err = kern_map_push(q->map->fd, q->value, q->flags);

	q->refused = err;
	return err ? kern_map_error(d, op->span, "push", q->map, -err) : 0;
}

/* What will most probably be popped, for the journal. */
static int pop_prepare(struct op *op, struct diags *d)
{
	struct op_queue *q = queue_of(op);
	int err = kern_map_peek(q->map->fd, q->value);

	return err ? kern_map_error(d, op->span, "pop", q->map, -err) : 0;
}

/* An undo that is interrupted is judged by it. */
static void note_below(struct op_queue *q)
{
	int err = -EOPNOTSUPP;
	char *now = q->map->map.type == BPF_MAP_TYPE_STACK ? peek(q, &err) : NULL;

	if (now)
		q->op.late[LATE_BELOW] = memcmp(now, q->value, q->size) ? BELOW_OTHER : BELOW_EQUAL;
	else
		q->op.late[LATE_BELOW] = err ? BELOW_UNKNOWN : BELOW_OTHER;
	free(now);
}

static int pop_apply(struct op *op, struct diags *d)
{
	struct op_queue *q = queue_of(op);
	int err = kern_map_pop(q->map->fd, q->value);

	q->refused = err;
	if (err)
		return kern_map_error(d, op->span, "pop", q->map, -err);
	if (q->result)
		memcpy(q->result, q->value, q->size);
	q->result = NULL;
	note_below(q);
	return 0;
}

static enum undo_result queue_failed(struct op_queue *q, struct diags *d, const char *what, int err)
{
	kern_map_error(d, q->op.span, what, q->map, -err);
	return UNDO_FAILED;
}

static enum undo_result queue_conflict(struct op_queue *q, struct diags *d)
{
	struct buf text = BUF_INIT;

	describe_handle(&text, q->map);
	diag_error(d, q->op.span, "%s has another value on top: left alone", buf_str(&text));
	diag_hint(d, "somebody else changed it during the transaction");
	buf_free(&text);
	return UNDO_CONFLICT;
}

static enum undo_result irreversible(struct op_queue *q, struct diags *d)
{
	struct buf value = BUF_INIT;

	describe_value(&value, q->map, q->value);
	diag_error(d, q->op.span, "'%s' on a %s cannot be undone", q->op.kind->name,
		   kern_map_type_name(q->map->map.type));
	diag_hint(d, "its value: %s", buf_str(&value));
	buf_free(&value);
	return UNDO_NEVER;
}

/* True where our value is on top; *err says what else is the matter. */
static bool on_top(struct op_queue *q, int *err)
{
	char *now = peek(q, err);
	bool ours = now && !memcmp(now, q->value, q->size);

	free(now);
	return ours;
}

/*
 * Our value is on top, and so is it where the operation, or its undo, was done or was
 * not: the one below is alike, or may be. Nothing done is better than one too many.
 */
static enum undo_result undecidable(struct op_queue *q, struct diags *d)
{
	struct buf text = BUF_INIT;

	describe_handle(&text, q->map);
	buf_puts(&text, ": ");
	describe_value(&text, q->map, q->value);
	diag_error(d, q->op.span, "%s is on top, but whether '%s' %s cannot be told: left alone",
		   buf_str(&text), q->op.kind->name, q->op.undoing ? "was undone" : "was done");
	diag_hint(d, "the value below may be the same: compare what the stack holds with what it "
		  "should");
	buf_free(&text);
	return UNDO_NEVER;
}

/* True where the value that a push covered is known to differ from what it pushed. */
static bool pushed_on_other(const struct op_queue *q)
{
	return q->below_known && (!q->below || memcmp(q->below, q->value, q->size));
}

static enum undo_result push_undo(struct op *op, struct diags *d)
{
	struct op_queue *q = queue_of(op);
	char *gone;
	bool ours;
	int err;

	if (q->refused || q->map->fd < 0)
		return UNDO_DONE;
	if (q->map->map.type != BPF_MAP_TYPE_STACK)
		return irreversible(q, d);
	ours = on_top(q, &err);
	if (err)
		return queue_failed(q, d, "undo: peek", err);
	if (!ours)
		return op->applied && !op->undoing ? queue_conflict(q, d) : UNDO_DONE;
	if ((!op->applied || op->undoing) && !pushed_on_other(q))
		return undecidable(q, d);
	gone = xcalloc(1, q->size);
	err = kern_map_pop(q->map->fd, gone);
	free(gone);
	return err ? queue_failed(q, d, "undo: pop", err) : UNDO_DONE;
}

/* With another value on top, or none, the one that should have been popped was. */
static void pop_settle(struct op *op)
{
	struct op_queue *q = queue_of(op);
	int err;

	if (q->refused || q->map->fd < 0 || q->map->map.type != BPF_MAP_TYPE_STACK ||
	    on_top(q, &err) || err)
		return;
	op->applied = true;
	op->late[LATE_BELOW] = BELOW_OTHER;
}

/*
 * One that was only begun, or whose undo was: what should have been popped is
 * still on top, or is there again.
 */
static enum undo_result pop_undo(struct op *op, struct diags *d)
{
	struct op_queue *q = queue_of(op);
	int err = 0;

	if (q->refused || q->map->fd < 0)
		return UNDO_DONE;
	if (q->map->map.type != BPF_MAP_TYPE_STACK)
		return irreversible(q, d);
	if ((!op->applied || op->undoing) && on_top(q, &err))
		return op->applied && op->late[LATE_BELOW] == BELOW_OTHER ? UNDO_DONE :
		       undecidable(q, d);
	if (!err)
		err = kern_map_push(q->map->fd, q->value, 0);
	return err ? queue_failed(q, d, "undo: push", err) : UNDO_DONE;
}

static void queue_target(const struct op *op, struct buf *out)
{
	map_target(out, queue_of(op)->map);
}

#define FIELDS_OF struct op_queue
static const struct field queue_fields[] = {
	F_MAP(map), F_VALUES(value, map), F_BOOL(below_known), F_VALUES_OR_NULL(below, map), { 0 }
};

static bool queue_revive(struct op *op)
{
	queue_of(op)->size = kern_value_bytes(queue_of(op)->map);
	return true;
}

const struct op_kind op_push_kind = {
	.name = "map push",
	.id = 20,
	.size = sizeof(struct op_queue),
	.class = push_class,
	.describe = push_describe,
	.prepare = push_prepare,
	.apply = push_apply,
	.undo = push_undo,
	.undo_once = true,
	.target = queue_target,
	.fields = queue_fields,
	.revive = queue_revive,
};

const struct op_kind op_pop_kind = {
	.name = "map pop",
	.id = 21,
	.size = sizeof(struct op_queue),
	.class = pop_class,
	.describe = pop_describe,
	.prepare = pop_prepare,
	.apply = pop_apply,
	.settle = pop_settle,
	.undo = pop_undo,
	.undo_once = true,
	.target = queue_target,
	.fields = queue_fields,
	.revive = queue_revive,
};

static struct op_queue *queue_new(const struct op_kind *kind, struct handle *map, struct span span)
{
	struct op_queue *q = op_new(kind, span);

	q->map = handle_get(map);
	q->size = kern_value_bytes(map);
	q->value = xcalloc(1, q->size);
	return q;
}

struct op *op_map_push(struct handle *map, const void *value, __u64 flags, struct span span)
{
	struct op_queue *q = queue_new(&op_push_kind, map, span);

	q->flags = flags;
	memcpy(q->value, value, q->size);
	return &q->op;
}

struct op *op_map_pop(struct handle *map, void *result, struct span span)
{
	struct op_queue *q = queue_new(&op_pop_kind, map, span);

	q->result = result;
	return &q->op;
}
