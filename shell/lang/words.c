// SPDX-License-Identifier: BSD-2-Clause
/* What a word stands for when a command runs: its text, with the values of its variables in it. */
#include <inttypes.h>
#include <stdlib.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/lang/args.h"
#include "shell/lang/value.h"
#include "shell/lang/vars.h"

/* Text of a value that stands within a word. */
static char *value_text(struct ctx *ctx, const struct value *v)
{
	char *text;
	jv dump;

	switch (v->kind) {
	case VALUE_STR:
		return xstrdup(v->str);
	case VALUE_NUM:
		return xasprintf("%" PRIu64, (uint64_t)v->num);
	case VALUE_HANDLE:
		return xasprintf("%u", v->handle->id);
	case VALUE_JSON:
		if (jv_get_kind(v->json) == JV_KIND_STRING)
			return xstrndup(jv_string_value(v->json),
					jv_string_length_bytes(jv_copy(v->json)));
		dump = jv_dump_string(jv_copy(v->json), 0);
		text = xstrdup(jv_string_value(dump));
		jv_free(dump);
		return text;
	default:
		return xstrdup("");
	}
}

int word_value(struct ctx *ctx, const struct word *w, struct value *out)
{
	if (!w->text && w->nr_parts == 1)
		return var_read(ctx, w->parts[0].text, w->parts[0].len, w->parts[0].span, out);
	*out = (struct value){ .kind = VALUE_STR, .span = w->span };
	out->str = word_text(ctx, w);
	if (out->str)
		return 0;
	out->kind = VALUE_NONE;
	return -1;
}

char *word_text(struct ctx *ctx, const struct word *w)
{
	struct buf text = BUF_INIT;

	if (w->text)
		return xstrndup(w->text, w->len);
	for (uint32_t i = 0; i < w->nr_parts; i++) {
		const struct part *p = &w->parts[i];
		struct value v;
		char *s;

		if (!p->is_var) {
			buf_add(&text, p->text, p->len);
			continue;
		}
		if (var_read(ctx, p->text, p->len, p->span, &v)) {
			buf_free(&text);
			return NULL;
		}
		s = value_text(ctx, &v);
		buf_puts(&text, s);
		free(s);
		value_free(&v);
	}
	return buf_detach(&text);
}
