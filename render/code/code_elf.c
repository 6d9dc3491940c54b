// SPDX-License-Identifier: BSD-2-Clause
/*
 * A program out of an object, linked as libbpf links it before a load: each
 * subprogram is appended when the first call of it is met, its own callees at
 * once after it. Maps and externs keep their names, as nothing has a
 * descriptor or an address yet.
 */
#include <stdlib.h>

#include <bpf/btf.h>
#include <string.h>

#include "render/code/code_make.h"
#include "render/code/disasm.h"
#include "render/code/elf_obj.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/text.h"

/* No kernel takes more than a million; a hostile object can name the same ones again and again. */
#define INSNS_MAX (1u << 22)
#define UNPLACED UINT32_MAX

struct linker {
	const struct elf_obj *obj;
	struct bpf_insn *insns;
	uint32_t nr;
	uint32_t *at;			/* function -> its first instruction, or UNPLACED */
	uint32_t *order;		/* functions as they were placed */
	uint32_t nr_order;
	struct code_ref *refs;		/* names borrowed from the object */
	uint32_t nr_refs;
	uint32_t *targets;
	uint32_t nr_targets;
};

/* Appends function @f unless it is there; -1 where there is too much. */
static int place(struct linker *l, uint32_t f)
{
	const struct elf_func *func = &l->obj->funcs[f];
	const struct bpf_insn *insns = l->obj->secs[func->sec].data;

	if (l->at[f] != UNPLACED)
		return 0;
	if (func->nr > INSNS_MAX - l->nr)
		return -1;
	l->insns = xrealloc(l->insns, l->nr + func->nr, sizeof(*insns));
	memcpy(l->insns + l->nr, insns + func->start, func->nr * sizeof(*insns));
	l->at[f] = l->nr;
	l->nr += func->nr;
	l->order[l->nr_order++] = f;
	return 0;
}

static void add_ref(struct linker *l, uint32_t insn, enum code_ref_kind kind, const char *name)
{
	GROW(l->refs, l->nr_refs);
	l->refs[l->nr_refs++] = (struct code_ref){ insn, kind, (char *)name };
}

/* Lets instruction @i refer to function @g of the object; its distance is in imm. */
static int link_func(struct linker *l, uint32_t i, uint32_t g)
{
	if (place(l, g))
		return -1;
	l->insns[i].imm = (int32_t)(l->at[g] - i - 1);
	return 0;
}

/* A call: of a function here, or of a kfunc. @from is @i's place in the object. */
static int link_call(struct linker *l, uint32_t i, const struct elf_func *func, uint32_t from)
{
	const struct elf_rel *rel = elf_rel_at(l->obj, func->sec, from);
	struct bpf_insn *insn = &l->insns[i];
	uint32_t g;

	if (rel && rel->sym.st_shndx == SHN_UNDEF) {
		insn->src_reg = BPF_PSEUDO_KFUNC_CALL;
		insn->imm = 0;
		add_ref(l, i, REF_EXTERN, rel->name);
		return 0;
	}
	if (insn->src_reg != BPF_PSEUDO_CALL)
		return 0;
	if (rel)
		g = elf_func_at(l->obj, rel->sym.st_shndx,
				(int64_t)(rel->sym.st_value / sizeof(*insn)) + insn->imm + 1);
	else
		g = elf_func_at(l->obj, func->sec, (int64_t)from + insn->imm + 1);
	return g == UINT32_MAX ? 0 : link_func(l, i, g);
}

/*
 * A jump table's entries are offsets in the section; its gotox stays within
 * function @f. A table without a symbol of its own has no size: what follows
 * it for other functions is left out by their range.
 */
static void link_jumps(struct linker *l, uint32_t f, const struct elf_sec *table, uint64_t at,
		       const GElf_Sym *sym)
{
	const struct elf_func *func = &l->obj->funcs[f];
	uint64_t left = at < table->size ? table->size - at : 0, entry;

	if (GELF_ST_TYPE(sym->st_info) != STT_SECTION && sym->st_size < left)
		left = sym->st_size;
	for (; left >= sizeof(entry); at += sizeof(entry), left -= sizeof(entry)) {
		memcpy(&entry, (const char *)table->data + at, sizeof(entry));
		entry /= sizeof(struct bpf_insn);
		if (entry < func->start || entry - func->start >= func->nr)
			continue;
		GROW(l->targets, l->nr_targets);
		l->targets[l->nr_targets++] = (uint32_t)(l->at[f] + entry - func->start);
	}
}

static void link_data(struct linker *l, uint32_t i, const char *name, int64_t offset)
{
	struct bpf_insn *insn = &l->insns[i];

	insn->src_reg = BPF_PSEUDO_MAP_VALUE;
	insn[1].imm = (int32_t)offset;
	insn->imm = 0;
	add_ref(l, i, REF_DATA, name);
}

static void link_map(struct linker *l, uint32_t i, const char *name)
{
	l->insns[i].src_reg = BPF_PSEUDO_MAP_FD;
	l->insns[i].imm = 0;
	add_ref(l, i, REF_MAP, name);
}

/* An address: of a map, of data, of a function, or of something in the kernel. */
static int link_address(struct linker *l, uint32_t i, uint32_t f, uint32_t from)
{
	const struct elf_rel *rel = elf_rel_at(l->obj, l->obj->funcs[f].sec, from);
	const struct elf_sec *sec;
	struct bpf_insn *insn = &l->insns[i];
	int64_t offset;
	uint32_t g;

	if (!rel)
		return 0;
	if (rel->sym.st_shndx == SHN_UNDEF)
		add_ref(l, i, REF_EXTERN, rel->name);
	if (rel->sym.st_shndx == SHN_UNDEF || rel->sym.st_shndx >= l->obj->nr_secs)
		return 0;
	sec = &l->obj->secs[rel->sym.st_shndx];
	offset = (int64_t)rel->sym.st_value + insn->imm;
	switch (sec->kind) {
	case SEC_CODE:
		g = elf_func_at(l->obj, rel->sym.st_shndx, offset / (int64_t)sizeof(*insn));
		if (g == UINT32_MAX)
			return 0;
		insn->src_reg = BPF_PSEUDO_FUNC;
		return link_func(l, i, g);
	case SEC_MAPS:
		link_map(l, i, *rel->name ? rel->name : sec->name);
		break;
	case SEC_JUMPS:
		link_jumps(l, f, sec, offset, &rel->sym);
		/* fall through */
	case SEC_DATA:
		link_data(l, i, sec->name, offset);
		break;
	case SEC_OTHER:
		break;
	}
	return 0;
}

/* Links instruction @n of function @f. */
static int link_insn(struct linker *l, uint32_t f, uint32_t n)
{
	const struct elf_func *func = &l->obj->funcs[f];
	uint32_t i = l->at[f] + n;

	if (l->insns[i].code == (BPF_JMP | BPF_CALL))
		return link_call(l, i, func, func->start + n);
	if (l->insns[i].code == INSN_LD_IMM64 && n + 1 < func->nr)
		return link_address(l, i, f, func->start + n);
	return 0;
}

/* Goes through @main and, as they turn up, the functions that it needs. */
static int link_all(struct linker *l, uint32_t main)
{
	uint32_t *stack = xcalloc(l->obj->nr_funcs, sizeof(*stack)), depth = 0;
	uint32_t *next = xcalloc(l->obj->nr_funcs, sizeof(*next));
	int err = place(l, main);

	stack[depth++] = main;
	while (!err && depth) {
		uint32_t f = stack[depth - 1], placed = l->nr_order;

		if (next[f] == l->obj->funcs[f].nr) {
			depth--;
			continue;
		}
		err = link_insn(l, f, next[f]++);
		if (l->nr_order > placed)
			stack[depth++] = l->order[placed];
	}
	free(stack);
	free(next);
	return err;
}

static int by_insn(const void *a, const void *b)
{
	const struct code_ref *x = a, *y = b;

	return x->insn < y->insn ? -1 : x->insn > y->insn;
}

static void take_refs(struct code *code, struct linker *l)
{
	if (l->nr_refs)
		qsort(l->refs, l->nr_refs, sizeof(*l->refs), by_insn);
	for (uint32_t r = 0; r < l->nr_refs; r++)
		code_add_ref(code, l->refs[r].insn, l->refs[r].kind, l->refs[r].name);
}

static void take_func(struct code *code, const struct linker *l, uint32_t f)
{
	const struct elf_obj *obj = l->obj;
	const struct elf_func *func = &obj->funcs[f];
	uint32_t t = elf_lower_bound(obj->types, obj->nr_types, sizeof(*obj->types), func->sec,
				     func->start);
	struct bpf_func_info info = { 0 };

	if (t < obj->nr_types && obj->types[t].sec == func->sec &&
	    obj->types[t].insn == func->start)
		memcpy(&info, obj->types[t].record, sizeof(info));
	code_add_func(code, obj->btf, l->at[f], info.type_id, func->name);
}

static void take_lines(struct code *code, const struct linker *l, uint32_t f)
{
	const struct elf_obj *obj = l->obj;
	const struct elf_func *func = &obj->funcs[f];
	uint32_t i = elf_lower_bound(obj->lines, obj->nr_lines, sizeof(*obj->lines), func->sec,
				     func->start);

	for (; i < obj->nr_lines && obj->lines[i].sec == func->sec &&
	       obj->lines[i].insn - func->start < func->nr; i++) {
		struct bpf_line_info info;

		memcpy(&info, obj->lines[i].record, sizeof(info));
		code_add_line(code, obj->btf, l->at[f] + obj->lines[i].insn - func->start,
			      info.file_name_off, info.line_off, info.line_col);
	}
}

static struct code *make_code(struct linker *l, struct elf_obj *obj, uint32_t main,
			      const struct code_names *names)
{
	const struct elf_func *func = &obj->funcs[main];
	struct code *code = code_alloc(CODE_ELF, l->insns, l->nr, func->name,
				       obj->secs[func->sec].name, names);

	take_refs(code, l);
	for (uint32_t i = 0; i < l->nr_order; i++) {
		take_func(code, l, l->order[i]);
		if (obj->btf)
			take_lines(code, l, l->order[i]);
	}
	code_complete(code);
	code_set_targets(code, l->targets, l->nr_targets);
	code->btf = obj->btf;
	obj->btf = NULL;
	return code;
}

/* Which programs there are: the first ones by name, the others counted. */
static void hint_programs(const struct elf_obj *obj, struct diags *d)
{
	struct buf list = BUF_INIT;
	uint32_t more = 0;

	for (uint32_t f = 0; f < obj->nr_funcs; f++) {
		if (!obj->funcs[f].program)
			continue;
		if (list.len >= 200) {
			more++;
			continue;
		}
		buf_puts(&list, list.len ? ", " : "it holds ");
		buf_escaped(&list, obj->funcs[f].name, strlen(obj->funcs[f].name));
	}
	if (more)
		buf_printf(&list, " and %u more", more);
	if (list.len)
		diag_hint(d, "%s", buf_str(&list));
	buf_free(&list);
}

/* The program called @name, or the only one where @name is NULL; UINT32_MAX with a diagnostic. */
static uint32_t find_program(const struct elf_obj *obj, const char *path, const char *name,
			     struct span at, struct diags *d)
{
	uint32_t found = UINT32_MAX, nr = 0;

	for (uint32_t f = 0; f < obj->nr_funcs; f++) {
		if (!obj->funcs[f].program || (name && strcmp(obj->funcs[f].name, name)))
			continue;
		found = f;
		nr++;
	}
	if (nr == 1)
		return found;
	if (name)
		diag_error(d, at, "cannot find program '%s' in '%s'", name, path);
	else if (nr)
		diag_error(d, at, "cannot choose a program of '%s': it holds %u", path, nr);
	else
		diag_error(d, at, "cannot find a program in '%s'", path);
	hint_programs(obj, d);
	return UINT32_MAX;
}

struct code *code_new_elf(const char *path, const char *prog, const struct code_names *names,
			  struct span at, struct diags *d)
{
	struct elf_obj *obj = elf_obj_open(path, at, d);
	struct linker l = { .obj = obj };
	struct code *code = NULL;
	uint32_t main;

	if (!obj)
		return NULL;
	main = find_program(obj, path, prog, at, d);
	if (main != UINT32_MAX) {
		l.at = xmalloc(obj->nr_funcs * sizeof(*l.at));
		memset(l.at, 0xff, obj->nr_funcs * sizeof(*l.at));
		l.order = xcalloc(obj->nr_funcs, sizeof(*l.order));
		if (link_all(&l, main))
			diag_error(d, at, "cannot read '%s': more than %u instructions", path,
				   INSNS_MAX);
		else
			code = make_code(&l, obj, main, names);
	}
	free(l.insns);
	free(l.at);
	free(l.order);
	free(l.refs);
	free(l.targets);
	elf_obj_close(obj);
	return code;
}

char **code_elf_programs(const char *path, struct span at, struct diags *d)
{
	struct elf_obj *obj = elf_obj_open(path, at, d);
	uint32_t nr = 0;
	char **list;

	if (!obj)
		return NULL;
	list = xcalloc(obj->nr_funcs + 1, sizeof(*list));
	for (uint32_t f = 0; f < obj->nr_funcs; f++)
		if (obj->funcs[f].program)
			list[nr++] = xstrdup(obj->funcs[f].name);
	elf_obj_close(obj);
	return list;
}
