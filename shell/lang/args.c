// SPDX-License-Identifier: BSD-2-Clause
/* Plain argument types: text, numbers, choices, words and expressions, variables. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/kern/hook.h"
#include "shell/kern/names.h"
#include "shell/lang/args.h"
#include "shell/lang/grammar.h"
#include "shell/lang/state.h"
#include "shell/lang/value.h"
#include "shell/lang/vars.h"

int arg_parse_string(struct ctx *ctx, const struct arg *a, const struct word *w, size_t nr,
		     struct value *out)
{
	char *text = word_text(ctx, w);

	if (!text)
		return -1;
	*out = (struct value){ .kind = VALUE_STR, .str = text };
	return 0;
}

const struct arg_type arg_string = { .parse = arg_parse_string };

/* Numbers */

static int parse_number(struct ctx *ctx, const struct arg *a, const struct word *w, __u64 max,
			struct value *out)
{
	char *text = word_text(ctx, w), *end;
	unsigned long long n;
	int err = 0;

	if (!text)
		return -1;
	errno = 0;
	n = strtoull(text, &end, 0);
	if (!*text || *end || *text == '-' || *text == ' ')
		err = diag_error(ctx->diags, w->span, "%s: '%s' is not a number", a->name, text);
	else if (errno == ERANGE || n > max)
		err = diag_error(ctx->diags, w->span, "%s: %s is too large (at most %llu)", a->name,
				 text, (unsigned long long)max);
	else
		*out = (struct value){ .kind = VALUE_NUM, .num = n };
	free(text);
	return err;
}

static int number_parse(struct ctx *ctx, const struct arg *a, const struct word *w, size_t nr,
			struct value *out)
{
	return parse_number(ctx, a, w, UINT32_MAX, out);
}

static int number64_parse(struct ctx *ctx, const struct arg *a, const struct word *w, size_t nr,
			  struct value *out)
{
	return parse_number(ctx, a, w, UINT64_MAX, out);
}

const struct arg_type arg_number = { .name = "N", .parse = number_parse, .pure = true };
const struct arg_type arg_number64 = { .name = "N", .parse = number64_parse, .pure = true };

#define SECONDS_MAX 1000000

static int seconds_parse(struct ctx *ctx, const struct arg *a, const struct word *w, size_t nr,
			 struct value *out)
{
	char *text = word_text(ctx, w), *end;
	double n;
	int err = 0;

	if (!text)
		return -1;
	n = strtod(text, &end);
	if (!isdigit((unsigned char)*text) || *end)
		err = diag_error(ctx->diags, w->span, "%s: '%s' is not a number", a->name, text);
	else if (!(n >= 0.01 && n <= SECONDS_MAX))
		err = diag_error(ctx->diags, w->span, "%s: %s is out of range (0.01 to %d)", a->name,
				 text, SECONDS_MAX);
	else
		*out = (struct value){ .kind = VALUE_NUM, .num = n * 1000 };
	free(text);
	return err;
}

const struct arg_type arg_seconds = { .parse = seconds_parse, .pure = true };

/* One of a few words */

static int choice_parse(struct ctx *ctx, const struct arg *a, const struct word *w, size_t nr,
			struct value *out)
{
	char *text = word_text(ctx, w);
	struct buf all = BUF_INIT;
	int i = 0;

	if (!text)
		return -1;
	while (a->words[i] && strcmp(a->words[i], text))
		i++;
	if (!a->words[i] && session_match_flags(ctx->s) & MATCH_PREFIX)
		i = word_among(w, a->words, true);
	if (i >= 0 && a->words[i]) {
		*out = (struct value){ .kind = VALUE_NUM, .num = i };
		free(text);
		return 0;
	}
	diag_error(ctx->diags, w->span, "unknown %s '%s'", a->name, text);
	diag_suggest(ctx->diags, text, a->words);
	for (const char *const *p = a->words; *p; p++)
		buf_printf(&all, "%s%s", p == a->words ? "" : ", ", *p);
	diag_hint(ctx->diags, "one of: %s", buf_str(&all));
	buf_free(&all);
	free(text);
	return -1;
}

static void choice_complete(struct ctx *ctx, const struct match *m, const struct arg *a,
			    const struct word *w, size_t nr, struct candidates *c)
{
	for (const char *const *p = a->words; *p; p++)
		candidate_add(c, *p, NULL, false);
}

const struct arg_type arg_choice = {
	.parse = choice_parse, .complete = choice_complete, .pure = true
};

/* Words and expressions as they stand */

static int words_parse(struct ctx *ctx, const struct arg *a, const struct word *w, size_t nr,
		       struct value *out)
{
	*out = (struct value){ .kind = VALUE_WORDS, .words = { w, nr } };
	return 0;
}

const struct arg_type arg_words = { .name = "WORD...", .parse = words_parse, .greedy = true };

static int expr_parse(struct ctx *ctx, const struct arg *a, const struct word *w, size_t nr,
		      struct value *out)
{
	if (!w->len) {
		diag_error(ctx->diags, w->span, "an expression is missing");
		diag_hint(ctx->diags, "expressions are jq's: assert $m.max_entries == 64");
		return -1;
	}
	*out = (struct value){ .kind = VALUE_STR, .str = xstrndup(w->text, w->len) };
	return 0;
}

static int block_parse(struct ctx *ctx, const struct arg *a, const struct word *w, size_t nr,
		       struct value *out)
{
	*out = (struct value){ .kind = VALUE_BLOCK, .block = w->block };
	return w->block ? 0 : diag_error(ctx->diags, w->span, "a block in braces must stand here");
}

const struct arg_type arg_block = { .name = "{ COMMANDS }", .parse = block_parse, .pure = true,
				    .block = true };

const struct arg_type arg_expr = { .name = "EXPR", .parse = expr_parse, .pure = true, .raw = true };

/* Map types */

static int map_type_parse(struct ctx *ctx, const struct arg *a, const struct word *w, size_t nr,
			  struct value *out)
{
	char *text = word_text(ctx, w);
	const char **names;
	int type;

	if (!text)
		return -1;
	type = kern_map_type(text);
	if (type >= 0) {
		*out = (struct value){ .kind = VALUE_NUM, .num = type };
		free(text);
		return 0;
	}
	names = kern_map_type_names();
	diag_error(ctx->diags, w->span, "unknown map type '%s'", text);
	diag_suggest(ctx->diags, text, names);
	free(names);
	free(text);
	return -1;
}

static void map_type_complete(struct ctx *ctx, const struct match *m, const struct arg *a,
			      const struct word *w, size_t nr, struct candidates *c)
{
	const char **names = kern_map_type_names();

	for (const char **p = names; *p; p++)
		candidate_add(c, *p, NULL, false);
	free(names);
}

const struct arg_type arg_map_type = {
	.name = "TYPE", .parse = map_type_parse, .complete = map_type_complete, .pure = true
};

/* Commands, for help */

static void command_complete(struct ctx *ctx, const struct match *m, const struct arg *a,
			     const struct word *w, size_t nr, struct candidates *c)
{
	if (nr < 2)
		cmd_complete(ctx, w, nr, c);
}

const struct arg_type arg_command = {
	.name = "COMMAND", .parse = words_parse, .complete = command_complete, .greedy = true
};

static void run_complete(struct ctx *ctx, const struct match *m, const struct arg *a,
			 const struct word *w, size_t nr, struct candidates *c)
{
	cmd_complete(ctx, w, nr, c);
}

const struct arg_type arg_run = {
	.name = "COMMAND", .parse = words_parse, .complete = run_complete, .greedy = true,
	.runs = true
};

/* Variables by name */

static int variable_parse(struct ctx *ctx, const struct arg *a, const struct word *w, size_t nr,
			  struct value *out)
{
	const char *name = w->nr_parts == 1 ? w->parts[0].text : w->text ? w->text : "";
	bool bad = !*name || isdigit((unsigned char)*name) || !strcmp(name, "_");

	for (const char *p = name; *p && !bad; p++)
		bad = !isalnum((unsigned char)*p) && *p != '_';
	if (bad) {
		diag_error(ctx->diags, w->span, "a variable's name must stand here");
		diag_hint(ctx->diags, "as in: $name");
		return -1;
	}
	*out = (struct value){ .kind = VALUE_STR, .str = xstrdup(name) };
	return 0;
}

static void variable_complete(struct ctx *ctx, const struct match *m, const struct arg *a,
			      const struct word *w, size_t nr, struct candidates *c)
{
	for (size_t i = 0; i < ctx->s->nr_vars; i++) {
		char *text = xasprintf("$%s", ctx->s->vars[i].name);

		candidate_add(c, text, NULL, false);
		free(text);
	}
}

const struct arg_type arg_variable = {
	.name = "$VARIABLE", .parse = variable_parse, .complete = variable_complete,
	.pure = true, .names = true
};
