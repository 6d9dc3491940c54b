// SPDX-License-Identifier: BSD-2-Clause
/* A filter of jq behind a command: its options, and what it makes of the command's JSON. */
#include <stdlib.h>
#include <string.h>

#include "render/sink/out.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/interrupt.h"
#include "shell/base/text.h"
#include "shell/lang/args.h"
#include "shell/lang/expr.h"
#include "shell/session/jq.h"

void jq_stage_free(struct jq_stage *jq)
{
	if (!jq)
		return;
	free(jq->filter);
	jv_free(jq->args);
	free(jq);
}

static const struct {
	const char *option;
	size_t field;
} jq_options[] = {
	{ "-r", offsetof(struct jq_stage, raw) },
	{ "--raw-output", offsetof(struct jq_stage, raw) },
	{ "-c", offsetof(struct jq_stage, compact) },
	{ "--compact-output", offsetof(struct jq_stage, compact) },
	{ "-S", offsetof(struct jq_stage, sort) },
	{ "--sort-keys", offsetof(struct jq_stage, sort) },
	{ "-a", offsetof(struct jq_stage, ascii) },
	{ "-s", offsetof(struct jq_stage, slurp) },
	{ "--slurp", offsetof(struct jq_stage, slurp) },
	{ "-e", offsetof(struct jq_stage, status) },
	{ "--exit-status", offsetof(struct jq_stage, status) },
};

static bool set_option(struct jq_stage *jq, const char *option)
{
	for (size_t i = 0; i < ARRAY_SIZE(jq_options); i++) {
		if (strcmp(jq_options[i].option, option))
			continue;
		*(bool *)((char *)jq + jq_options[i].field) = true;
		return true;
	}
	return false;
}

/* -rc is -r -c. */
static bool set_options(struct jq_stage *jq, const char *word)
{
	char one[3] = "-";

	if (set_option(jq, word))
		return true;
	for (const char *p = word + 1; *p; p++) {
		one[1] = *p;
		if (word[1] == '-' || !set_option(jq, one))
			return false;
	}
	return word[1];
}

/* --arg NAME TEXT, --argjson NAME JSON */
static int jq_argument(struct ctx *ctx, struct jq_stage *jq, const struct word *w, uint32_t left)
{
	char *name, *text;
	jv value;

	if (left < 3)
		return diag_error(ctx->diags, w->span, "jq: '%s' takes a name and a value", w->text);
	name = word_text(ctx, &w[1]);
	text = name ? word_text(ctx, &w[2]) : NULL;
	if (!text) {
		free(name);
		return -1;
	}
	value = word_is(w, "--arg") ? jv_string(text) : jv_parse(text);
	free(text);
	if (!jv_is_valid(value)) {
		jv_free(value);
		free(name);
		return diag_error(ctx->diags, w[2].span, "jq: the value is not JSON");
	}
	jq->args = jv_object_set(jq->args, jv_string(name), value);
	free(name);
	return 0;
}

struct jq_stage *jq_stage_new(struct ctx *ctx, const struct stage *stage)
{
	struct jq_stage *jq = xcalloc(1, sizeof(*jq));

	jq->args = jv_object();
	jq->span = stage->words[0].span;
	for (uint32_t i = 1; i < stage->nr; i++) {
		const struct word *w = &stage->words[i];

		if (word_is(w, "--arg") || word_is(w, "--argjson")) {
			if (jq_argument(ctx, jq, w, stage->nr - i))
				goto fail;
			i += 2;
		} else if (w->text && !w->quoted && *w->text == '-') {
			if (!set_options(jq, w->text)) {
				diag_error(ctx->diags, w->span, "jq: unknown option '%s'", w->text);
				diag_hint(ctx->diags, "known are -r -c -S -a -s -e, --arg and --argjson");
				goto fail;
			}
		} else if (jq->filter) {
			diag_error(ctx->diags, w->span, "jq: more than one filter");
			goto fail;
		} else {
			jq->filter = word_text(ctx, w);
			if (!jq->filter)
				goto fail;
			jq->span = w->span;
		}
	}
	if (!jq->filter)
		jq->filter = xstrdup(".");
	return jq;
fail:
	jq_stage_free(jq);
	return NULL;
}

static int jq_dump_flags(const struct jq_stage *jq)
{
	return (jq->compact ? 0 : JV_PRINT_PRETTY | JV_PRINT_INDENT_FLAGS(2)) |
	       (jq->sort ? JV_PRINT_SORTED : 0) | (jq->ascii ? JV_PRINT_ASCII : 0);
}

/* Names from the kernel are among it: on a terminal control characters are shown, not obeyed. */
static void jq_write(struct out *out, const char *text, size_t len)
{
	if (out->escape)
		buf_escaped_lines(out_buf(out), text, len);
	else
		buf_add(out_buf(out), text, len);
	out_pushed(out);
}

static void jq_print(struct jq_stage *jq, jv v, struct out *out)
{
	bool raw = jq->raw && !jq->list && jv_get_kind(v) == JV_KIND_STRING;
	jv text = raw ? v : jv_dump_string(v, jq->list ? 0 : jq_dump_flags(jq));

	if (jq->list && jq->results++)
		out_write(out, ",", 1);
	jq_write(out, jv_string_value(text), jv_string_length_bytes(jv_copy(text)));
	if (!jq->list)
		out_write(out, "\n", 1);
	jv_free(text);
}

/* All results for one input, which is taken over. */
static int jq_one(struct jq_stage *jq, struct expr_run *run, jv input, struct out *out, bool *truth)
{
	int found = 0;
	jv v;

	expr_feed(run, input);
	while (!out->error && !interrupted() && (found = expr_next(run, &v)) > 0) {
		*truth = jv_get_kind(v) != JV_KIND_NULL && jv_get_kind(v) != JV_KIND_FALSE;
		jq_print(jq, v, out);
	}
	return found < 0 ? -1 : 0;
}

/* The documents of the command's JSON, each by itself or all as one. */
static int jq_all(struct jq_stage *jq, struct expr_run *run, const struct buf *in, struct out *out,
		  bool *truth)
{
	struct jv_parser *parser = jv_parser_new(0);
	jv slurped = jv_array(), v;
	int err = 0;

	jv_parser_set_buf(parser, in->data ? in->data : "", in->len, 0);
	while (!err && jv_is_valid(v = jv_parser_next(parser))) {
		if (jq->slurp)
			slurped = jv_array_append(slurped, v);
		else
			err = jq_one(jq, run, v, out, truth);
	}
	if (!err)
		jv_free(v);
	jv_parser_free(parser);
	if (!err && jq->slurp)
		return jq_one(jq, run, slurped, out, truth);
	jv_free(slurped);
	return err;
}

int jq_run(struct jq_stage *jq, struct session *s, const struct buf *in, struct out *out,
		  struct diags *d)
{
	struct ctx ctx = { .s = s, .diags = d };
	struct expr_run *run = expr_open(&ctx, jq->filter, jq->span, jq->args);
	bool truth = false;
	int err;

	if (!run)
		return -1;
	if (jq->list)
		out_write(out, "[", 1);
	err = jq_all(jq, run, in, out, &truth);
	if (jq->list)
		out_write(out, "]", 1);
	expr_end(run);
	if (!err && jq->status && !truth)
		err = diag_error(d, jq->span, "jq: the last result is false or null");
	return err;
}
