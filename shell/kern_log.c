// SPDX-License-Identifier: BSD-2-Clause
#include <stdbool.h>
#include <stdlib.h>

#include "shell/kern_load.h"

#define LINES 4

/* Statistics that the verifier adds behind the reason. */
static bool is_statistics(const char *line)
{
	static const char *const heads[] = {
		"processed ", "verification time ", "stack depth ", "mark_precise", "max_states",
	};

	for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
		if (!strncmp(line, heads[i], strlen(heads[i])))
			return true;
	return false;
}

/* The reason comes last in a log; what it is about stands in the lines before. */
void kern_log_summary(struct buf *out, const char *log)
{
	const char *line[LINES], *end = log + strlen(log);
	size_t len[LINES];
	int nr = 0;

	while (end > log && nr < LINES) {
		const char *start = end;

		while (start > log && start[-1] != '\n')
			start--;
		if (end > start && !is_statistics(start)) {
			line[nr] = start;
			len[nr++] = end - start;
		}
		end = start > log ? start - 1 : log;
	}
	if (nr)
		buf_add(out, line[0], len[0]);
	for (int i = nr - 1; i > 0; i--) {
		buf_puts(out, "\n    ");
		buf_add(out, line[i], len[i]);
	}
}
