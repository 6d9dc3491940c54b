// SPDX-License-Identifier: BSD-2-Clause
/*
 * New objects: maps and programs. Nothing shows them to others before they are
 * pinned or attached, so that letting go of the descriptors undoes them.
 */
#include <errno.h>
#include <stdlib.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/load.h"
#include "shell/kern/map.h"
#include "shell/kern/names.h"
#include "shell/kern/object.h"
#include "shell/op/fields.h"
#include "shell/op/ops.h"
#include "shell/txn/field.h"
#include "shell/txn/op.h"
#include "shell/txn/txn.h"

struct op_create {
	struct op op;
	struct map_def def;
	char *name;
	struct handle **result;
	struct handle *map;
};

struct op_load {
	struct op op;
	struct load_request req;	/* its arrays live as long as txn_do() runs */
	char *file;
	char *set;			/* ", limit=10" */
	struct load_result *result;
};

static enum undo_class new_class(const struct op *op, const char **why)
{
	return UNDO_FULL;
}

static void create_describe(const struct op *op, struct buf *out)
{
	const struct op_create *c = (const struct op_create *)op;
	const char *type = kern_map_type_name(c->def.type);

	buf_printf(out, "+ map create %s", type ? type : "");
	if (*c->name)
		buf_printf(out, " '%s'", c->name);
	buf_printf(out, ", key %u, value %u, entries %u", c->def.key_size, c->def.value_size,
		   c->def.max_entries);
}

static int create_apply(struct op *op, struct diags *d)
{
	struct op_create *c = (struct op_create *)op;
	int fd = kern_map_create(&c->def);
	/* A stand-in with what was asked for, so that the error can name type and sizes. */
	struct handle wanted = { .kind = OBJ_MAP, .fd = -1, .name = c->name };

	if (fd < 0) {
		wanted.map.type = c->def.type;
		wanted.map.key_size = c->def.key_size;
		wanted.map.value_size = c->def.value_size;
		wanted.map.max_entries = c->def.max_entries;
		wanted.map.flags = c->def.flags;
		return kern_map_error(d, op->span, "create", &wanted, -fd);
	}
	c->map = kern_handle(OBJ_MAP, fd);
	if (!c->map)
		return kern_error(d, op->span, errno, "read the new map");
	*c->result = handle_get(c->map);
	return 0;
}

/* The variable that holds the new object is put back by the transaction itself. */
static enum undo_result new_undo(struct op *op, struct diags *d)
{
	return UNDO_DONE;
}

/* From now on only variables and pins keep the map. */
static int create_finish(struct op *op, struct diags *d)
{
	struct op_create *c = (struct op_create *)op;

	handle_put(c->map);
	c->map = NULL;
	return 0;
}

#define FIELDS_OF struct op_create
static const struct field create_fields[] = { F_HANDLE(map), F_OWN(name), { 0 } };
#undef FIELDS_OF

static void load_describe(const struct op *op, struct buf *out)
{
	const struct op_load *l = (const struct op_load *)op;

	buf_printf(out, "+ prog load %s%s", l->file, l->set);
}

static int load_apply(struct op *op, struct diags *d)
{
	struct op_load *l = (struct op_load *)op;

	return kern_load(&l->req, l->result, d);
}

#define FIELDS_OF struct op_load
static const struct field load_fields[] = { F_OWN(file), F_OWN(set), { 0 } };

static const struct op_kind create_kind = {
	.name = "map create",
	.size = sizeof(struct op_create),
	.class = new_class,
	.describe = create_describe,
	.apply = create_apply,
	.undo = new_undo,
	.finish = create_finish,
	.fields = create_fields,
};

static const struct op_kind load_kind = {
	.name = "prog load",
	.size = sizeof(struct op_load),
	.class = new_class,
	.describe = load_describe,
	.apply = load_apply,
	.undo = new_undo,
	.fields = load_fields,
};

struct op *op_map_create(const struct map_def *def, struct handle **result, struct span span)
{
	struct op_create *c = op_new(&create_kind, span);

	c->def = *def;
	c->name = xstrdup(def->name ? def->name : "");
	c->def.name = c->name;
	c->result = result;
	return &c->op;
}

static char *describe_globals(const struct load_request *req)
{
	struct buf text = BUF_INIT;
	char *copy;

	for (size_t i = 0; i < req->nr_globals; i++)
		buf_printf(&text, ", %s", req->globals[i].text);
	copy = xstrdup(buf_str(&text));
	buf_free(&text);
	return copy;
}

struct op *op_load(const struct load_request *req, struct load_result *result, struct span span)
{
	struct op_load *l = op_new(&load_kind, span);

	l->req = *req;
	l->file = xstrdup(req->file);
	l->set = describe_globals(req);
	l->result = result;
	return &l->op;
}
