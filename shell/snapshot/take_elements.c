// SPDX-License-Identifier: BSD-2-Clause
/* The elements of the maps that were listed, as they are now. */
#include <errno.h>
#include <string.h>

#include "render/typed/typed.h"
#include "shell/base/buf.h"
#include "shell/base/compat.h"
#include "shell/base/diag.h"
#include "shell/base/interrupt.h"
#include "shell/base/text.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/map.h"
#include "shell/kern/map_traits.h"
#include "shell/kern/maptypes.h"
#include "shell/kern/object.h"
#include "shell/snapshot/file.h"
#include "shell/snapshot/snapshot.h"

struct walk {
	const struct snapshot *s;
	size_t map;
	struct handle *handle;
	snap_element_fn fn;
	void *arg;
	struct buf text, named;
};

/* An object is known by its name and tag: its ID is another one after each load. */
static bool name_object(struct walk *w, const char *value)
{
	enum object_kind kind;
	const struct snap_entry *object;
	size_t at;
	__u32 id;

	if (!map_holds_objects(w->handle, &kind, &at) || at || (kind != OBJ_PROG && kind != OBJ_MAP))
		return false;
	memcpy(&id, value, sizeof(id));
	object = snap_by_id(&w->s->lists[kind == OBJ_PROG ? SNAP_PROG : SNAP_MAP], id);
	if (!object)
		return false;
	buf_reset(&w->named);
	buf_puts(&w->named, "{\"object\":");
	buf_json_string(&w->named, object->name, strlen(object->name));
	if (kind == OBJ_PROG && object->facts[SNAP_PROG_TAG])
		buf_printf(&w->named, ",\"tag\":\"%s\"", object->facts[SNAP_PROG_TAG]);
	buf_puts(&w->named, "}");
	return true;
}

static int take_element(void *arg, const void *key, const void *value)
{
	struct walk *w = arg;
	struct snap_element e;

	buf_reset(&w->text);
	element_nice(&w->text, map_format(w->handle), key, value);
	if (!snap_element_read((struct snap_text){ w->text.data, w->text.len }, &e))
		return 0;
	e.map = w->map;
	if (name_object(w, value)) {
		e.value = (struct snap_text){ w->named.data, w->named.len };
		e.value_hex = (struct snap_text){ 0 };
	}
	return w->fn(w->arg, &e) ? 1 : 0;
}

/* What cannot be read for certain is said; 1: @fn stopped it. */
static int walked(struct walk *w, int err, struct diags *d)
{
	const char *title = w->handle->title;
	struct buf why = BUF_INIT, hint = BUF_INIT;

	if (interrupted())
		return -1;
	/* Queues and buffers of events have no elements that could be read and stay. */
	if (err >= 0 || err == -EOPNOTSUPP || err == -ENOTSUPP)
		return err > 0;
	if (err == -KERN_ECHANGED || err == -EAGAIN) {
		diag_note(d, NO_SPAN, "map '%s' changed during this: some of its elements may be missing",
			  title);
		return 0;
	}
	kern_reason(&why, &hint, KERN_USING, -err);
	diag_note(d, NO_SPAN, "the elements of map '%s' are left out: %s", title, buf_str(&why));
	buf_free(&why);
	buf_free(&hint);
	return 0;
}

int snap_live_elements(const struct snapshot *s, snap_element_fn fn, void *arg, struct diags *d)
{
	const struct snap_list *maps = &s->lists[SNAP_MAP];
	struct walk w = { .s = s, .fn = fn, .arg = arg };
	int err = 0;

	for (w.map = 0; w.map < maps->nr && !err; w.map++) {
		w.handle = kern_open_object(OBJ_MAP, maps->rows[w.map].id);
		/* It is gone. */
		if (!w.handle)
			continue;
		err = walked(&w, kern_map_walk(w.handle, take_element, &w), d);
		handle_put(w.handle);
	}
	buf_free(&w.text);
	buf_free(&w.named);
	return err;
}
