// SPDX-License-Identifier: BSD-2-Clause
/* A counter on the terminal while a command works. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "render/sink/progress.h"
#include "shell/base/clock.h"

#define FIRST_MS 1000
#define EVERY_MS 200
#define EVERY 4096		/* elements, between two looks at the clock */

void progress_begin(struct progress *p, const char *verb)
{
	*p = (struct progress){ .verb = verb, .unit = "elements", .begin = clock_ms(),
				.terminal = isatty(STDERR_FILENO) };
}

void progress_begin_beside(struct progress *p, const char *verb)
{
	progress_begin(p, verb);
	p->terminal = p->terminal && !isatty(STDOUT_FILENO);
}

void progress_count(struct progress *p)
{
	if (++p->nr % EVERY == 0)
		progress_show(p);
}

void progress_show(struct progress *p)
{
	long long now;

	if (!p->terminal)
		return;
	now = clock_ms();
	if (now - p->begin < FIRST_MS || now - p->shown < EVERY_MS)
		return;
	fprintf(stderr, "\r%s %" PRIu64 " %s, %lld s", p->verb, (uint64_t)p->nr, p->unit,
		(now - p->begin) / 1000);
	p->shown = now;
	p->visible = true;
}

void progress_end(struct progress *p)
{
	if (p->visible)
		fputs("\r\033[K", stderr);
	p->visible = false;
}
