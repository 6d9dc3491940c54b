// SPDX-License-Identifier: BSD-2-Clause
/* Snapshots of the host: saved, and compared with one another or with what is there now. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "commands/common.h"
#include "render/sink/out.h"
#include "render/sink/sink.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/outfile.h"
#include "shell/base/text.h"
#include "shell/lang/args.h"
#include "shell/snapshot/snapshot.h"

/* save */

static int write_file(struct ctx *ctx, const struct snapshot *s, const struct value *path)
{
	struct outfile file;
	struct out out;
	int why = outfile_open(&file, path->str), closed, err = 0;

	if (!why) {
		file.private = true;
		out_init(&out, file.fd);
		err = snapshot_write(s, &out, ctx->diags);
		why = out.error;
		out_free(&out);
		closed = outfile_close(&file, !err && !why);
		why = why ? why : closed;
	}
	if (why)
		err = diag_errno(ctx->diags, path->span, why, "cannot write '%s'", path->str);
	return err;
}

enum { SAVE_FILE, SAVE_CONTENTS };

static int snapshot_save(struct ctx *ctx, struct value *argv)
{
	struct snapshot s = { .contents = argv[SAVE_CONTENTS].kind != VALUE_NONE, .at = ctx->span };
	int err = snapshot_take(&s, ctx->diags);

	if (!err)
		err = write_file(ctx, &s, &argv[SAVE_FILE]);
	snapshot_free(&s);
	return err;
}

static const struct cmd snapshot_save_cmd = {
	.object = "snapshot", .verb = "save",
	.help = "write down what this host has: programs, maps, links, pins, hooks, settings",
	.args = ARGS(
		[SAVE_FILE] = { "file", &arg_file, 0, "where to" },
		[SAVE_CONTENTS] = { "contents", NULL, ARG_FLAG | ARG_OPTIONAL,
			"the elements of all maps, too", STRINGS("contents") }),
	.flags = CMD_OUTSIDE,
	.run = snapshot_save,
	.examples = STRINGS("snapshot save good.json", "snapshot save good.json contents"),
};

/* diff */

enum { DIFF_CHANGE, DIFF_KIND, DIFF_NAME, DIFF_KEY, DIFF_KEY_TEXT, DIFF_TEXT, DIFF_WHAT, DIFF_OLD,
       DIFF_NEW, DIFF_COLUMNS };

static const struct column diff_columns[] = {
	[DIFF_CHANGE] = { "change", "%" },
	[DIFF_KIND] = { "kind", " %" },
	[DIFF_NAME] = { "name", " %" },
	[DIFF_KEY] = { "key" },
	[DIFF_KEY_TEXT] = { "key's text", "[%]", .flags = COL_PLAIN_ONLY },
	[DIFF_TEXT] = { "difference", ": %", .flags = COL_PLAIN_ONLY },
	[DIFF_WHAT] = { "what" },
	[DIFF_OLD] = { "old" },
	[DIFF_NEW] = { "new" },
	[DIFF_COLUMNS] = { 0 }
};

static const struct record diff_record = { "difference", diff_columns };

/* The texts of a row's cells. */
struct texts {
	struct buf key, plain, old, new;
};

/* "type hash, bytes_key 4, ...": what came or went. */
static void put_facts(struct buf *b, enum snap_kind kind, const struct snap_entry *e)
{
	const struct snap_fact *facts = snap_kinds[kind].facts;

	for (size_t i = 0; facts[i].key; i++)
		if (e->facts[i] && !facts[i].counts &&
		    (!facts[i].usual || strcmp(e->facts[i], facts[i].usual)))
			buf_printf(b, "%s%s %s", b->len ? ", " : "", facts[i].key, e->facts[i]);
	if (e->id)
		buf_printf(b, "%sid %u", b->len ? ", " : "", e->id);
}

static void put_fact_json(struct buf *b, const struct snap_fact *fact, const char *text)
{
	if (!text)
		buf_puts(b, "null");
	else if (fact->type == SNAP_NUMBER)
		buf_puts(b, text);
	else
		buf_json_string(b, text, strlen(text));
}

static void put_thing(struct texts *t, const struct snap_difference *d)
{
	if (d->fact) {
		const char *old = d->old->facts[d->at], *new = d->new->facts[d->at];

		buf_printf(&t->plain, "%s %s -> %s", d->fact->key, old ? old : "unknown",
			   new ? new : "unknown");
		put_fact_json(&t->old, d->fact, old);
		put_fact_json(&t->new, d->fact, new);
		return;
	}
	put_facts(&t->plain, d->kind, d->old ? d->old : d->new);
	if (d->old)
		snap_put_facts(&t->old, d->kind, d->old);
	if (d->new)
		snap_put_facts(&t->new, d->kind, d->new);
}

/* Text of a file as JSON that somebody may read: itself, or a string where it is none. */
static void put_json(struct buf *b, struct snap_text text)
{
	jv value = jv_parse_sized(text.s, text.len);
	bool clean = jv_is_valid(value);

	for (size_t i = 0; i < text.len && clean; i++) {
		size_t n = utf8_len(text.s + i, text.len - i);

		clean = n && text_printable(utf8_decode(text.s + i, n));
		i += n ? n - 1 : 0;
	}
	if (clean)
		buf_add(b, text.s, text.len);
	else
		buf_json_string(b, text.s, text.len);
	jv_free(value);
}

static void put_element(struct texts *t, const struct snap_difference *d)
{
	put_json(&t->key, *d->key);
	if (d->old_value.s)
		put_json(&t->old, d->old_value);
	if (d->new_value.s)
		put_json(&t->new, d->new_value);
	buf_printf(&t->plain, "%s%s%s", buf_str(&t->old), t->old.len && t->new.len ? " -> " : "",
		   buf_str(&t->new));
}

static int show_difference(void *arg, const struct snap_difference *d)
{
	const struct snap_entry *e = d->new ? d->new : d->old;
	struct cell row[DIFF_COLUMNS] = { 0 };
	char change[2] = { d->change };
	struct ctx *ctx = arg;
	struct texts t = { 0 };
	int err;

	(d->key ? put_element : put_thing)(&t, d);
	row[DIFF_CHANGE] = cell_str(change);
	row[DIFF_KIND] = cell_str(d->key ? "element" : snap_kinds[d->kind].name);
	row[DIFF_NAME] = CELL(.kind = CELL_STR, .str = { e->name, strlen(e->name) });
	row[DIFF_TEXT] = cell_str(buf_str(&t.plain));
	if (d->key) {
		row[DIFF_KEY] = cell_json_text(&t.key);
		row[DIFF_KEY_TEXT] = cell_str(buf_str(&t.key));
	}
	if (d->fact)
		row[DIFF_WHAT] = cell_str(d->fact->key);
	if (t.old.len)
		row[DIFF_OLD] = cell_json_text(&t.old);
	if (t.new.len)
		row[DIFF_NEW] = cell_json_text(&t.new);
	err = sink_row(ctx->sink, row);
	buf_free(&t.key);
	buf_free(&t.plain);
	buf_free(&t.old);
	buf_free(&t.new);
	return err;
}

enum { DIFF_FILE, DIFF_WITH, DIFF_COUNTERS };

static int compare(struct ctx *ctx, const struct snapshot *old, const struct snapshot *new,
		   bool counters)
{
	if (old->contents != new->contents)
		diag_note(ctx->diags, NO_SPAN, "elements are not compared: '%s' has none",
			  old->contents ? new->path : old->path);
	sink_begin(ctx->sink, &diff_record, SINK_LIST);
	if (snapshot_compare(old, new, counters, show_difference, ctx, ctx->diags))
		return -1;
	return sink_end(ctx->sink);
}

static int snapshot_diff(struct ctx *ctx, struct value *argv)
{
	const struct value *file = &argv[DIFF_FILE], *with = &argv[DIFF_WITH];
	struct snapshot old = { .path = file->str, .at = file->span }, new = { .at = ctx->span };
	int err = snapshot_read(&old, ctx->diags);

	if (with->kind == VALUE_STR) {
		new.path = with->str;
		new.at = with->span;
		new.fd = -1;
		err = err || snapshot_read(&new, ctx->diags);
	} else {
		new.contents = old.contents;
		err = err || snapshot_take(&new, ctx->diags);
	}
	err = err || compare(ctx, &old, &new, argv[DIFF_COUNTERS].kind != VALUE_NONE) ? -1 : 0;
	snapshot_free(&old);
	snapshot_free(&new);
	return err;
}

static const struct cmd snapshot_diff_cmd = {
	.object = "snapshot", .verb = "diff",
	.help = "show what came, went and changed since a snapshot, or from one to the next",
	.args = ARGS(
		[DIFF_FILE] = { "file", &arg_input, 0, "the snapshot, the older one" },
		[DIFF_WITH] = { "newer", &arg_input, ARG_OPTIONAL,
			"the newer one, where it is not to be the host as it is" },
		[DIFF_COUNTERS] = { "counters", NULL, ARG_FLAG | ARG_OPTIONAL,
			"how often programs ran, too", STRINGS("counters") }),
	.run = snapshot_diff,
	.examples = STRINGS("snapshot diff good.json", "snapshot diff monday.json tuesday.json",
			    "snapshot diff good.json counters"),
};

const struct cmd *const snapshot_cmds[] = {
	&snapshot_save_cmd, &snapshot_diff_cmd, CMD_HELP("snapshot", 0), NULL
};
