// SPDX-License-Identifier: BSD-2-Clause
/* Symbols of the kernel, read from /proc/kallsyms when one is first asked for. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/file.h"
#include "shell/base/search.h"
#include "shell/kern/symbols.h"

struct symbol {
	__u64 address;
	char *name;
};

/* The whole file with its names cut out in place, and where they lie, by address. */
struct symbols {
	struct buf text;
	struct symbol *list;
	size_t nr;
	bool read;
};

static int by_address(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	/* Names of one address keep their order, which is that of the file. */
	if (x->address == y->address)
		return x->name < y->name ? -1 : 1;
	return x->address < y->address ? -1 : 1;
}

static __u64 parse_hex(char **p)
{
	__u64 value = 0;

	for (;; (*p)++) {
		char c = **p | 0x20;

		if (c >= '0' && c <= '9')
			value = value << 4 | (c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value << 4 | (c - 'a' + 10);
		else
			return value;
	}
}

/* Takes one line, "address type name[\tmodule]", apart; hidden addresses are zero. */
static void parse_line(struct symbols *s, char *p, char *end)
{
	__u64 address = parse_hex(&p);
	char *name;

	if (!address || end - p < 4 || p[0] != ' ' || p[2] != ' ')
		return;
	name = p + 3;
	*end = '\0';
	name[strcspn(name, "\t ")] = '\0';
	GROW(s->list, s->nr);
	s->list[s->nr++] = (struct symbol){ address, name };
}

static const struct symbols *symbols(void)
{
	static struct symbols s;
	bool sorted = true;
	char *p, *end;

	if (s.read)
		return &s;
	s.read = true;
	file_read("/proc/kallsyms", &s.text, SIZE_MAX);
	buf_str(&s.text);
	for (p = s.text.data; p && (end = strchr(p, '\n')); p = end + 1)
		parse_line(&s, p, end);
	for (size_t i = 1; i < s.nr && sorted; i++)
		sorted = s.list[i - 1].address <= s.list[i].address;
	if (!sorted)
		qsort(s.list, s.nr, sizeof(*s.list), by_address);
	return &s;
}

static bool not_above(const void *record, const void *key)
{
	const struct symbol *symbol = record;

	return symbol->address <= *(const __u64 *)key;
}

/* The first of the symbols with the highest address not above @address. */
static const struct symbol *find(__u64 address)
{
	const struct symbols *s = symbols();
	size_t low = lower_bound(s->list, s->nr, sizeof(*s->list), not_above, &address);

	if (!low)
		return NULL;
	for (low--; low && s->list[low - 1].address == s->list[low].address; low--)
		;
	return &s->list[low];
}

const char *kern_symbol(__u64 address)
{
	const struct symbol *sym = find(address);

	return sym && sym->address == address ? sym->name : "";
}

const char *kern_symbol_near(__u64 address, __u64 *offset)
{
	const struct symbol *sym = find(address);

	*offset = sym ? address - sym->address : 0;
	return sym ? sym->name : "";
}

static __u64 symbol_address(const char *name)
{
	const struct symbols *s = symbols();

	for (size_t i = 0; i < s->nr; i++)
		if (!strcmp(s->list[i].name, name))
			return s->list[i].address;
	return 0;
}

__u64 kern_symbol_now(const char *name)
{
	struct buf text = BUF_INIT;
	size_t len = strlen(name);
	__u64 address = 0;
	char *line, *end, *p;

	file_read("/proc/kallsyms", &text, SIZE_MAX);
	buf_str(&text);
	for (line = text.data; !address && (end = strchr(line, '\n')); line = end + 1) {
		p = line;
		address = parse_hex(&p);
		if (end - p < 3 + len || strncmp(p + 3, name, len) || !strchr("\t\n ", p[3 + len]))
			address = 0;
	}
	buf_free(&text);
	return address;
}

const char *kern_call_symbol(__s32 imm)
{
	static __u64 base;

	if (!base)
		base = symbol_address("__bpf_call_base");
	return base ? kern_symbol(base + imm) : "";
}
