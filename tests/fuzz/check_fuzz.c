// SPDX-License-Identifier: BSD-2-Clause
/*
 * Scripts through the checks before they run: nothing may crash or hang, and errors are shown as
 * JSON that parses. Expressions are compiled, which takes libjq its time: far slower than lex_fuzz.
 *
 * The first byte of an input says whether it is a batch file of bpftool's.
 */
#include <jv.h>

#include "commands/table.h"
#include "shell/base/buf.h"
#include "shell/lang/vars.h"
#include "shell/session/session.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/script.h"

static void check_all(struct session *s, const struct source *src)
{
	struct diags d = { 0 };
	struct buf text = BUF_INIT;
	jv json;

	session_check(s, src, &d);
	diags_text(&text, &d, true);
	buf_reset(&text);
	if (d.errors) {
		diags_json(&text, &d);
		json = jv_parse_sized(text.data, text.len);
		REQUIRE(jv_is_valid(json));
		jv_free(json);
	}
	buf_free(&text);
	diags_clear(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct options options;
	char *text = xmemdup(data, size ? size : 1);	/* exactly as long */
	struct source src = { .name = "fuzz", .text = text + (size > 0), .len = size - (size > 0),
			      .batch = size && *data == 'b' };
	struct session s;

	session_init(&s, bpfsh_commands, MODE_SCRIPT, &options);
	s.out->fd = -1;
	var_set(&s, "x", value_json(jv_number(1)));
	check_all(&s, &src);
	session_complete(&s, &src);
	session_end(&s);
	free(text);
	return 0;
}

/* A check takes its time: one in ten. */
static void run_random(void)
{
	struct buf text = BUF_INIT;

	if (random() % 10)
		return;
	random_script(&text);
	LLVMFuzzerTestOneInput((const uint8_t *)buf_str(&text), text.len);
	buf_free(&text);
}

FUZZ_PIECES(pieces)
FUZZ_MAIN(run_random)
