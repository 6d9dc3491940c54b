// SPDX-License-Identifier: BSD-2-Clause
/* Sections, symbols, relocations and BTF of an ELF object, as far as they hold. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/btf.h>

#include "render/btf/btf_check.h"
#include "render/code/elf_obj.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/search.h"

#define BTF_EXT_MAGIC 0xeb9f

/* Header of .BTF.ext, as in Documentation/bpf/btf.rst; offsets count from its end. */
struct btf_ext_head {
	uint16_t magic;
	uint8_t version, flags;
	uint32_t len;
	uint32_t func_off, func_len;
	uint32_t line_off, line_len;
};

/* Leads the records of one section in .BTF.ext. */
struct btf_ext_part {
	uint32_t sec_name, nr;
};

static bool begins(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

static enum elf_sec_kind section_kind(const char *name, const GElf_Shdr *sh)
{
	if (sh->sh_type == SHT_PROGBITS && sh->sh_flags & SHF_EXECINSTR)
		return SEC_CODE;
	if (strcmp(name, ".maps") == 0 || strcmp(name, "maps") == 0)
		return SEC_MAPS;
	if (strcmp(name, ".jumptables") == 0)
		return SEC_JUMPS;
	if (begins(name, ".data") || begins(name, ".bss") || begins(name, ".rodata") ||
	    strcmp(name, ".kconfig") == 0)
		return SEC_DATA;
	return SEC_OTHER;
}

static void swap_insns(void *data, size_t size)
{
	for (char *p = data, *end = p + size / sizeof(struct bpf_insn) * sizeof(struct bpf_insn);
	     p < end; p += sizeof(struct bpf_insn)) {
		uint8_t regs = p[1];
		uint16_t off;
		uint32_t imm;

		memcpy(&off, p + 2, sizeof(off));
		memcpy(&imm, p + 4, sizeof(imm));
		off = __builtin_bswap16(off);
		imm = __builtin_bswap32(imm);
		p[1] = (char)(regs >> 4 | regs << 4);
		memcpy(p + 2, &off, sizeof(off));
		memcpy(p + 4, &imm, sizeof(imm));
	}
}

static void swap_u64s(void *data, size_t size)
{
	for (char *p = data; size >= sizeof(uint64_t); size -= sizeof(uint64_t)) {
		uint64_t v;

		memcpy(&v, p, sizeof(v));
		v = __builtin_bswap64(v);
		memcpy(p, &v, sizeof(v));
		p += sizeof(v);
	}
}

/* All of .BTF.ext is words, but for the magic number and two bytes at its head. */
static void swap_ext(void *data, size_t size)
{
	struct btf_ext_head *head = data;
	uint32_t *words = data;

	if (size < sizeof(*head))
		return;
	head->magic = __builtin_bswap16(head->magic);
	for (size_t i = 1; i < size / sizeof(*words); i++)
		words[i] = __builtin_bswap32(words[i]);
}

/* How a section's data is turned around; NULL: it is not read, or by what does that itself. */
static void (*swap_of(const struct elf_sec *sec))(void *, size_t)
{
	if (sec->kind == SEC_CODE)
		return swap_insns;
	if (sec->kind == SEC_JUMPS)
		return swap_u64s;
	return strcmp(sec->name, ".BTF.ext") == 0 ? swap_ext : NULL;
}

static void turn_around(struct elf_obj *obj, struct elf_sec *sec)
{
	void (*swap)(void *, size_t) = swap_of(sec);
	void *copy;

	if (!swap || !sec->size)
		return;
	copy = xmalloc(sec->size);
	memcpy(copy, sec->data, sec->size);
	swap(copy, sec->size);
	GROW(obj->copies, obj->nr_copies);
	obj->copies[obj->nr_copies++] = copy;
	sec->data = copy;
}

static void read_section(struct elf_obj *obj, Elf_Scn *scn, size_t strings)
{
	struct elf_sec *sec = &obj->secs[elf_ndxscn(scn)];
	GElf_Shdr sh;
	Elf_Data *data;

	sec->name = "";
	if (!gelf_getshdr(scn, &sh))
		return;
	sec->name = elf_strptr(obj->elf, strings, sh.sh_name);
	if (!sec->name)
		sec->name = "";
	sec->kind = section_kind(sec->name, &sh);
	data = sh.sh_type == SHT_NOBITS ? NULL : elf_rawdata(scn, NULL);
	if (!data || !data->d_buf)
		return;
	sec->data = data->d_buf;
	sec->size = data->d_size;
	if (obj->foreign)
		turn_around(obj, sec);
}

static int read_sections(struct elf_obj *obj)
{
	size_t nr, strings;
	Elf_Scn *scn = NULL;

	if (elf_getshdrnum(obj->elf, &nr) || elf_getshdrstrndx(obj->elf, &strings))
		return -1;
	obj->secs = xcalloc(nr + 1, sizeof(*obj->secs));
	obj->nr_secs = (uint32_t)nr;	/* headers have 64 bytes, and the file is in memory */
	for (size_t i = 0; i < nr; i++)
		obj->secs[i].name = "";
	while ((scn = elf_nextscn(obj->elf, scn)))
		if (elf_ndxscn(scn) < nr)
			read_section(obj, scn, strings);
	return 0;
}

static const struct elf_sec *code_section(const struct elf_obj *obj, uint32_t index)
{
	return index < obj->nr_secs && obj->secs[index].kind == SEC_CODE ? &obj->secs[index] : NULL;
}

/* Instructions in so many bytes of a section, which is in memory. */
static uint32_t insns_of(uint64_t bytes)
{
	return (uint32_t)(bytes / sizeof(struct bpf_insn));
}

/* Whether a symbol lies at an instruction of a section of code that holds @bytes from there on. */
static bool is_in_code(const struct elf_obj *obj, const GElf_Sym *sym, uint64_t bytes)
{
	const struct elf_sec *sec = code_section(obj, sym->st_shndx);
	const size_t size = sizeof(struct bpf_insn);

	return sec && sym->st_value % size == 0 && bytes && bytes % size == 0 &&
	       sym->st_value <= sec->size && bytes <= sec->size - sym->st_value;
}

static struct elf_func *new_func(struct elf_obj *obj, const GElf_Sym *sym, const char *name)
{
	struct elf_func *func;

	GROW(obj->funcs, obj->nr_funcs);
	func = &obj->funcs[obj->nr_funcs++];
	*func = (struct elf_func){
		.sec = sym->st_shndx, .start = insns_of(sym->st_value), .name = name,
		.program = GELF_ST_BIND(sym->st_info) != STB_LOCAL &&
			   strcmp(obj->secs[sym->st_shndx].name, ".text"),
	};
	return func;
}

static void add_func(struct elf_obj *obj, const GElf_Sym *sym, const char *name)
{
	if (GELF_ST_TYPE(sym->st_info) != STT_FUNC || !name || !is_in_code(obj, sym, sym->st_size))
		return;
	new_func(obj, sym, name)->nr = insns_of(sym->st_size);
	obj->secs[sym->st_shndx].functions = true;
}

/* Labels of jumps are symbols too, but local ones, and not at a section's begin. */
static void add_untyped(struct elf_obj *obj, const GElf_Sym *sym, const char *name)
{
	if (GELF_ST_TYPE(sym->st_info) != STT_NOTYPE || !name || !*name ||
	    (GELF_ST_BIND(sym->st_info) == STB_LOCAL && sym->st_value) ||
	    !is_in_code(obj, sym, sizeof(struct bpf_insn)) ||
	    obj->secs[sym->st_shndx].functions)
		return;
	new_func(obj, sym, name)->untyped = true;
}

/* Functions without a size, in order: each ends where the next one or its section does. */
static void bound_untyped(struct elf_obj *obj)
{
	uint32_t kept = 0;

	for (uint32_t f = 0; f < obj->nr_funcs; f++) {
		struct elf_func func = obj->funcs[f];
		const struct elf_func *next = f + 1 < obj->nr_funcs ? &obj->funcs[f + 1] : NULL;

		if (func.untyped)
			func.nr = (next && next->sec == func.sec ? next->start :
				   insns_of(obj->secs[func.sec].size)) - func.start;
		/* Of several names of one place, the last one has it. */
		if (func.nr)
			obj->funcs[kept++] = func;
	}
	obj->nr_funcs = kept;
}

/* An object of nothing but .text holds programs there. */
static void find_programs(struct elf_obj *obj)
{
	for (uint32_t f = 0; f < obj->nr_funcs; f++)
		if (obj->funcs[f].program)
			return;
	for (uint32_t f = 0; f < obj->nr_funcs; f++)
		obj->funcs[f].program = true;
}

typedef void add_symbol(struct elf_obj *obj, const GElf_Sym *sym, const char *name);

static void read_symbols(struct elf_obj *obj, add_symbol *add)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;
	GElf_Sym sym;

	while ((scn = elf_nextscn(obj->elf, scn))) {
		Elf_Data *data;

		if (!gelf_getshdr(scn, &sh) || sh.sh_type != SHT_SYMTAB)
			continue;
		data = elf_getdata(scn, NULL);
		for (int i = 0; data && gelf_getsym(data, i, &sym); i++)
			add(obj, &sym, elf_strptr(obj->elf, sh.sh_link, sym.st_name));
	}
}

static void add_rel(struct elf_obj *obj, Elf_Data *symbols, size_t strings, uint32_t sec,
		    const GElf_Rel *rel)
{
	const size_t size = sizeof(struct bpf_insn);
	GElf_Sym sym;
	const char *name;

	if (rel->r_offset % size || rel->r_offset >= obj->secs[sec].size)
		return;
	if (!gelf_getsym(symbols, (int)GELF_R_SYM(rel->r_info), &sym))
		return;
	name = elf_strptr(obj->elf, strings, sym.st_name);
	GROW(obj->rels, obj->nr_rels);
	obj->rels[obj->nr_rels++] = (struct elf_rel){
		sec, insns_of(rel->r_offset), sym, name ? name : "",
	};
}

static void read_rels(struct elf_obj *obj, Elf_Scn *scn, const GElf_Shdr *sh)
{
	Elf_Scn *symtab = elf_getscn(obj->elf, sh->sh_link);
	Elf_Data *data = elf_getdata(scn, NULL), *symbols;
	GElf_Shdr symhdr;
	GElf_Rel rel;

	if (!code_section(obj, sh->sh_info) || !symtab || !gelf_getshdr(symtab, &symhdr))
		return;
	symbols = symhdr.sh_type == SHT_SYMTAB ? elf_getdata(symtab, NULL) : NULL;
	for (int i = 0; data && symbols && gelf_getrel(data, i, &rel); i++)
		add_rel(obj, symbols, symhdr.sh_link, sh->sh_info, &rel);
}

static void read_tables(struct elf_obj *obj)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;

	read_symbols(obj, add_func);
	read_symbols(obj, add_untyped);
	while ((scn = elf_nextscn(obj->elf, scn)))
		if (gelf_getshdr(scn, &sh) && sh.sh_type == SHT_REL)
			read_rels(obj, scn, &sh);
}

static const struct elf_sec *section_named(const struct elf_obj *obj, const char *name)
{
	for (uint32_t i = 0; i < obj->nr_secs; i++)
		if (strcmp(obj->secs[i].name, name) == 0)
			return &obj->secs[i];
	return NULL;
}

/* Takes one section's records; the bytes are known to be there. */
static void add_infos(struct elf_obj *obj, struct elf_info **list, uint32_t *nr,
		      const struct btf_ext_part *part, const char *records, uint32_t size)
{
	const char *name = btf__str_by_offset(obj->btf, part->sec_name);
	const struct elf_sec *sec = name ? section_named(obj, name) : NULL;

	if (!sec || sec->kind != SEC_CODE)
		return;
	for (uint32_t i = 0; i < part->nr; i++, records += size) {
		uint32_t offset;

		memcpy(&offset, records, sizeof(offset));
		GROW(*list, *nr);
		(*list)[(*nr)++] = (struct elf_info){
			(uint32_t)(sec - obj->secs), insns_of(offset), records,
		};
	}
}

/* Reads one kind of records: their size, then a part for each section. */
static void read_infos(struct elf_obj *obj, struct elf_info **list, uint32_t *nr, const char *data,
		       size_t len, size_t at_least)
{
	struct btf_ext_part part;
	uint32_t size;

	if (len < sizeof(size))
		return;
	memcpy(&size, data, sizeof(size));
	data += sizeof(size);
	len -= sizeof(size);
	while (size >= at_least && len >= sizeof(part)) {
		memcpy(&part, data, sizeof(part));
		data += sizeof(part);
		len -= sizeof(part);
		if (part.nr > len / size)
			return;
		add_infos(obj, list, nr, &part, data, size);
		data += (size_t)part.nr * size;
		len -= (size_t)part.nr * size;
	}
}

/* A program is shown without types rather than with wrong ones. */
static void drop_damaged(struct elf_obj *obj)
{
	struct buf why = BUF_INIT;

	if (obj->btf && !btf_check(obj->btf, &why)) {
		btf__free(obj->btf);
		obj->btf = NULL;
	}
	buf_free(&why);
}

static void read_btf(struct elf_obj *obj)
{
	const struct elf_sec *btf = section_named(obj, ".BTF");
	const struct elf_sec *ext = section_named(obj, ".BTF.ext");
	struct btf_ext_head head;
	const char *data;
	size_t len;

	if (btf && btf->data && btf->size)
		obj->btf = btf__new(btf->data, (uint32_t)btf->size);
	drop_damaged(obj);
	if (!obj->btf || !ext || !ext->data || ext->size < sizeof(head))
		return;
	memcpy(&head, ext->data, sizeof(head));
	if (head.magic != BTF_EXT_MAGIC || head.len < sizeof(head) || head.len > ext->size)
		return;
	data = (const char *)ext->data + head.len;
	len = ext->size - head.len;
	if (head.func_off <= len && head.func_len <= len - head.func_off)
		read_infos(obj, &obj->types, &obj->nr_types, data + head.func_off, head.func_len,
			   sizeof(struct bpf_func_info));
	if (head.line_off <= len && head.line_len <= len - head.line_off)
		read_infos(obj, &obj->lines, &obj->nr_lines, data + head.line_off, head.line_len,
			   sizeof(struct bpf_line_info));
}

/* All lists begin with section and offset. */
struct place {
	uint32_t sec, offset;
};

static int by_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->sec != y->sec)
		return x->sec < y->sec ? -1 : 1;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static bool before_place(const void *record, const void *key)
{
	return by_place(record, key) < 0;
}

uint32_t elf_lower_bound(const void *records, uint32_t nr, size_t size, uint32_t sec,
			 uint32_t offset)
{
	return (uint32_t)lower_bound(records, nr, size, before_place,
				     &(struct place){ sec, offset });
}

uint32_t elf_func_at(const struct elf_obj *obj, uint32_t sec, int64_t insn)
{
	uint32_t f;

	if (insn < 0 || insn > UINT32_MAX)
		return UINT32_MAX;
	f = elf_lower_bound(obj->funcs, obj->nr_funcs, sizeof(*obj->funcs), sec, (uint32_t)insn);
	if (f == obj->nr_funcs || obj->funcs[f].sec != sec || obj->funcs[f].start != insn)
		return UINT32_MAX;
	return f;
}

const struct elf_rel *elf_rel_at(const struct elf_obj *obj, uint32_t sec, uint32_t insn)
{
	uint32_t r = elf_lower_bound(obj->rels, obj->nr_rels, sizeof(*obj->rels), sec, insn);

	if (r == obj->nr_rels || obj->rels[r].sec != sec || obj->rels[r].insn != insn)
		return NULL;
	return &obj->rels[r];
}

static void sort_all(struct elf_obj *obj)
{
	if (obj->nr_funcs)
		qsort(obj->funcs, obj->nr_funcs, sizeof(*obj->funcs), by_place);
	if (obj->nr_rels)
		qsort(obj->rels, obj->nr_rels, sizeof(*obj->rels), by_place);
	if (obj->nr_types)
		qsort(obj->types, obj->nr_types, sizeof(*obj->types), by_place);
	if (obj->nr_lines)
		qsort(obj->lines, obj->nr_lines, sizeof(*obj->lines), by_place);
}

static bool host_order(const GElf_Ehdr *eh)
{
	return eh->e_ident[EI_DATA] ==
	       (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB);
}

static int check_header(struct elf_obj *obj, const char *path, struct span at, struct diags *d)
{
	GElf_Ehdr eh;

	if (elf_kind(obj->elf) != ELF_K_ELF || !gelf_getehdr(obj->elf, &eh))
		return diag_error(d, at, "cannot read '%s': not an ELF object", path);
	if (eh.e_machine != EM_BPF || eh.e_ident[EI_CLASS] != ELFCLASS64 || eh.e_type != ET_REL)
		return diag_error(d, at, "cannot read '%s': not a BPF object", path);
	obj->foreign = !host_order(&eh);
	return 0;
}

static int open_elf(struct elf_obj *obj, const char *path, struct span at, struct diags *d)
{
	struct stat st;

	obj->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (obj->fd < 0 || fstat(obj->fd, &st))
		return diag_errno(d, at, errno, "cannot open '%s'", path);
	if (!S_ISREG(st.st_mode))
		return diag_error(d, at, "cannot read '%s': not a regular file", path);
	elf_version(EV_CURRENT);
	obj->elf = elf_begin(obj->fd, ELF_C_READ, NULL);
	if (!obj->elf)
		return diag_error(d, at, "cannot read '%s': %s", path, elf_errmsg(-1));
	if (check_header(obj, path, at, d))
		return -1;
	if (read_sections(obj))
		return diag_error(d, at, "cannot read '%s': %s", path, elf_errmsg(-1));
	return 0;
}

struct elf_obj *elf_obj_open(const char *path, struct span at, struct diags *d)
{
	struct elf_obj *obj = xcalloc(1, sizeof(*obj));

	if (open_elf(obj, path, at, d)) {
		elf_obj_close(obj);
		return NULL;
	}
	read_tables(obj);
	read_btf(obj);
	sort_all(obj);
	bound_untyped(obj);
	find_programs(obj);
	return obj;
}

void elf_obj_close(struct elf_obj *obj)
{
	if (!obj)
		return;
	for (uint32_t i = 0; i < obj->nr_copies; i++)
		free(obj->copies[i]);
	free(obj->copies);
	free(obj->secs);
	free(obj->funcs);
	free(obj->rels);
	free(obj->types);
	free(obj->lines);
	btf__free(obj->btf);
	elf_end(obj->elf);
	if (obj->fd >= 0)
		close(obj->fd);
	free(obj);
}
