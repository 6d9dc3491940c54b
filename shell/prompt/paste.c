// SPDX-License-Identifier: BSD-2-Clause
/* Pasted text, up to the sequence that ends it. */
#include <wctype.h>

#include "shell/base/alloc.h"
#include "shell/prompt/paste.h"

static const wchar_t end_sequence[] = L"\033[201~";

static void put_char(struct paste *p, wchar_t ch)
{
	GROW(p->text, p->nr);
	p->text[p->nr++] = ch;
}

/* What may be inserted: printable characters, tabs and line ends. */
static void add_text(struct paste *p, wchar_t ch)
{
	if (ch == L'\r')
		ch = L'\n';
	if (ch == L'\n' || ch == L'\t' || iswprint(ch))
		put_char(p, ch);
}

bool paste_add(struct paste *p, wchar_t ch)
{
	if (ch == end_sequence[p->matched])
		return !end_sequence[++p->matched];
	for (size_t i = 0; i < p->matched; i++)
		add_text(p, end_sequence[i]);
	p->matched = ch == end_sequence[0];
	if (!p->matched)
		add_text(p, ch);
	return false;
}

wchar_t *paste_end(struct paste *p)
{
	while (p->nr && p->text[p->nr - 1] == L'\n')
		p->nr--;
	put_char(p, L'\0');
	return p->text;
}
