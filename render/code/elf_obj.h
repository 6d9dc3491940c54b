/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A BPF object file, read and checked but not loaded: what libbpf keeps to
 * itself before a load. The file may be anything; what does not fit together
 * is left out, so that offsets and indices found here are in range.
 */
#ifndef BPFSH_RENDER_ELF_OBJ_H
#define BPFSH_RENDER_ELF_OBJ_H

#include <gelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/bpf.h>

#include "shell/base/diag.h"

struct btf;

enum elf_sec_kind { SEC_OTHER, SEC_CODE, SEC_MAPS, SEC_DATA, SEC_JUMPS };

struct elf_sec {
	enum elf_sec_kind kind;
	const char *name;
	const void *data;		/* NULL where the file holds none (.bss) */
	size_t size;			/* bytes of data */
	bool functions;			/* some of its symbols are functions */
};

/* A function symbol; offsets count instructions of its section. */
struct elf_func {
	uint32_t sec, start, nr;
	const char *name;
	bool program;			/* an entry, rather than something to be called */
	bool untyped;			/* its symbol is none of a function: old clang's were not */
};

struct elf_rel {
	uint32_t sec, insn;
	GElf_Sym sym;
	const char *name;		/* of the symbol; "" for a section's */
};

/* A record of .BTF.ext: a function's type, or a source line. */
struct elf_info {
	uint32_t sec, insn;
	const void *record;		/* whole, insn_off counting bytes */
};

struct elf_obj {
	int fd;
	Elf *elf;
	struct btf *btf;		/* or NULL */
	struct elf_sec *secs;
	uint32_t nr_secs;
	struct elf_func *funcs;		/* by section and start */
	uint32_t nr_funcs;
	struct elf_rel *rels;		/* by section and instruction */
	uint32_t nr_rels;
	struct elf_info *types, *lines;	/* by section and instruction */
	uint32_t nr_types, nr_lines;
	bool foreign;			/* of the other byte order: what is kept is in the host's */
	void **copies;			/* the data that was turned around */
	uint32_t nr_copies;
};

/* Opens and reads @path; NULL with a diagnostic. elf_obj_close() frees, strings included. */
struct elf_obj *elf_obj_open(const char *path, struct span at, struct diags *d);
void elf_obj_close(struct elf_obj *obj);

/*
 * Of @nr records sorted by their leading section and offset, @size bytes each,
 * the first that is not below (@sec, @offset): its index, or @nr.
 */
uint32_t elf_lower_bound(const void *records, uint32_t nr, size_t size, uint32_t sec,
			 uint32_t offset);
/* The function that begins exactly there, as an index; or UINT32_MAX. */
uint32_t elf_func_at(const struct elf_obj *obj, uint32_t sec, int64_t insn);
/* The relocation of that instruction, or NULL. */
const struct elf_rel *elf_rel_at(const struct elf_obj *obj, uint32_t sec, uint32_t insn);

#endif
