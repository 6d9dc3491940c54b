// SPDX-License-Identifier: BSD-2-Clause
/*
 * Object files through the readers that need no load: damaged in any way they
 * may be refused or read, what is read makes a sound graph, and types are JSON.
 *
 * Each input is an object, or BTF alone; a random one is one of the corpus with some
 * bytes changed.
 */
#include <elf.h>
#include <glob.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <jv.h>

#include "render/btf/btf_check.h"
#include "render/btf/btf_raw.h"
#include "render/cfg/cfg.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/kern/btf.h"
#include "tests/fuzz/fuzz.h"

#define CORPUS "tests/fuzz/corpus/elf/*"

static void use_program(const char *path, const char *name)
{
	struct diags d = { 0 };
	struct code *code = code_new_elf(path, name, NULL, NO_SPAN, &d);
	struct buf text = BUF_INIT;
	struct cfg *cfg;

	if (!code) {
		diags_clear(&d);
		return;
	}
	cfg = cfg_build(code);
	for (uint32_t i = 0; i < code->nr; i = code_next(code, i)) {
		const struct code_line *line = code_line_of(code, i);

		code_print_insn(&text, code, i);
		if (line)
			code_print_linum(&text, line);
		buf_reset(&text);
	}
	for (uint32_t f = 0; f < code->nr_funcs; f++)
		if (!code->funcs[f].name || cfg->blocks[cfg->funcs[f].first_block].func != f)
			abort();
	buf_free(&text);
	cfg_free(cfg);
	code_free(code);
}

static void use_types(const char *path)
{
	struct buf text = BUF_INIT, json = BUF_INIT, why = BUF_INIT;
	struct diags d = { 0 };
	struct btf *btf = kern_btf_read(path, NULL, NO_SPAN, &d);
	jv parsed;

	diags_clear(&d);
	for (uint32_t id = 1; btf && id < btf__type_cnt(btf); id++) {
		btf_raw_plain(&text, btf, id, true);
		buf_putc(&json, id == 1 ? '[' : ',');
		btf_raw_json(&json, btf, id);
	}
	if (json.len) {
		buf_putc(&json, ']');
		parsed = jv_parse_sized(json.data, json.len);
		if (!jv_is_valid(parsed) || btf_check(btf, &why) != !why.len)
			abort();
		jv_free(parsed);
	}
	btf__free(btf);
	btf__free(kern_btf_file(path, NO_SPAN, &d));
	diags_clear(&d);
	buf_free(&text);
	buf_free(&json);
	buf_free(&why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("object", MFD_CLOEXEC);
	char *path = xasprintf("/proc/self/fd/%d", fd), **programs;
	struct diags d = { 0 };

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	programs = code_elf_programs(path, NO_SPAN, &d);
	diags_clear(&d);
	for (char **p = programs; p && *p; p++) {
		if (p - programs < 4)
			use_program(path, *p);
		free(*p);
	}
	free(programs);
	use_program(path, NULL);
	use_types(path);
	free(path);
	close(fd);
	return 0;
}

/* A section's type, place or size becomes another. */
static void damage_section(uint8_t *data, size_t size)
{
	static const uint32_t types[] = { SHT_NULL, SHT_NOBITS, SHT_PROGBITS, SHT_STRTAB, SHT_REL };
	uint64_t at, limits[] = { 0, 1, 8, size - 1, size, UINT32_MAX, UINT64_MAX };
	Elf64_Ehdr head;
	Elf64_Shdr sh;

	if (size < sizeof(head))
		return;
	memcpy(&head, data, sizeof(head));
	if (memcmp(head.e_ident, ELFMAG, SELFMAG) || !head.e_shnum || head.e_shoff > size)
		return;
	at = head.e_shoff + random() % head.e_shnum * sizeof(sh);
	if (at + sizeof(sh) > size)
		return;
	memcpy(&sh, data + at, sizeof(sh));
	switch (random() % 3) {
	case 0:
		sh.sh_type = types[random() % ARRAY_SIZE(types)];
		break;
	case 1:
		sh.sh_offset = limits[random() % ARRAY_SIZE(limits)];
		break;
	case 2:
		sh.sh_size = limits[random() % ARRAY_SIZE(limits)];
	}
	memcpy(data + at, &sh, sizeof(sh));
}

/* A few bytes change: to anything, to a limit, by a bit, or into a piece from elsewhere. */
static void damage(uint8_t *data, size_t size)
{
	static const uint8_t limits[] = { 0, 1, 0x7f, 0x80, 0xff };

	for (int n = 1 + random() % 8; n > 0; n--) {
		size_t at = random() % size, from = random() % size, len = 1 + random() % 16;

		switch (random() % 4) {
		case 0:
			data[at] = random();
			break;
		case 1:
			data[at] = limits[random() % sizeof(limits)];
			break;
		case 2:
			data[at] ^= 1 << random() % 8;
			break;
		case 3:
			if (at + len <= size && from + len <= size)
				memmove(data + at, data + from, len);
		}
	}
}

static void run_random(void)
{
	struct buf file = BUF_INIT;
	glob_t corpus;

	if (glob(CORPUS, 0, NULL, &corpus)) {
		fprintf(stderr, "no %s here\n", CORPUS);
		exit(1);
	}
	if (fuzz_read(corpus.gl_pathv[random() % corpus.gl_pathc], &file) || !file.len)
		exit(1);
	if (random() % 4 == 0)
		damage_section((uint8_t *)file.data, file.len);
	else
		damage((uint8_t *)file.data, file.len);
	if (random() % 16 == 0)
		file.len = random() % file.len;
	LLVMFuzzerTestOneInput((const uint8_t *)file.data, file.len);
	globfree(&corpus);
	buf_free(&file);
}

FUZZ_MAIN(run_random)
