// SPDX-License-Identifier: BSD-2-Clause
/* Finds the section .BTF by its name. */
#include <gelf.h>
#include <string.h>

#include "render/btf/btf_elf.h"
#include "shell/base/buf.h"

/* The section with its header in @sh; NULL where none is called @name. */
static Elf_Scn *section_named(Elf *elf, const char *name, GElf_Shdr *sh)
{
	Elf_Scn *scn = NULL;
	size_t strings;

	if (elf_kind(elf) != ELF_K_ELF || elf_getshdrstrndx(elf, &strings))
		return NULL;
	while ((scn = elf_nextscn(elf, scn))) {
		const char *found = gelf_getshdr(scn, sh) ?
				    elf_strptr(elf, strings, sh->sh_name) : NULL;

		if (found && !strcmp(found, name))
			return scn;
	}
	return NULL;
}

const Elf_Data *btf_elf_section(Elf *elf, struct buf *why)
{
	GElf_Shdr sh;
	Elf_Scn *scn = section_named(elf, ".BTF", &sh);
	const Elf_Data *data;

	if (!scn)
		return NULL;
	data = sh.sh_type == SHT_NOBITS ? NULL : elf_rawdata(scn, NULL);
	if (data && data->d_buf && data->d_size)
		return data;
	if (sh.sh_type == SHT_NOBITS)
		buf_puts(why, "its .BTF section is empty, as in a file of debug symbols alone");
	else if (!sh.sh_size)
		buf_puts(why, "its .BTF section is empty");
	else
		buf_puts(why, "its .BTF section lies outside of the file");
	return NULL;
}
