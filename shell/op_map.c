// SPDX-License-Identifier: BSD-2-Clause
/* Changes of map elements, and their undo. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "shell/maptypes.h"
#include "shell/ops.h"

struct op_element {
	struct op op;
	struct handle *map;
	struct handle *object;		/* new value of a map that holds objects */
	struct handle *old_object;	/* held until commit, as the map lets go of it */
	__u64 flags;
	bool existed;
	size_t size;			/* of a value as system calls transfer it */
	char *key, *after, *before;	/* in bytes[] */
	char bytes[];
};

/* What is lost when an element of this type is changed and changed back; NULL: nothing. */
static const struct {
	enum undo_class class;
	const char *why;
} undo_by_type[] = {
	[BPF_MAP_TYPE_LRU_HASH] = { UNDO_LOSSY, "an update may evict other elements" },
	[BPF_MAP_TYPE_LRU_PERCPU_HASH] = { UNDO_LOSSY, "an update may evict other elements" },
	[BPF_MAP_TYPE_PERF_EVENT_ARRAY] = { UNDO_NONE, "its values cannot be read back" },
	[BPF_MAP_TYPE_CGROUP_ARRAY] = { UNDO_NONE, "its values cannot be read back" },
	[BPF_MAP_TYPE_SOCKMAP] = { UNDO_NONE, "its sockets cannot be read back" },
	[BPF_MAP_TYPE_SOCKHASH] = { UNDO_NONE, "its sockets cannot be read back" },
	[BPF_MAP_TYPE_XSKMAP] = { UNDO_NONE, "its sockets cannot be read back" },
	[BPF_MAP_TYPE_QUEUE] = { UNDO_NONE, "what is pushed cannot be taken out again" },
	[BPF_MAP_TYPE_STACK] = { UNDO_NONE, "others may push and pop meanwhile" },
	[BPF_MAP_TYPE_BLOOM_FILTER] = { UNDO_NONE, "a bloom filter forgets nothing" },
	[BPF_MAP_TYPE_REUSEPORT_SOCKARRAY] = { UNDO_NONE, "its sockets cannot be read back" },
};

static struct op_element *element(const struct op *op)
{
	return (struct op_element *)op;
}

static enum undo_class element_class(const struct op *op, const char **why)
{
	const struct op_element *e = element(op);

	if (e->map->map.type < ARRAY_SIZE(undo_by_type)) {
		*why = undo_by_type[e->map->map.type].why;
		if (*why)
			return undo_by_type[e->map->map.type].class;
	}
	if (map_format(e->map)->value && typed_has_special(map_format(e->map)->value)) {
		*why = "timers, locks and kernel pointers in the value are reset";
		return UNDO_LOSSY;
	}
	return UNDO_FULL;
}

void describe_handle(struct buf *out, const struct handle *h)
{
	buf_printf(out, "%s ", object_names[h->kind]);
	if (*h->name)
		buf_printf(out, "'%s'", h->name);
	else if (h->id)
		buf_printf(out, "%u", h->id);
	else
		buf_puts(out, "(new)");
}

/* The key as people read it: through its type, else in hexadecimal. */
static void describe_key(struct buf *out, const struct op_element *e)
{
	const struct element_format *f = map_format(e->map);

	buf_putc(out, '[');
	if (f->key)
		typed_json(out, f->key, e->key, TYPED_NICE);
	else
		for (__u32 i = 0; i < f->key_size; i++)
			buf_printf(out, "%s%02x", i ? " " : "", (unsigned char)e->key[i]);
	buf_putc(out, ']');
}

static void describe_element(struct buf *out, const struct op_element *e)
{
	describe_handle(out, e->map);
	buf_putc(out, ' ');
	describe_key(out, e);
}

static void update_describe(const struct op *op, struct buf *out)
{
	const struct op_element *e = element(op);
	const struct element_format *f = map_format(e->map);

	buf_puts(out, "~ map update ");
	describe_element(out, e);
	buf_puts(out, " = ");
	if (e->object)
		describe_handle(out, e->object);
	else if (f->value)
		typed_json(out, f->value, e->after, TYPED_NICE);
	else
		for (__u32 i = 0; i < f->value_size; i++)
			buf_printf(out, "%s%02x", i ? " " : "", (unsigned char)e->after[i]);
}

static void delete_describe(const struct op *op, struct buf *out)
{
	buf_puts(out, "- map delete ");
	describe_element(out, element(op));
}

/* True for maps whose values are objects: read as IDs, written as descriptors. */
static bool holds_objects(const struct handle *map, enum object_kind *kind)
{
	*kind = map->map.type == BPF_MAP_TYPE_PROG_ARRAY ? OBJ_PROG : OBJ_MAP;
	return map->map.type == BPF_MAP_TYPE_PROG_ARRAY ||
	       map->map.type == BPF_MAP_TYPE_ARRAY_OF_MAPS ||
	       map->map.type == BPF_MAP_TYPE_HASH_OF_MAPS;
}

/* Equal in what counts: the gaps between per-CPU values do not. */
static bool same_value(const struct op_element *e, const char *a, const char *b)
{
	const struct element_format *f = map_format(e->map);

	if (!f->cpus)
		return !memcmp(a, b, e->size);
	for (__u32 i = 0; i < f->cpus; i++)
		if (memcmp(a + i * element_stride(f), b + i * element_stride(f), f->value_size))
			return false;
	return true;
}

/* Keeps the object that the element holds open, so that it can be put back. */
static int hold_old_object(struct op_element *e, struct diags *d)
{
	enum object_kind kind;
	__u32 id;
	int fd;

	if (!e->existed || !holds_objects(e->map, &kind))
		return 0;
	memcpy(&id, e->before, sizeof(id));
	fd = kern_open_id(kind, id);
	if (fd < 0)
		return kern_error(d, e->op.span, -fd, "open %s %u, which the map holds",
				  object_names[kind], id);
	e->old_object = kern_handle(kind, fd);
	if (!e->old_object)
		return kern_error(d, e->op.span, errno, "read %s %u", object_names[kind], id);
	return 0;
}

static bool is_lookup_miss(int err)
{
	return err == -ENOENT;
}

static int element_prepare(struct op *op, struct diags *d)
{
	struct op_element *e = element(op);
	const char *why;
	int err;

	if (element_class(op, &why) == UNDO_NONE)
		return 0;
	err = kern_map_lookup(e->map->fd, e->key, e->before, 0);
	if (err && !is_lookup_miss(err))
		return kern_map_error(d, op->span, "lookup", e->map, -err);
	e->existed = !err;
	return hold_old_object(e, d);
}

static int update_apply(struct op *op, struct diags *d)
{
	struct op_element *e = element(op);
	int err = kern_map_update(e->map->fd, e->key, e->after, e->flags);

	if (err)
		return kern_map_error(d, op->span, "update", e->map, -err);
	/* What the map shows for an object is its ID. */
	if (e->object)
		memcpy(e->after, &e->object->id, sizeof(e->object->id));
	return 0;
}

static int delete_apply(struct op *op, struct diags *d)
{
	struct op_element *e = element(op);
	int err = kern_map_delete(e->map->fd, e->key);

	return err ? kern_map_error(d, op->span, "delete", e->map, -err) : 0;
}

static enum undo_result conflict(struct op_element *e, struct diags *d, const char *now)
{
	struct buf text = BUF_INIT;

	describe_element(&text, e);
	diag_error(d, e->op.span, "%s %s: left alone", buf_str(&text), now);
	diag_hint(d, "somebody else changed it during the transaction");
	buf_free(&text);
	return UNDO_CONFLICT;
}

static enum undo_result undo_failed(struct op_element *e, struct diags *d, const char *what, int err)
{
	kern_map_error(d, e->op.span, what, e->map, -err);
	return UNDO_FAILED;
}

/* Puts the old element back; @flags say what must not have changed. */
static enum undo_result put_back(struct op_element *e, __u64 flags, struct diags *d)
{
	__u32 fd = e->old_object ? e->old_object->fd : 0;
	int err;

	err = kern_map_update(e->map->fd, e->key, e->old_object ? (void *)&fd : e->before, flags);
	return err ? undo_failed(e, d, "undo: update", err) : UNDO_DONE;
}

static enum undo_result update_undo(struct op *op, struct diags *d)
{
	struct op_element *e = element(op);
	enum undo_result r = UNDO_DONE;
	const char *why;
	char *now;
	int err;

	if (element_class(op, &why) == UNDO_NONE) {
		diag_error(d, op->span, "an update of %s cannot be undone",
			   kern_map_type_name(e->map->map.type));
		return UNDO_FAILED;
	}
	now = xmalloc(e->size);
	err = kern_map_lookup(e->map->fd, e->key, now, 0);
	if (err && !is_lookup_miss(err))
		r = undo_failed(e, d, "undo: lookup", err);
	else if (err && e->existed)
		r = conflict(e, d, "is gone");
	else if (!err && !same_value(e, now, e->after))
		r = e->existed && same_value(e, now, e->before) ? UNDO_DONE :
		    conflict(e, d, "has a newer value");
	else if (e->existed)
		r = put_back(e, BPF_ANY, d);
	else if (!err && (err = kern_map_delete(e->map->fd, e->key)))
		r = undo_failed(e, d, "undo: delete", err);
	free(now);
	return r;
}

static enum undo_result delete_undo(struct op *op, struct diags *d)
{
	struct op_element *e = element(op);
	enum undo_result r = UNDO_DONE;
	char *now = xmalloc(e->size);

	if (!kern_map_lookup(e->map->fd, e->key, now, 0)) {
		if (!same_value(e, now, e->before))
			r = conflict(e, d, "was put there again");
	} else {
		/* Arrays of objects know no BPF_NOEXIST: their elements always exist. */
		r = put_back(e, e->map->map.type == BPF_MAP_TYPE_PROG_ARRAY ||
			     e->map->map.type == BPF_MAP_TYPE_ARRAY_OF_MAPS ?
			     BPF_ANY : BPF_NOEXIST, d);
	}
	free(now);
	return r;
}

static void element_release(struct op *op)
{
	struct op_element *e = element(op);

	handle_put(e->map);
	handle_put(e->object);
	handle_put(e->old_object);
}

static const struct op_kind update_kind = {
	.name = "map update",
	.class = element_class,
	.describe = update_describe,
	.prepare = element_prepare,
	.apply = update_apply,
	.undo = update_undo,
	.release = element_release,
};

static const struct op_kind delete_kind = {
	.name = "map delete",
	.class = element_class,
	.describe = delete_describe,
	.prepare = element_prepare,
	.apply = delete_apply,
	.undo = delete_undo,
	.release = element_release,
};

static struct op_element *element_new(const struct op_kind *kind, struct handle *map,
				      const void *key, struct span span)
{
	size_t key_size = map->map.key_size, size = kern_value_bytes(map);
	struct op_element *e = xcalloc(1, sizeof(*e) + key_size + 2 * size);

	e->op = (struct op){ .kind = kind, .span = span };
	e->map = handle_get(map);
	e->size = size;
	e->key = e->bytes;
	e->after = e->key + key_size;
	e->before = e->after + size;
	memcpy(e->key, key, key_size);
	return e;
}

struct op *op_map_update(struct handle *map, const void *key, const void *value,
			 struct handle *object, __u64 flags, struct span span)
{
	struct op_element *e = element_new(&update_kind, map, key, span);

	e->flags = flags;
	if (object) {
		__u32 fd = object->fd;

		e->object = handle_get(object);
		memcpy(e->after, &fd, sizeof(fd));
	} else {
		memcpy(e->after, value, e->size);
	}
	return &e->op;
}

struct op *op_map_delete(struct handle *map, const void *key, struct span span)
{
	return &element_new(&delete_kind, map, key, span)->op;
}
