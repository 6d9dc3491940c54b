// SPDX-License-Identifier: BSD-2-Clause
/* Parts of a value by their names: paths, and what could be typed next. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/typed/typed_plan.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/text.h"

struct typed_place typed_whole(const struct typed *t)
{
	return (struct typed_place){ .type = t, .node = t->root, .type_id = t->type_id };
}

struct typed_place typed_element(const struct typed_place *at, uint32_t index)
{
	const struct node *n = place_node(at);
	const struct node *elem = &at->type->nodes[n->first];
	const struct btf_type *array = btf__type_by_id(at->type->btf, n->type_id);

	return (struct typed_place){
		.type = at->type, .node = n->first, .type_id = btf_array(array)->type,
		.offset = at->offset + index * elem->size,
	};
}

void typed_to_member(struct typed_place *at, const struct member *m)
{
	at->offset += m->offset;
	at->node = m->node;
	at->type_id = m->type_id;
	at->bit = m->bit;
	at->bits = m->bits;
}

static bool has_name(const struct typed *t, const struct member *m, struct piece name)
{
	return m->name.len == name.len && !memcmp(typed_text(t, m->name), name.s, name.len);
}

bool typed_field(struct typed_place *at, struct piece name, uint32_t *hint)
{
	const struct typed *t = at->type;
	const struct node *n = place_node(at);
	uint32_t i, start = hint ? *hint : 0;

	for (i = 0; i < n->nr; i++) {
		uint32_t index = start + i < n->nr ? start + i : start + i - n->nr;
		const struct member *m = &t->members[n->first + index];
		struct typed_place inner = *at;
		bool found = m->anonymous ? false : has_name(t, m, name);

		typed_to_member(&inner, m);
		if (m->anonymous)
			found = typed_field(&inner, name, NULL);
		if (!found)
			continue;
		if (hint)
			*hint = m->anonymous ? index : index + 1;
		*at = inner;
		return true;
	}
	return false;
}

typedef void (*member_fn)(void *arg, const struct typed *t, const struct member *m);

/* All fields that C can name in @n. */
static void each_field(const struct typed *t, const struct node *n, member_fn fn, void *arg)
{
	uint32_t i;

	for (i = 0; i < n->nr; i++) {
		const struct member *m = &t->members[n->first + i];

		if (m->anonymous)
			each_field(t, &t->nodes[m->node], fn, arg);
		else
			fn(arg, t, m);
	}
}

struct names {
	const char **list;
	size_t nr;
};

static void add_name(void *arg, const struct typed *t, const struct member *m)
{
	struct names *names = arg;

	GROW(names->list, names->nr);
	names->list[names->nr++] = typed_text(t, m->name);
}

int typed_no_field(const struct typed_place *at, struct piece name, struct span span,
		   struct diags *d)
{
	struct buf type = BUF_INIT, shown = BUF_INIT;
	struct names names = { 0 };
	char *word = xstrndup(name.s, name.len);

	place_type_text(&type, at);
	buf_escaped(&shown, name.s, name.len);
	diag_error(d, span, "no field '%s' in %s", buf_str(&shown), buf_str(&type));
	each_field(at->type, place_node(at), add_name, &names);
	GROW(names.list, names.nr);
	names.list[names.nr] = NULL;
	diag_suggest(d, word, names.list);
	free(names.list);
	free(word);
	buf_free(&type);
	buf_free(&shown);
	return -1;
}

/* A path that is being walked, and where in it. */
struct walk {
	struct piece path;
	size_t pos;
	const char *what;
	struct span span;
	bool exact;
	struct diags *d;	/* NULL: say nothing */
};

static struct span step_span(const struct walk *w, size_t start)
{
	struct span span = w->span;

	if (w->exact && span.src) {
		span.end = span.start + w->pos;
		span.start += start;
	}
	return span;
}

/* "value.a.b is int, which has no fields" and the like, about the path so far. */
static int bad_step(const struct walk *w, const struct typed_place *at, size_t start,
		    const char *why)
{
	struct buf type = BUF_INIT, path = BUF_INIT;

	if (!w->d)
		return -1;
	place_type_text(&type, at);
	if (start && w->path.s[0] != '[')
		buf_putc(&path, '.');
	buf_escaped(&path, w->path.s, start);
	diag_error(w->d, step_span(w, start), "%s%s is %s%s", w->what, buf_str(&path),
		   buf_str(&type), why);
	buf_free(&type);
	buf_free(&path);
	return -1;
}

static int walk_index(struct walk *w, struct typed_place *at)
{
	const struct node *n = place_node(at);
	size_t start = w->pos++;
	uint64_t index = 0;
	bool digits = false;

	for (; w->pos < w->path.len && isdigit((unsigned char)w->path.s[w->pos]); w->pos++) {
		index = 10 * index + w->path.s[w->pos] - '0';
		if (index > UINT32_MAX)
			index = UINT32_MAX;
		digits = true;
	}
	if (!digits || w->pos == w->path.len || w->path.s[w->pos] != ']')
		return bad_step(w, at, start, ": expected a number in [ ]");
	w->pos++;
	if (n->kind != NODE_ARRAY)
		return bad_step(w, at, start, ", not an array");
	if (index >= n->nr)
		return bad_step(w, at, start, ": no such element");
	*at = typed_element(at, index);
	return 0;
}

static int walk_name(struct walk *w, struct typed_place *at)
{
	size_t start = w->pos;
	struct piece name = { .s = w->path.s + start };

	while (w->pos < w->path.len && !strchr(".[", w->path.s[w->pos]))
		w->pos++;
	name.len = w->pos - start;
	if (!is_compound(place_node(at)))
		return bad_step(w, at, start ? start - 1 : 0, ", which has no fields");
	if (place_node(at)->mark.len)
		return bad_step(w, at, start ? start - 1 : 0, ", the kernel's own");
	if (typed_field(at, name, NULL))
		return 0;
	return w->d ? typed_no_field(at, name, step_span(w, start), w->d) : -1;
}

int typed_walk(const struct typed *t, struct piece path, const char *what, struct span span,
	       bool exact, struct typed_place *at, struct diags *d)
{
	struct walk w = { path, .what = what, .span = span, .exact = exact, .d = d };
	int err = 0;

	*at = typed_whole(t);
	while (!err && w.pos < path.len) {
		if (path.s[w.pos] == '[') {
			err = walk_index(&w, at);
			continue;
		}
		if (w.pos && path.s[w.pos++] != '.')
			return bad_step(&w, at, w.pos - 1, ": expected '.' or '[' behind it");
		err = walk_name(&w, at);
	}
	return err;
}

int typed_find(const struct typed *t, const struct typed_word *path, const char *what,
	       struct typed_place *place, struct diags *d)
{
	struct piece p = { path->s, path->len };
	bool exact = !path->quoted && path->span.end - path->span.start == path->len;

	return typed_walk(t, p, what, path->span, exact, place, d);
}

void place_type_text(struct buf *out, const struct typed_place *at)
{
	struct buf text = BUF_INIT;

	if (at->bits)
		buf_printf(out, "%u-bit ", at->bits);
	btf_type_text(&text, at->type->btf, at->type_id);
	buf_escaped(out, buf_str(&text), text.len);
	buf_free(&text);
}

void typed_place_type_name(struct buf *out, const struct typed_place *place)
{
	place_type_text(out, place);
}

int64_t enumerator_value(const struct node *n, const struct enumerator *e)
{
	return n->enum64 || n->is_signed ? e->key : (uint32_t)e->key;
}

#define INDICES_OFFERED 64

/* What is offered, and the beginning that all of it has. */
struct completion {
	typed_candidate_fn add;
	void *arg;
	const char *head;	/* up to the field or word that is typed now */
	size_t head_len;
	const char *partial;
};

static void offer(const struct completion *c, const char *text, const char *tail, const char *note)
{
	struct buf whole = BUF_INIT;

	if (strncmp(text, c->partial, strlen(c->partial)))
		return;
	buf_add(&whole, c->head, c->head_len);
	buf_puts(&whole, text);
	buf_puts(&whole, tail);
	c->add(c->arg, buf_str(&whole), note);
	buf_free(&whole);
}

static void offer_field(void *arg, const struct typed *t, const struct member *m)
{
	const struct node *n = &t->nodes[m->node];
	struct typed_place at = { .type = t, .node = m->node, .type_id = m->type_id,
				  .bits = m->bits };
	struct buf note = BUF_INIT;

	if (n->mark.len)
		return;
	place_type_text(&note, &at);
	offer(arg, typed_text(t, m->name), is_compound(n) ? "." : "=", buf_str(&note));
	buf_free(&note);
}

static void offer_values(const struct completion *c, const struct typed_place *at)
{
	const struct typed *t = at->type;
	const struct node *n = place_node(at);
	char note[32];
	uint32_t i;

	for (i = 0; n->kind == NODE_ENUM && i < n->nr; i++) {
		const struct enumerator *e = &t->enums[n->first + i];
		int64_t value = enumerator_value(n, e);

		snprintf(note, sizeof(note), n->enum64 && !n->is_signed ? "%llu" : "%lld",
			 (long long)value);
		offer(c, typed_text(t, e->name), "", note);
	}
	if (n->kind == NODE_BOOL) {
		offer(c, "false", "", "bool");
		offer(c, "true", "", "bool");
	}
}

static void offer_indices(const struct completion *c, const struct typed_place *at)
{
	const struct node *n = place_node(at);
	struct buf note = BUF_INIT;
	struct typed_place first;
	char index[16];

	if (n->kind != NODE_ARRAY || n->text || !n->nr)
		return;
	first = typed_element(at, 0);
	place_type_text(&note, &first);
	for (uint32_t i = 0; i < n->nr && i < INDICES_OFFERED; i++) {
		snprintf(index, sizeof(index), "%u", i);
		offer(c, index, is_compound(place_node(&first)) ? "]." : "]=", buf_str(&note));
	}
	buf_free(&note);
}

/* Where the name or index that is typed now begins: behind the last dot or open bracket. */
static const char *last_step(const char *prefix)
{
	const char *dot = strrchr(prefix, '.'), *bracket = strrchr(prefix, '[');

	return bracket && !strchr(bracket, ']') ? bracket : dot;
}

void typed_complete(const struct typed *t, const char *prefix, typed_candidate_fn add, void *arg)
{
	struct completion c = { add, arg, .head = prefix };
	const char *equals = strchr(prefix, '='), *step = equals ? equals : last_step(prefix);
	struct piece path = { .s = prefix, .len = step ? step - prefix : 0 };
	struct typed_place at;

	c.head_len = step ? path.len + 1 : 0;
	c.partial = prefix + c.head_len;
	if (typed_walk(t, path, "", NO_SPAN, false, &at, NULL) < 0 || place_node(&at)->mark.len)
		return;
	if (step && *step == '[')
		offer_indices(&c, &at);
	else if (is_compound(place_node(&at)) && !equals)
		each_field(t, place_node(&at), offer_field, &c);
	else if (equals || !path.len)
		offer_values(&c, &at);
}
