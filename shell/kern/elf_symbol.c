// SPDX-License-Identifier: BSD-2-Clause
/* Where a function lies in a program or library: its symbol, and the section that has it. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/base/diag.h"
#include "shell/kern/elf_symbol.h"
#include "shell/kern/error.h"

/* The place in the file of an address of a section; false where it has none. */
static bool place_of(Elf *elf, const GElf_Sym *sym, __u64 *offset)
{
	Elf_Scn *section = elf_getscn(elf, sym->st_shndx);
	GElf_Shdr head;

	if (!section || !gelf_getshdr(section, &head) || head.sh_type == SHT_NOBITS ||
	    sym->st_value < head.sh_addr || sym->st_value - head.sh_addr >= head.sh_size)
		return false;
	*offset = sym->st_value - head.sh_addr + head.sh_offset;
	return true;
}

/* Symbols of libraries may have a version behind their name. */
static bool is_named(const char *found, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(found, name, len) && (!found[len] || found[len] == '@');
}

static bool find_in(Elf *elf, Elf_Scn *table, const GElf_Shdr *head, const char *name,
		    __u64 *offset)
{
	Elf_Data *data = elf_getdata(table, NULL);
	GElf_Sym sym;

	for (int i = 0; data && gelf_getsym(data, i, &sym); i++) {
		int type = GELF_ST_TYPE(sym.st_info);
		const char *found;

		if ((type != STT_FUNC && type != STT_GNU_IFUNC) || sym.st_shndx == SHN_UNDEF)
			continue;
		found = elf_strptr(elf, head->sh_link, sym.st_name);
		if (found && is_named(found, name) && place_of(elf, &sym, offset))
			return true;
	}
	return false;
}

static bool find(Elf *elf, const char *name, __u64 *offset)
{
	Elf_Scn *section = NULL;
	GElf_Shdr head;

	while ((section = elf_nextscn(elf, section)))
		if (gelf_getshdr(section, &head) &&
		    (head.sh_type == SHT_SYMTAB || head.sh_type == SHT_DYNSYM) &&
		    find_in(elf, section, &head, name, offset))
			return true;
	return false;
}

static int find_in_file(int fd, const char *file, const char *name, __u64 *offset, struct span at,
			struct diags *d)
{
	Elf *elf = NULL;
	bool found;

	if (elf_version(EV_CURRENT) != EV_NONE)
		elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf || elf_kind(elf) != ELF_K_ELF) {
		elf_end(elf);
		return diag_error(d, at, "'%s' is no program or library (ELF)", file);
	}
	found = find(elf, name, offset);
	elf_end(elf);
	if (found)
		return 0;
	diag_error(d, at, "'%s' has no function '%s'", file, name);
	diag_hint(d, "where its symbols were stripped, a place in the file (0x...) can be given");
	return -1;
}

int elf_symbol_offset(const char *file, const char *name, __u64 *offset, struct span at,
		      struct diags *d)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err = 0;
	char *end;

	if (fd < 0)
		return kern_error(d, at, errno, "open '%s'", file);
	if (isdigit((unsigned char)*name)) {
		*offset = strtoull(name, &end, 0);
		if (*end)
			err = diag_error(d, at, "'%s' is no place in a file", name);
	} else {
		err = find_in_file(fd, file, name, offset, at, d);
	}
	close(fd);
	return err;
}
