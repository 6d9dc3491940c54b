// SPDX-License-Identifier: BSD-2-Clause
/*
 * Setting a global variable: its bytes alone, as programs go on writing to those
 * beside it, both while it is set and before that is undone.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "render/typed/typed.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/wire.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/map.h"
#include "shell/kern/maptypes.h"
#include "shell/op/describe.h"
#include "shell/op/element.h"
#include "shell/op/fields.h"
#include "shell/op/map_ops.h"
#include "shell/op/ops.h"
#include "shell/txn/field.h"
#include "shell/txn/op.h"
#include "shell/txn/txn.h"

struct op_variable {
	struct op op;
	struct handle *map;
	char *path;			/* "config.limit" */
	__u32 offset, size;
	bool refused;			/* the kernel has: there is nothing to take back */
	char *after, *before;		/* @size bytes */
};

static struct op_variable *variable(const struct op *op)
{
	return (struct op_variable *)op;
}

static enum undo_class variable_class(const struct op *op, const char **why)
{
	return map_undo_class(variable(op)->map, why);
}

static void describe_bytes(struct buf *out, const struct op_variable *v, const char *bytes)
{
	const struct typed *type = map_format(v->map)->value;
	struct typed_word path = { v->path, strlen(v->path), NO_SPAN, false };
	struct typed_place at;

	if (!type || typed_find(type, &path, "variable", &at, NULL) ||
	    typed_place_size(&at) != v->size) {
		for (__u32 i = 0; i < v->size; i++)
			buf_printf(out, "%s%02x", i ? " " : "", (unsigned char)bytes[i]);
	} else {
		at.offset = 0;
		typed_place_json(out, &at, bytes, TYPED_NICE);
	}
}

static void describe_name(struct buf *out, const struct op_variable *v)
{
	describe_handle(out, v->map);
	buf_printf(out, " %s", v->path);
}

static void variable_describe(const struct op *op, struct buf *out)
{
	buf_puts(out, "~ map set ");
	describe_name(out, variable(op));
	buf_puts(out, " = ");
	describe_bytes(out, variable(op), variable(op)->after);
}

/* What the variable has now; -1 with a diagnostic. */
static int look(const struct op_variable *v, char *bytes, const char *what, struct diags *d)
{
	char *value = xmalloc(kern_value_bytes(v->map));
	__u32 key = 0;
	int err = kern_map_lookup(v->map->fd, &key, value, 0);

	memcpy(bytes, value + v->offset, v->size);
	free(value);
	return err ? kern_map_error(d, v->op.span, what, v->map, -err) : 0;
}

static int variable_prepare(struct op *op, struct diags *d)
{
	return look(variable(op), variable(op)->before, "lookup", d);
}

static int variable_apply(struct op *op, struct diags *d)
{
	struct op_variable *v = variable(op);
	int err = kern_map_write(v->map, v->offset, v->after, v->size);

	v->refused = err;
	return err ? kern_map_error(d, op->span, "update", v->map, -err) : 0;
}

static enum undo_result conflict(const struct op_variable *v, const char *now, struct diags *d)
{
	struct buf text = BUF_INIT;

	describe_name(&text, v);
	buf_puts(&text, " is ");
	describe_bytes(&text, v, now);
	buf_puts(&text, ", expected ");
	describe_bytes(&text, v, v->after);
	diag_error(d, v->op.span, "%s: left alone", buf_str(&text));
	diag_hint(d, "somebody else changed it during the transaction");
	buf_free(&text);
	return UNDO_CONFLICT;
}

static enum undo_result undo_from(const struct op_variable *v, const char *now, struct diags *d)
{
	int err;

	if (!memcmp(now, v->before, v->size))
		return UNDO_DONE;
	if (memcmp(now, v->after, v->size))
		return conflict(v, now, d);
	err = kern_map_write(v->map, v->offset, v->before, v->size);
	if (!err)
		return UNDO_DONE;
	kern_map_error(d, v->op.span, "undo: update", v->map, -err);
	return UNDO_FAILED;
}

static enum undo_result variable_undo(struct op *op, struct diags *d)
{
	struct op_variable *v = variable(op);
	enum undo_result r = UNDO_FAILED;
	char *now;

	if (v->refused || v->map->fd < 0)
		return UNDO_DONE;
	now = xmalloc(v->size);
	if (!look(v, now, "undo: lookup", d))
		r = undo_from(v, now, d);
	free(now);
	return r;
}

/* The map's only element, and in it what the path begins with. */
static void variable_target(const struct op *op, struct buf *out)
{
	map_target(out, variable(op)->map);
	wire_put_u32(out, 0);
	buf_puts(out, variable(op)->path);
}

#define FIELDS_OF struct op_variable
static const struct field variable_fields[] = {
	F_MAP(map), F_STR(path), F_U32(offset), F_U32(size), F_BYTES(after, size),
	F_BYTES(before, size), { 0 }
};

/* It lies within the map's value. */
static bool variable_revive(struct op *op)
{
	const struct op_variable *v = variable(op);
	__u32 whole = v->map->map.value_size;

	return v->offset <= whole && v->size <= whole - v->offset;
}

const struct op_kind op_variable_kind = {
	.name = "map set",
	.id = 9,
	.size = sizeof(struct op_variable),
	.overwrites = true,
	.class = variable_class,
	.describe = variable_describe,
	.prepare = variable_prepare,
	.apply = variable_apply,
	.undo = variable_undo,
	.target = variable_target,
	.fields = variable_fields,
	.revive = variable_revive,
};

struct op *op_map_set(struct handle *map, const char *path, const struct typed_place *at,
		      const void *value, struct span span)
{
	struct op_variable *v = op_new(&op_variable_kind, span);

	v->map = handle_get(map);
	v->path = xstrdup(path);
	v->offset = at->offset;
	v->size = typed_place_size(at);
	v->after = xmemdup((const char *)value + at->offset, v->size);
	v->before = xcalloc(1, v->size);
	return &v->op;
}
