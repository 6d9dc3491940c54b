// SPDX-License-Identifier: BSD-2-Clause
/* What snapshots are made of. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/search.h"
#include "shell/snapshot/snapshot.h"

#define PROGRAM_FACTS [SNAP_RUNS_PROG] = { "program" }, [SNAP_RUNS_TAG] = { "tag" }

static const struct snap_fact prog_facts[] = {
	[SNAP_PROG_TYPE] = { "type" },
	[SNAP_PROG_TAG] = { "tag" },
	[SNAP_PROG_TARGET] = { "target_name" },
	[SNAP_PROG_MAPS] = { "maps" },
	[SNAP_PROG_GPL] = { "gpl_compatible", SNAP_NUMBER, "1" },
	[SNAP_PROG_JITED] = { "jited", SNAP_NUMBER, "1" },
	[SNAP_PROG_RUN_CNT] = { "run_cnt", SNAP_NUMBER, .counts = true },
	[SNAP_PROG_RUN_TIME] = { "run_time_ns", SNAP_NUMBER, .counts = true },
	[SNAP_PROG_MISSES] = { "recursion_misses", SNAP_NUMBER, .counts = true },
	{ 0 }
}, map_facts[] = {
	[SNAP_MAP_TYPE] = { "type" },
	[SNAP_MAP_KEY] = { "bytes_key", SNAP_NUMBER },
	[SNAP_MAP_VALUE] = { "bytes_value", SNAP_NUMBER },
	[SNAP_MAP_ENTRIES] = { "max_entries", SNAP_NUMBER },
	[SNAP_MAP_FLAGS] = { "flags", SNAP_TEXT, "0x0" },
	[SNAP_MAP_EXTRA] = { "map_extra", SNAP_TEXT, "0x0" },
	[SNAP_MAP_FROZEN] = { "frozen", SNAP_NUMBER, "0" },
	{ 0 }
}, link_facts[] = {
	PROGRAM_FACTS, { 0 }
}, pin_facts[] = {
	[SNAP_PIN_OBJECT] = { "object" }, [SNAP_PIN_NAME] = { "object_name" }, [SNAP_PIN_TAG] = { "tag" }, { 0 }
}, hook_facts[] = {
	PROGRAM_FACTS,
	[SNAP_HOOK_MODE] = { "mode" },
	[SNAP_HOOK_FLAGS] = { "flags", SNAP_TEXT, "0x0" },
	[SNAP_HOOK_FILTER] = { "filter" },
	[SNAP_HOOK_ACTIONS] = { "actions" },
	{ 0 }
}, setting_facts[] = {
	[SNAP_SETTING_VALUE] = { "value" }, { 0 }
};

const struct snap_kind_info snap_kinds[SNAP_KINDS] = {
	[SNAP_PROG] = { "programs", "program", prog_facts },
	[SNAP_MAP] = { "maps", "map", map_facts },
	[SNAP_LINK] = { "links", "link", link_facts },
	[SNAP_PIN] = { "pins", "pin", pin_facts },
	[SNAP_HOOK] = { "hooks", "hook", hook_facts },
	[SNAP_SETTING] = { "settings", "setting", setting_facts },
};

struct snap_entry *snap_add(struct snapshot *s, enum snap_kind kind, const char *name, __u32 id)
{
	struct snap_list *l = &s->lists[kind];

	GROW(l->rows, l->nr);
	l->rows[l->nr] = (struct snap_entry){ .name = xstrdup(name), .id = id };
	return &l->rows[l->nr++];
}

void snap_fact(struct snap_entry *e, size_t at, const char *fmt, ...)
{
	struct buf text = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	free(e->facts[at]);
	e->facts[at] = xstrdup(buf_str(&text));
	buf_free(&text);
}

static bool before(const void *record, const void *key)
{
	return ((const struct snap_entry *)record)->id < *(const __u32 *)key;
}

const struct snap_entry *snap_by_id(const struct snap_list *l, __u32 id)
{
	size_t at = lower_bound(l->rows, l->nr, sizeof(*l->rows), before, &id);

	return at < l->nr && l->rows[at].id == id ? &l->rows[at] : NULL;
}

void snap_program(struct snapshot *s, struct snap_entry *e, __u32 id)
{
	const struct snap_entry *prog = snap_by_id(&s->lists[SNAP_PROG], id);

	/* One that came only since the programs were listed. */
	if (!prog)
		return;
	snap_fact(e, SNAP_RUNS_PROG, "%s", prog->name);
	if (prog->facts[SNAP_PROG_TAG])
		snap_fact(e, SNAP_RUNS_TAG, "%s", prog->facts[SNAP_PROG_TAG]);
}

int snapshot_elements(const struct snapshot *s, snap_element_fn fn, void *arg, struct diags *d)
{
	return (s->path ? snap_file_elements : snap_live_elements)(s, fn, arg, d);
}

void snapshot_free(struct snapshot *s)
{
	for (int kind = 0; kind < SNAP_KINDS; kind++) {
		for (size_t i = 0; i < s->lists[kind].nr; i++) {
			struct snap_entry *e = &s->lists[kind].rows[i];

			free(e->name);
			for (size_t n = 0; n < SNAP_FACTS_MAX; n++)
				free(e->facts[n]);
		}
		free(s->lists[kind].rows);
	}
	if (s->path && s->fd >= 0)
		close(s->fd);
}
