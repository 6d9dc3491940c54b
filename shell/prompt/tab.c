// SPDX-License-Identifier: BSD-2-Clause
/* Tab and "?" at the prompt. */
#include <stdlib.h>
#include <string.h>

#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/text.h"
#include "shell/lang/complete.h"
#include "shell/prompt/tab.h"

static void replace_word(struct tab_result *r, const struct completion *c, const struct buf *text,
			 const struct candidate *one, size_t len)
{
	r->remove = text->len - c->start;
	completion_typed(&r->insert, c, one, len);
}

static bool is_number(const char *s)
{
	return *s && !s[strspn(s, "0123456789")];
}

static void put_line(struct buf *out, const char *text)
{
	buf_escaped(out, text, strlen(text));
	buf_putc(out, '\n');
}

/* The only one that fits. An ID says little: the name behind it is shown when it is chosen. */
static void take_one(struct tab_result *r, const struct completion *c, const struct buf *text)
{
	const struct candidate *one = &c->found.list[0];

	replace_word(r, c, text, one, strlen(one->text));
	if (one->note && *one->note && is_number(one->text)) {
		buf_printf(&r->below, "%s  ", one->text);
		put_line(&r->below, one->note);
	}
}

/* Several fit: what they share is typed; the next Tab at the same place lists them. */
static void take_several(struct tab_result *r, const struct completion *c,
			 const struct terminal *t, const struct buf *text, char **last)
{
	size_t common = completion_common(c);
	bool again = *last && !strcmp(*last, text->data);
	struct buf now = BUF_INIT;
	int columns, rows;

	buf_add(&now, text->data, text->len);
	if (common > strlen(c->prefix)) {
		replace_word(r, c, text, &c->found.list[0], common);
		now.len -= r->remove;
		buf_add(&now, r->insert.data, r->insert.len);
	} else if (again) {
		terminal_window(t, &columns, &rows);
		candidates_show(&r->below, &c->found, columns - 1, rows - 1, t->color);
	} else {
		r->beep = true;
	}
	free(*last);
	buf_str(&now);
	*last = buf_detach(&now);
}

void tab_complete(struct session *s, const struct terminal *t, const struct buf *text, size_t line,
		  char **last, struct tab_result *r)
{
	struct completion c;

	*r = (struct tab_result){ 0 };
	complete_text(s, text->data, text->len, &c);
	if (c.found.nr == 1 && c.start >= line)
		take_one(r, &c, text);
	else if (c.found.nr && c.start >= line)
		take_several(r, &c, t, text, last);
	else if (!c.found.nr && c.found.trouble)
		put_line(&r->below, c.found.trouble);
	else	/* Nothing, or a word that began on a line which was already entered. */
		r->beep = true;
	completion_free(&c);
}

void tab_help(const struct session *s, const struct buf *text, struct tab_result *r)
{
	*r = (struct tab_result){ 0 };
	if (!complete_help(s, &r->below, text->data, text->len))
		buf_putc(&r->insert, '?');
}

void tab_result_free(struct tab_result *r)
{
	buf_free(&r->insert);
	buf_free(&r->below);
}
