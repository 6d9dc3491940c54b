// SPDX-License-Identifier: BSD-2-Clause
/* Snapshots to JSON: one document, a line each thing. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "render/sink/out.h"
#include "shell/base/buf.h"
#include "shell/base/interrupt.h"
#include "shell/base/text.h"
#include "shell/snapshot/file.h"
#include "shell/snapshot/snapshot.h"

static void put_string(struct buf *b, const char *key, const char *s)
{
	buf_printf(b, "\"%s\":", key);
	buf_json_string(b, s, strlen(s));
}

void snap_put_facts(struct buf *b, enum snap_kind kind, const struct snap_entry *e)
{
	const struct snap_fact *facts = snap_kinds[kind].facts;

	buf_putc(b, '{');
	put_string(b, "name", e->name);
	if (e->id)
		buf_printf(b, ",\"id\":%u", e->id);
	for (size_t i = 0; facts[i].key; i++) {
		if (!e->facts[i])
			continue;
		buf_putc(b, ',');
		if (facts[i].type == SNAP_NUMBER)
			buf_printf(b, "\"%s\":%s", facts[i].key, e->facts[i]);
		else
			put_string(b, facts[i].key, e->facts[i]);
	}
	buf_putc(b, '}');
}

static void write_header(const struct snapshot *s, struct buf *b)
{
	char host[256] = "";

	gethostname(host, sizeof(host) - 1);
	buf_puts(b, "{");
	put_string(b, "format", SNAP_FORMAT);
	buf_printf(b, ",\"version\":%d,\"taken\":%lld,", SNAP_VERSION, (long long)time(NULL));
	put_string(b, "host", host);
	buf_printf(b, ",\"contents\":%s", s->contents ? "true" : "false");
}

static void write_list(const struct snapshot *s, enum snap_kind kind, struct out *out)
{
	const struct snap_list *l = &s->lists[kind];

	buf_printf(out_buf(out), ",\n\"%s\":[", snap_kinds[kind].list);
	for (size_t i = 0; i < l->nr; i++) {
		buf_puts(out_buf(out), i ? ",\n" : "\n");
		snap_put_facts(out_buf(out), kind, &l->rows[i]);
		out_pushed(out);
	}
	buf_puts(out_buf(out), "]");
}

struct writing {
	struct out *out;
	bool begun;
};

static void put_text(struct buf *b, const char *key, struct snap_text text)
{
	if (!text.s)
		return;
	buf_printf(b, ",\"%s\":", key);
	buf_add(b, text.s, text.len);
}

static int write_element(void *arg, const struct snap_element *e)
{
	struct writing *w = arg;
	struct buf *b = out_buf(w->out);

	buf_printf(b, "%s{\"map\":%zu", w->begun ? ",\n" : "\n", e->map);
	put_text(b, "key", e->key);
	put_text(b, "key_hex", e->key_hex);
	put_text(b, "value", e->value);
	put_text(b, "value_hex", e->value_hex);
	buf_putc(b, '}');
	w->begun = true;
	out_pushed(w->out);
	return w->out->error;
}

int snapshot_write(const struct snapshot *s, struct out *out, struct diags *d)
{
	struct writing w = { out };
	int err = 0;

	write_header(s, out_buf(out));
	for (int kind = 0; kind < SNAP_KINDS; kind++)
		write_list(s, kind, out);
	if (s->contents) {
		buf_puts(out_buf(out), ",\n\"" SNAP_ELEMENTS "\":[");
		err = snapshot_elements(s, write_element, &w, d);
		buf_puts(out_buf(out), "]");
	}
	buf_puts(out_buf(out), "}\n");
	out_flush(out);
	return err || interrupted() ? -1 : 0;
}
