// SPDX-License-Identifier: BSD-2-Clause
/*
 * Scripts, cut and put together anywhere: the lexer, the matcher and the completion must
 * not crash or hang, and
 *
 * - spans lie in their source, in order, and those of a block in the block;
 * - a statement alone reads as it does within the whole text;
 * - what is typed for a text, quoted where needed, reads back as that text.
 *
 * The first byte of an input says whether it is a batch file of bpftool's.
 */
#include <string.h>

#include "commands/table.h"
#include "shell/base/buf.h"
#include "shell/base/interrupt.h"
#include "shell/lang/complete.h"
#include "shell/lang/lex.h"
#include "shell/lang/vars.h"
#include "shell/session/session.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/script.h"

static void require_within(struct span inner, struct span outer)
{
	REQUIRE(inner.src == outer.src);
	REQUIRE(inner.start >= outer.start && inner.start <= inner.end && inner.end <= outer.end);
}

static void require_words(const struct word *w, uint32_t nr, struct span outer)
{
	uint32_t at = outer.start;

	for (uint32_t i = 0; i < nr; i++) {
		require_within(w[i].span, (struct span){ outer.src, at, outer.end });
		at = w[i].span.end;
		REQUIRE(w[i].text ? !w[i].text[w[i].len] : w[i].nr_parts > 0);
		for (uint32_t k = 0; k < w[i].nr_parts; k++)
			require_within(w[i].parts[k].span, w[i].span);
		for (uint32_t k = 0; w[i].block && k < w[i].block->nr; k++) {
			const struct stmt *stmt = &w[i].block->stmts[k];

			require_within(stmt->span, w[i].span);
			require_words(stmt->words, stmt->nr, stmt->span);
		}
	}
}

static void require_same(const struct stmt *a, const struct stmt *b)
{
	REQUIRE(a->nr == b->nr && a->nr_stages == b->nr_stages && a->shell == b->shell);
	REQUIRE(a->has_redirect == b->has_redirect && a->append == b->append);
	for (uint32_t i = 0; i < a->nr; i++) {
		const struct word *v = &a->words[i], *w = &b->words[i];

		REQUIRE(v->len == w->len && v->nr_parts == w->nr_parts && !v->text == !w->text);
		REQUIRE(v->quoted == w->quoted && v->raw == w->raw && !v->block == !w->block);
		REQUIRE(!v->text || !memcmp(v->text, w->text, v->len));
		REQUIRE(!v->block || v->block->nr == w->block->nr);
	}
}

/* The statement without what stands around it. */
static void read_alone(const struct stmt *stmt)
{
	size_t len = stmt->span.end - stmt->span.start;
	char *text = xmemdup(stmt->span.src->text + stmt->span.start, len ? len : 1);
	struct source src = { .text = text, .len = len, .batch = stmt->span.src->batch };
	struct diags d = { 0 };
	struct stmt again;
	struct lexer l;

	lex_init(&l, &src, cmd_raw_tail, bpfsh_commands, &d);
	REQUIRE(lex_next(&l, &again) == LEX_STMT);
	require_same(stmt, &again);
	REQUIRE(lex_next(&l, &again) == LEX_END);
	lex_free(&l);
	diags_clear(&d);
	free(text);
}

static void read_statements(const struct source *src)
{
	struct diags d = { 0 };
	enum lex_result r;
	struct stmt stmt;
	struct lexer l;
	size_t at = 0;

	lex_init(&l, src, cmd_raw_tail, bpfsh_commands, &d);
	while ((r = lex_next(&l, &stmt)) != LEX_END) {
		REQUIRE(l.pos > at && l.pos <= src->len && !l.depth && !l.nesting);
		require_within(stmt.span, (struct span){ src, at, src->len });
		at = l.pos;
		if (r != LEX_STMT)
			continue;
		require_words(stmt.words, stmt.nr, stmt.span);
		read_alone(&stmt);
	}
	lex_free(&l);
	diags_clear(&d);
}

/* A word that is typed for some text. */
static void quote(const char *data, size_t len)
{
	char *wanted = xstrndup(data, len);
	struct buf text = BUF_INIT;
	struct diags d = { 0 };
	struct source src;
	struct stmt stmt;
	struct lexer l;

	buf_puts(&text, "echo ");
	word_quoted(&text, wanted, true);
	src = (struct source){ .text = buf_str(&text), .len = text.len };
	lex_init(&l, &src, cmd_raw_tail, bpfsh_commands, &d);
	REQUIRE(lex_next(&l, &stmt) == LEX_STMT && stmt.nr == 2 && stmt.words[1].text);
	REQUIRE(!strcmp(stmt.words[1].text, wanted));
	lex_free(&l);
	diags_clear(&d);
	buf_free(&text);
	free(wanted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct options options;
	char *text = xmemdup(data, size ? size : 1);	/* exactly as long */
	struct source src = { .name = "fuzz", .text = text + (size > 0), .len = size - (size > 0),
			      .batch = size && *data == 'b' };
	struct buf help = BUF_INIT;
	struct completion c;
	struct session s;

	session_init(&s, bpfsh_commands, MODE_SCRIPT, &options);
	s.out->fd = -1;
	var_set(&s, "x", value_json(jv_number(1)));
	read_statements(&src);
	session_complete(&s, &src);
	complete_help(&s, &help, src.text, src.len);
	if (size % 16 == 0) {	/* it looks at the kernel and at files */
		complete_text(&s, src.text, src.len, &c);
		completion_free(&c);
	}
	quote(src.text, src.len);
	session_end(&s);
	buf_free(&help);
	free(text);
	return 0;
}

static void run_random(void)
{
	struct buf text = BUF_INIT;

	random_script(&text);
	LLVMFuzzerTestOneInput((const uint8_t *)buf_str(&text), text.len);
	buf_free(&text);
}

FUZZ_PIECES(pieces)
FUZZ_MAIN(run_random)
