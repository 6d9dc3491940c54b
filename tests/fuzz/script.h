/* SPDX-License-Identifier: BSD-2-Clause */
/* The pieces that scripts are made of, for the fuzzers that read scripts. */
#ifndef BPFSH_FUZZ_SCRIPT_H
#define BPFSH_FUZZ_SCRIPT_H

#include <stdlib.h>

#include "shell/base/buf.h"

static const char *const pieces[] = {
	" ", " ", " ", "\n", ";", "|", ">", ">>", "#", "!", "\\", "'", "\"", "$", "${", "}", "{",
	"(", ")", "[", "]", "=", "==", ".", "\\(", "\r\n", "\t", "\\\n", "\xc3\xa4", "\xff", "a", "0",
	"$x", "$x = ", "${x.y}", "$x[0]", "$?", "$1", "if ", "for ", " in ", " else ", " { ", " } ",
	"if $x == 1 { ", "} else { ", "} else if ", "for $i in range(3) { ", "assert ", "plan { ",
	"echo ", "unset ", "!echo ", "map update ", "map create type hash ", "key ", "value ", "name ",
	"id ", "prog show ", "pinned /x ", "| jq '.[] | .id'", "> /dev/null", "{\"a\":1}", "source x",
	"begin", "commit confirm 3", "hex 01 02", "quit", "as $i |", "and", "not",
	"reduce .[] as $i (0; . + $i)",
};

/* Its first byte says whether it is a batch file of bpftool's. */
static inline void random_script(struct buf *text)
{
	buf_putc(text, random() % 8 ? 's' : 'b');
	for (int n = random() % 40; n > 0; n--)
		buf_puts(text, pieces[random() % ARRAY_SIZE(pieces)]);
}

#endif
