// SPDX-License-Identifier: BSD-2-Clause
/*
 * A whole map goes: its pins, and what the session holds of it. The kernel
 * frees it when nothing else uses it; what does is listed.
 */
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/map/map.h"
#include "commands/uses.h"
#include "render/sink/sink.h"
#include "shell/base/alloc.h"
#include "shell/base/diag.h"
#include "shell/kern/bpffs.h"
#include "shell/kern/handle.h"
#include "shell/kern/map.h"
#include "shell/kern/map_traits.h"
#include "shell/kern/object.h"
#include "shell/kern/owners.h"
#include "shell/lang/vars.h"
#include "shell/op/ops.h"
#include "shell/txn/txn.h"

/* IDs and names of what keeps the map, in growing lists. */
struct users {
	__u32 map;
	char **pins;
	size_t nr_pins;
	__u32 *progs;
	size_t nr_progs;
	__u32 *links;
	size_t nr_links;
	__u32 *outer;			/* maps of maps */
	size_t nr_outer;
	char **processes;
	size_t nr_processes;
	bool unknown;			/* not all could be seen, or seen through */
};

static void free_strings(char **list, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		free(list[i]);
	free(list);
}

static void users_free(struct users *u)
{
	free_strings(u->pins, u->nr_pins);
	free_strings(u->processes, u->nr_processes);
	free(u->progs);
	free(u->links);
	free(u->outer);
}

static int note_pin(void *arg, const struct pin *pin)
{
	struct users *u = arg;

	u->unknown |= pin->err != 0;
	if (pin->kind == OBJ_MAP && pin->id == u->map) {
		GROW(u->pins, u->nr_pins);
		u->pins[u->nr_pins++] = xstrdup(pin->path);
	}
	return 0;
}

static int note_owner(void *arg, const struct owner *owner)
{
	struct users *u = arg;

	if (owner->id == u->map && owner->pid != getpid()) {
		GROW(u->processes, u->nr_processes);
		u->processes[u->nr_processes++] = xasprintf("%s(%d)", owner->comm, owner->pid);
	}
	return 0;
}

static void note_owners(struct users *u)
{
	unsigned hidden = 0;

	if (kern_owners(OBJ_MAP, note_owner, u, &hidden))
		u->unknown = true;
}

static void add_id(__u32 **list, size_t *nr, __u32 id)
{
	GROW(*list, *nr);
	(*list)[(*nr)++] = id;
}

/* Programs that have it, maps of maps through which others reach it, and a struct_ops' link. */
static void note_holders(struct users *u, const struct uses *all)
{
	struct use_span found = uses_of(all, OBJ_MAP, u->map);

	for (size_t i = 0; i < found.nr; i++) {
		const struct use *use = &found.rows[i];

		if (use->by == OBJ_PROG)
			add_id(&u->progs, &u->nr_progs, use->by_id);
		else if (use->by == OBJ_MAP)
			add_id(&u->outer, &u->nr_outer, use->by_id);
		else
			add_id(&u->links, &u->nr_links, use->by_id);
	}
	u->unknown |= all->unknown;
}

bool map_has_users(const struct handle *map)
{
	struct users u = { .map = map->id };
	struct uses all;
	bool found;

	uses_read(&all, USES(OBJ_MAP));
	note_holders(&u, &all);
	note_owners(&u);
	found = u.unknown || u.nr_progs || u.nr_links || u.nr_processes || u.nr_outer;
	uses_free(&all);
	users_free(&u);
	return found;
}

/* Links that hold one of the programs. */
static void note_links(struct users *u, const struct uses *all)
{
	for (size_t i = 0; i < u->nr_progs; i++) {
		struct use_span found = uses_of(all, OBJ_PROG, u->progs[i]);

		for (size_t k = 0; k < found.nr; k++)
			if (found.rows[k].by == OBJ_LINK)
				add_id(&u->links, &u->nr_links, found.rows[k].by_id);
	}
}

static void note_users(struct users *u)
{
	struct uses all;

	uses_read(&all, USES(OBJ_MAP) | USES(OBJ_PROG));
	note_holders(u, &all);
	note_links(u, &all);
	note_owners(u);
	uses_free(&all);
}

/* Variables that hold the map. A rollback brings them back. */
static void drop_variables(struct session *s, __u32 map)
{
	for (size_t i = s->nr_vars; i-- > 0;) {
		const struct value *v = &s->vars[i].value;

		if (v->kind == VALUE_HANDLE && v->handle->kind == OBJ_MAP && v->handle->id == map)
			var_unset(s, s->vars[i].name);
	}
}

static const struct column kept_columns[] = {
	{ "id", "map %" },
	{ "name", " '%'" },
	{ "pinned", "\n\tunpinned %", .flags = COL_EACH | COL_WIDE },
	{ "prog_ids", "\n\tstill used by programs %" },
	{ "link_ids", "\n\twhich links % attach" },
	{ "outer_map_ids", "\n\tstill inside of maps %" },
	{ "pids", "\n\tstill open in %" },
	{ 0 }
};

static const struct record kept_record = { "map", kept_columns };

static struct cell strings(char **list, size_t nr)
{
	return CELL(.kind = nr ? CELL_STRS : CELL_NONE, .strs = { (const char *const *)list, nr });
}

static int show_kept(struct ctx *ctx, const struct handle *map, const struct users *u)
{
	sink_begin(ctx->sink, &kept_record, SINK_ONE);
	if (sink_row(ctx->sink, (const struct cell[]){
		cell_u64(map->id), cell_str(map->name), strings(u->pins, u->nr_pins),
		cell_u32s(u->progs, u->nr_progs), cell_u32s(u->links, u->nr_links),
		cell_u32s(u->outer, u->nr_outer), strings(u->processes, u->nr_processes) }))
		return -1;
	return sink_end(ctx->sink);
}

int map_remove(struct ctx *ctx, struct handle *map, bool tell)
{
	struct users u = { .map = map->id };
	int err = 0;

	if (map->fd >= 0)
		kern_pins(note_pin, &u);
	for (size_t i = 0; i < u.nr_pins && !err; i++)
		err = txn_do(ctx, op_unpin(u.pins[i], OBJ_MAP, map->id, ctx->span));
	if (!err && map->fd >= 0 && !txn_planning(ctx->s)) {
		drop_variables(ctx->s, map->id);
		note_users(&u);
		if (u.unknown)
			diag_note(ctx->diags, ctx->span, "not all that may use map %u could be looked "
				  "at", map->id);
		if (tell || u.nr_progs || u.nr_outer || u.nr_processes)
			err = show_kept(ctx, map, &u);
	}
	users_free(&u);
	return err;
}
