// SPDX-License-Identifier: BSD-2-Clause
/*
 * Snapshots from files, which are not trusted: read piece by piece, so that what is in
 * memory is one thing at a time. libjq sees things alone, of a length and depth that do not hurt.
 */
#include <errno.h>
#include <fcntl.h>
#include <jv.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/interrupt.h"
#include "shell/kern/error.h"
#include "shell/snapshot/file.h"
#include "shell/snapshot/snapshot.h"

#define READ_BYTES (256u << 10)
#define THING_BYTES (64u << 10)		/* the longest text of one thing, or fact */
#define ELEMENT_BYTES (256u << 20)	/* the same of one element */
#define THINGS_MAX (1u << 18)		/* of one kind */

struct reader {
	const struct snapshot *s;
	struct diags *d;
	struct buf text;
	size_t pos;			/* what is before is dealt with */
	off_t begin;			/* of the text, in the file */
	bool eof;
};

static int refuse(struct reader *r, const char *why)
{
	return diag_error(r->d, r->s->at, "'%s' is no snapshot that could be read: at byte %lld, %s",
			  r->s->path, (long long)(r->begin + r->pos), why);
}

/* Reads on; what was dealt with goes. */
static int read_more(struct reader *r)
{
	size_t rest = r->text.len - r->pos, room = rest > READ_BYTES ? rest : READ_BYTES;
	ssize_t n;

	if (interrupted())
		return -1;
	if (r->pos)
		memmove(r->text.data, r->text.data + r->pos, rest);
	r->begin += r->pos;
	r->text.len = rest;
	r->pos = 0;
	n = pread(r->s->fd, buf_reserve(&r->text, room), room, r->begin + rest);
	if (n < 0)
		return interrupted() ? -1 : diag_errno(r->d, r->s->at, errno, "cannot read '%s'",
						       r->s->path);
	buf_commit(&r->text, n);
	r->eof = !n;
	return 0;
}

/* The next character that is no blank, as 256 where it is NUL; 0 at the end, -1 with a diagnostic. */
static int peek(struct reader *r)
{
	for (;;) {
		for (; r->pos < r->text.len; r->pos++)
			if (!memchr(" \t\r\n", r->text.data[r->pos], 4))
				return r->text.data[r->pos] ? (unsigned char)r->text.data[r->pos] : 256;
		if (r->eof)
			return 0;
		if (read_more(r))
			return -1;
	}
}

static int expect(struct reader *r, char c, const char *why)
{
	int next = peek(r);

	if (next != c)
		return next < 0 ? -1 : refuse(r, why);
	r->pos++;
	return 0;
}

/* The next value, at most @max bytes, whose text holds until more is read. */
static int next_value(struct reader *r, size_t max, struct snap_text *value)
{
	ssize_t len;

	if (peek(r) < 0)
		return -1;
	while (!(len = snap_json_span(r->text.data + r->pos, r->text.len - r->pos))) {
		if (r->eof)
			return refuse(r, "the file ends inside of a value");
		if (r->text.len - r->pos > max)
			return refuse(r, "a value is longer than can be meant");
		if (read_more(r))
			return -1;
	}
	if (len < 0 || (size_t)len > max)
		return refuse(r, len < 0 ? "a value is expected" : "a value is longer than can be meant");
	*value = (struct snap_text){ r->text.data + r->pos, len };
	r->pos += len;
	return 0;
}

/* Behind "[" or an entry: 1: an entry follows, 0: the list is at its end, -1 with a diagnostic. */
static int next_entry(struct reader *r, bool first)
{
	int c = peek(r);

	if (c < 0)
		return -1;
	if (c == ']') {
		r->pos++;
		return 0;
	}
	if (!first && expect(r, ',', "the list is to go on or end"))
		return -1;
	return peek(r) == '{' ? 1 : refuse(r, "an object is expected");
}

/* Things */

/* A fact's text, new; NULL where it is of another type than that. */
static char *fact_text(jv value, bool number)
{
	char *text = NULL;

	if (number && jv_get_kind(value) == JV_KIND_NUMBER) {
		double n = jv_number_value(value);

		if (n >= 0 && n < 9007199254740992.0)
			text = xasprintf("%llu", (unsigned long long)n);
	} else if (!number && jv_get_kind(value) == JV_KIND_STRING) {
		const char *s = jv_string_value(value);

		if (strlen(s) == (size_t)jv_string_length_bytes(jv_copy(value)))
			text = xstrdup(s);
	}
	jv_free(value);
	return text;
}

/* Fills @text where the object has the member; false where that is of a wrong type. */
static bool take_member(jv thing, const char *key, bool number, char **text)
{
	jv value = jv_object_get(jv_copy(thing), jv_string(key));

	*text = NULL;
	if (!jv_is_valid(value)) {
		jv_free(value);
		return true;
	}
	*text = fact_text(value, number);
	return *text;
}

static bool take_thing(struct snap_list *l, const struct snap_fact *facts, jv thing)
{
	struct snap_entry *e;
	char *id = NULL;
	bool good;

	GROW(l->rows, l->nr);
	e = &l->rows[l->nr++];
	*e = (struct snap_entry){ 0 };
	if (jv_get_kind(thing) != JV_KIND_OBJECT)
		return false;
	good = take_member(thing, "name", false, &e->name) && e->name &&
	       take_member(thing, "id", true, &id);
	for (size_t i = 0; good && facts[i].key; i++)
		good = take_member(thing, facts[i].key, facts[i].type == SNAP_NUMBER, &e->facts[i]);
	if (id)
		e->id = strtoul(id, NULL, 10);
	free(id);
	return good;
}

static int read_thing(struct reader *r, struct snap_list *l, const struct snap_fact *facts)
{
	struct snap_text text;
	bool good;
	jv thing;

	if (next_value(r, THING_BYTES, &text))
		return -1;
	if (l->nr == THINGS_MAX)
		return refuse(r, "no host has so many things of a kind");
	thing = jv_parse_sized(text.s, text.len);
	good = jv_is_valid(thing) && take_thing(l, facts, thing);
	jv_free(thing);
	return good ? 0 : refuse(r, "before this, a thing lacks its name, or a fact is of a wrong type");
}

static int read_things(struct reader *r, struct snap_list *l, const struct snap_fact *facts)
{
	int more = expect(r, '[', "a list is expected");

	if (more)
		return -1;
	for (bool first = true; (more = next_entry(r, first)) > 0; first = false)
		if (read_thing(r, l, facts))
			return -1;
	return more;
}

/* Elements */

static bool is_name(struct snap_text text, const char *name)
{
	return text.len == strlen(name) + 2 && !memcmp(text.s + 1, name, text.len - 2);
}

/* The index of a map: digits; SIZE_MAX where it is none. */
static size_t map_index(struct snap_text text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.s[i] < '0' || text.s[i] > '9' || n > THINGS_MAX)
			return SIZE_MAX;
		n = n * 10 + (text.s[i] - '0');
	}
	return n;
}

bool snap_element_read(struct snap_text object, struct snap_element *e)
{
	struct snap_text name, value;
	size_t pos = 1;

	*e = (struct snap_element){ .map = SIZE_MAX };
	while (snap_json_member(object, &pos, &name, &value)) {
		if (is_name(name, "map"))
			e->map = map_index(value);
		else if (is_name(name, "key"))
			e->key = value;
		else if (is_name(name, "key_hex"))
			e->key_hex = value;
		else if (is_name(name, "value") || is_name(name, "values"))
			e->value = value;
		else if (is_name(name, "value_hex"))
			e->value_hex = value;
	}
	return e->key.s && e->value.s;
}

/* From behind "[" to the end of the file. */
static int read_elements(struct reader *r, snap_element_fn fn, void *arg)
{
	struct snap_element e;
	struct snap_text text;
	int more;

	for (bool first = true; (more = next_entry(r, first)) > 0; first = false) {
		off_t at = r->begin + r->pos;

		if (next_value(r, ELEMENT_BYTES, &text))
			return -1;
		if (!snap_element_read(text, &e) || e.map >= r->s->lists[SNAP_MAP].nr)
			return refuse(r, "before this, an element lacks its map, key or value");
		/* The text may have moved since it began. */
		e.at = at;
		if (fn(arg, &e))
			return 1;
	}
	return more;
}

int snap_file_elements(const struct snapshot *s, snap_element_fn fn, void *arg, struct diags *d)
{
	struct reader r = { .s = s, .d = d, .begin = s->elements_at };
	int err = s->contents ? read_elements(&r, fn, arg) : 0;

	buf_free(&r.text);
	return err;
}

static int count_element(void *arg, const struct snap_element *e)
{
	++*(size_t *)arg;
	return 0;
}

/* The document */

static int read_version(struct reader *r, struct snap_text value)
{
	if (map_index(value) == SNAP_VERSION)
		return 0;
	diag_error(r->d, r->s->at, "'%s' is a snapshot of another version: %.*s", r->s->path,
		   (int)(value.len < 20 ? value.len : 20), value.s);
	diag_hint(r->d, "this bpfsh reads version %d", SNAP_VERSION);
	return -1;
}

/* What stands before the lists; @known: it was said what the file is, and how it is written. */
static int read_head(struct reader *r, const char *name, int *known)
{
	struct snap_text value;

	if (next_value(r, THING_BYTES, &value))
		return -1;
	if (!strcmp(name, "\"format\"")) {
		if (!is_name(value, SNAP_FORMAT))
			return refuse(r, "another format is named");
		*known |= 1;
	} else if (!strcmp(name, "\"version\"")) {
		if (read_version(r, value))
			return -1;
		*known |= 2;
	}
	return 0;
}

static int read_member(struct reader *r, struct snapshot *s, const char *name, int *known)
{
	bool list = peek(r) == '[';

	if (list && *known != 3)
		return refuse(r, "it does not say first that it is a snapshot, and of which version");
	for (int kind = 0; list && kind < SNAP_KINDS; kind++) {
		const struct snap_kind_info *info = &snap_kinds[kind];

		if (!strncmp(name + 1, info->list, strlen(info->list)) &&
		    name[strlen(info->list) + 1] == '"')
			return s->lists[kind].nr ? refuse(r, "a list is there twice") :
			       read_things(r, &s->lists[kind], info->facts);
	}
	if (list && !strcmp(name, "\"" SNAP_ELEMENTS "\"")) {
		if (s->contents)
			return refuse(r, "a list is there twice");
		r->pos++;
		s->contents = true;
		s->elements_at = r->begin + r->pos;
		return read_elements(r, count_element, &s->nr_elements);
	}
	return read_head(r, name, known);
}

static int read_named(struct reader *r, struct snapshot *s, int *known)
{
	struct snap_text text;
	int c = peek(r), err;
	char *name;

	if (c != '"')
		return c < 0 ? -1 : refuse(r, "a name is expected");
	if (next_value(r, THING_BYTES, &text))
		return -1;
	name = xstrndup(text.s, text.len);
	err = expect(r, ':', "a colon is expected") || read_member(r, s, name, known);
	free(name);
	return err ? -1 : 0;
}

static int read_document(struct reader *r, struct snapshot *s)
{
	int known = 0, c;

	if (expect(r, '{', "an object is expected"))
		return -1;
	do {
		if (read_named(r, s, &known))
			return -1;
		c = peek(r);
		r->pos += c == ',';
	} while (c == ',');
	if (c < 0 || expect(r, '}', "the document is to go on or end"))
		return -1;
	c = peek(r);
	if (c)
		return c < 0 ? -1 : refuse(r, "something follows the end");
	return known == 3 ? 0 : refuse(r, "it does not say that it is a snapshot, and of which version");
}

/* No pipe: the elements are read more than once. */
static int open_file(struct snapshot *s, struct diags *d)
{
	struct stat st;

	s->fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (s->fd < 0 || fstat(s->fd, &st))
		return diag_errno(d, s->at, errno, "cannot read '%s'", s->path);
	if (S_ISDIR(st.st_mode))
		return diag_errno(d, s->at, EISDIR, "cannot read '%s'", s->path);
	return S_ISREG(st.st_mode) ? 0 : diag_error(d, s->at, "cannot read '%s': it is no regular file",
						    s->path);
}

int snapshot_read(struct snapshot *s, struct diags *d)
{
	struct reader r = { .s = s, .d = d };
	int err = open_file(s, d) || read_document(&r, s) ? -1 : 0;

	buf_free(&r.text);
	return err;
}
