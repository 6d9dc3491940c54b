// SPDX-License-Identifier: BSD-2-Clause
/*
 * Disassembler, assembler, graphs and object reader against others' word: the
 * verifier, which prints each instruction as it goes; libbpf, which links; the
 * kernel's dumps; llvm-objdump. The programs are those of tests/progs.
 */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <errno.h>
#include <glob.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <cmocka.h>

#include "render/cfg/cfg.h"
#include "render/code/asm.h"
#include "render/code/code_make.h"
#include "render/code/disasm.h"
#include "render/code/elf_obj.h"
#include "shell/base/buf.h"
#include "shell/base/compat.h"
#include "shell/base/text.h"
#include "tests/unit/generator.h"

#define LOG_SIZE (16 << 20)
#define NEED_KERNEL() do { if (!usable) skip(); } while (0)

static char *verifier_log;
static bool usable, told_loops;

static struct bpf_insn *assemble(const char *text, enum code_form form, uint32_t *nr)
{
	const struct source src = { .text = text, .len = strlen(text) };
	struct diags d = { 0 };
	struct bpf_insn *insns = asm_read(&src, form, NULL, nr, NULL, &d);

	if (!insns)
		fail_msg("%s", d.list[0].msg);
	return insns;
}

/* As a listing has it: prototype, source line, number and opcode. */
static void print_listing(struct buf *out, const struct code *code, uint32_t i)
{
	const struct code_line *line = code_line_at(code, i);
	uint32_t f = code_func_at(code, i);

	if (f != CODE_NONE && code->funcs[f].proto)
		buf_printf(out, "%s:\n", code->funcs[f].proto);
	if (line) {
		buf_puts(out, "; ");
		buf_escaped(out, line->text, strlen(line->text));
		code_print_linum(out, line);
		buf_putc(out, '\n');
	}
	buf_printf(out, "%4u: (%02x) ", i, code->insns[i].code);
	code_print_insn(out, code, i);
	buf_putc(out, '\n');
}

/* What is printed assembles to what it was printed from; the kernel may hide callees' numbers. */
static void check_round_trip(const struct code *code)
{
	struct buf text = BUF_INIT;
	struct bpf_insn *insns;
	uint32_t nr = 0;

	for (uint32_t i = 0; i < code->nr; i = code_next(code, i))
		print_listing(&text, code, i);
	insns = assemble(buf_str(&text), code->form, &nr);
	assert_int_equal(nr, code->nr);
	for (uint32_t i = 0; i < nr; i++)
		if (memcmp(&insns[i], &code->insns[i], sizeof(*insns)))
			fail_msg("%s %u: not the same bytes again", code->name, i);
	free(insns);
	buf_free(&text);
}

/* Cuts "; R1=ctx()" and blanks off a line of the verifier's. */
static char *cut_state(char *text)
{
	char *end = strstr(text, " ; ");

	if (!end)
		end = text + strlen(text);
	while (end > text && (end[-1] == ' ' || end[-1] == ';'))
		end--;
	*end = '\0';
	return text;
}

/* Our text of an instruction, as the verifier has it: numbers instead of names. */
static char *verifier_text(const struct code *code, uint32_t i)
{
	struct buf text = BUF_INIT;
	const char *hash;

	code_print_insn(&text, code, i);
	hash = strchr(buf_str(&text), '#');
	if (hash && strncmp(text.data, "call pc", 7) == 0)
		text.data[hash - text.data] = '\0';
	return buf_detach(&text);
}

/* Compares each line "3: (b7) r1 = 5  ; R1=5" of the log; returns how many there were. */
static int check_log(const struct code *code, char *log)
{
	int nr = 0, at;
	char *save = NULL, *ours;

	for (char *line = strtok_r(log, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		unsigned i, opcode;

		at = 0;
		if (sscanf(line, "%u: (%x) %n", &i, &opcode, &at) != 2 || !at)
			continue;
		nr++;
		assert_true(i < code->nr);
		assert_int_equal(opcode, code->insns[i].code);
		if (opcode == 0x18 && code->insns[i].src_reg)
			continue;
		ours = verifier_text(code, i);
		if (strcmp(ours, cut_state(line + at)) && !strstr(ours, "kfunc"))
			fail_msg("%u: verifier '%s', here '%s'", i, line + at, ours);
		free(ours);
	}
	return nr;
}

/* Takes a line off @text: its begin, as sscanf() looks at all of a string. */
static bool take_line(const char **text, char line[160])
{
	size_t len = strcspn(*text, "\n");

	snprintf(line, 160, "%.*s", (int)len, *text);
	*text += len;
	if (!**text)
		return len;
	++*text;
	return true;
}

/* Whether a function that comes back may go on at @i: behind a call, or with one of a callback. */
static bool is_return(const struct code *code, uint32_t i)
{
	return BPF_OP(code->insns[i].code) == BPF_CALL ||
	       (i && BPF_OP(code->insns[i - 1].code) == BPF_CALL);
}

/*
 * Where the verifier goes from one instruction to one that does not follow, a block begins,
 * unless it comes back from a call; and where it says "from 5 to 9", one ends at 5.
 */
static void check_block_starts(const struct cfg *cfg, const char *log)
{
	uint32_t last = cfg->code->nr, from, to, opcode;
	char line[160];

	while (take_line(&log, line)) {
		if (sscanf(line, "from %u to %u", &from, &to) == 2 && from < cfg->code->nr &&
		    code_target(cfg->code, from) != CODE_NO_TARGET)
			assert_int_equal(cfg->blocks[cfg_block_of(cfg, from)].end, code_next(cfg->code, from));
		if (!isdigit(*line) || sscanf(line, "%u: (%x)", &to, &opcode) != 2)
			continue;
		assert_true(to < cfg->code->nr);
		if (last < cfg->code->nr && to != code_next(cfg->code, last) &&
		    !is_return(cfg->code, to))
			assert_int_equal(cfg->blocks[cfg_block_of(cfg, to)].start, to);
		last = to;
	}
}

/* "func#1 @8": the verifier finds the same functions. */
static void check_funcs(const struct code *code, const char *log)
{
	uint32_t f, start, nr = 0;
	char line[160];

	while (take_line(&log, line)) {
		if (sscanf(line, "func#%u @%u", &f, &start) != 2)
			continue;
		assert_true(f < code->nr_funcs);
		assert_int_equal(code->funcs[f].start, start);
		nr++;
	}
	assert_int_equal(nr, code->nr_funcs);
}

/* The header of the outermost natural loop around a block, or CFG_NONE. */
static uint32_t outermost(const struct cfg *cfg, uint32_t b)
{
	uint32_t header = cfg->blocks[b].loop;

	while (header != CFG_NONE && cfg->blocks[header].outer != CFG_NONE)
		header = cfg->blocks[header].outer;
	return header;
}

/*
 * "  2  19: 0.2.45.... (77) r7 >>= 32": instruction 19 is in the verifier's strongly connected
 * component 2, which is what we find to be an outermost loop. Those that are irreducible are none
 * of ours. Kernels before 6.17 do not tell.
 */
static void check_loops(const struct cfg *cfg, const char *log)
{
	uint32_t *header = xcalloc(cfg->code->nr + 1, sizeof(*header)), component, i, b;
	const char *live = strstr(log, "Live regs before insn:\n");
	char line[160];

	told_loops |= live != NULL;
	while (live && take_line(&live, line)) {
		bool loops = sscanf(line, "%u %u: %*[.0-9] (", &component, &i) == 2;

		if (!strncmp(line, "Live", 4))
			continue;
		if (!loops && sscanf(line, "%u: %*[.0-9] (", &i) != 1)
			break;
		assert_true(i < cfg->code->nr);
		b = cfg_block_of(cfg, i);
		if (cfg->funcs[cfg->blocks[b].func].irreducible)
			continue;
		assert_int_equal(loops, outermost(cfg, b) != CFG_NONE);
		if (!loops)
			continue;
		assert_true(component <= cfg->code->nr);
		if (!header[component])
			header[component] = outermost(cfg, b) + 1;
		assert_int_equal(header[component], outermost(cfg, b) + 1);
	}
	free(header);
}

/* "stack depth 40+0": the verifier's number for each function, after it rewrote them. */
static void check_stack(const struct cfg *cfg, const char *log)
{
	const char *p = strstr(log, "\nstack depth ");

	assert_non_null(p);
	for (uint32_t f = 0; f < cfg->nr_funcs; f++) {
		p += strcspn(p, "0123456789\n");
		if (*p == '\n')
			p += strcspn(p, "0123456789");
		assert_int_equal(cfg->funcs[f].stack, strtoul(p, (char **)&p, 10));
	}
}

static const struct {
	enum bpf_prog_type type;
	const char *text;
} texts[] = {
	{ BPF_PROG_TYPE_XDP,
	  "r1 = 0x1122334455667788; r2 = 5; r2 = bswap16 r2; r3 = r1; r3 = bswap64 r3\n"
	  "r3 = bswap32 r3; r3 = be16 r3; r3 = be32 r3; r3 = be64 r3\n"
	  "r3 = le16 r3; r3 = le32 r3; r3 = le64 r3; w3 = w1\n"
	  "r4 = (s8)r3; r4 = (s16)r3; r4 = (s32)r3; w4 = (s8)w3; w4 = (s16)w3\n"
	  "r4 s/= 3; r4 s%= 7; w4 s/= 5; w4 s%= 5; r5 = 9; r4 s/= r5; r4 s%= r5\n"
	  "w4 s/= w5; w4 s%= w5; w4 /= w5; r4 %= r5; r4 = -r4; w4 = -w4; w4 s>>= 3\n"
	  "r4 s>>= r5; r4 <<= 2; w4 >>= w5; r4 |= 7; w4 &= w5; r4 ^= -1; w4 *= 3; w4 -= w5\n"
	  "gotol over; over: r0 = 2; if w4 s< w5 goto end; if r4 s>= -3 goto end\n"
	  "if r4 & 8 goto end; if w4 & w5 goto end; if r4 <= r5 goto end; if w4 != -1 goto end\n"
	  "if r4 s> r5 goto end; if w4 s<= 5 goto end; if r4 < 100 goto end\n"
	  "may_goto end; r0 += 1; goto end; end: exit" },
	{ BPF_PROG_TYPE_XDP,
	  "r1 = 0; *(u64 *)(r10 -8) = r1; *(u64 *)(r10 -16) = 5; *(u32 *)(r10 -16) = -5\n"
	  "*(u16 *)(r10 -14) = 5; *(u8 *)(r10 -11) = 5; *(u32 *)(r10 -16) = r1\n"
	  "r2 = 3; r0 = 0; lock *(u32 *)(r10 -8) += r2; lock *(u64 *)(r10 -8) |= r2\n"
	  "lock *(u64 *)(r10 -8) &= r2; lock *(u32 *)(r10 -8) ^= r2\n"
	  "r2 = atomic64_fetch_add((u64 *)(r10 -8), r2); r2 = atomic_fetch_or((u32 *)(r10 -8), r2)\n"
	  "r2 = atomic64_fetch_and((u64 *)(r10 -8), r2); r2 = atomic_fetch_xor((u32 *)(r10 -8), r2)\n"
	  "r2 = atomic64_xchg((u64 *)(r10 -8), r2); r2 = atomic_xchg((u32 *)(r10 -8), r2)\n"
	  "r0 = atomic64_cmpxchg((u64 *)(r10 -8), r0, r2)\n"
	  "r0 = atomic_cmpxchg((u32 *)(r10 -8), r0, r2)\n"
	  "r3 = *(s8 *)(r10 -8); r3 = *(s16 *)(r10 -8); r3 = *(s32 *)(r10 -8)\n"
	  "r3 = *(u8 *)(r10 -8); r3 = *(u16 *)(r10 -8); r3 = *(u32 *)(r10 -8)\n"
	  "r3 = *(u64 *)(r10 -16); r0 = 1; exit" },
	{ BPF_PROG_TYPE_XDP,
	  "r3 = 1; *(u64 *)(r10 -8) = r3; r3 = load_acquire((u8 *)(r10 -8))\n"
	  "r3 = load_acquire((u16 *)(r10 -8)); r3 = load_acquire((u32 *)(r10 -8))\n"
	  "r3 = load_acquire((u64 *)(r10 -8)); store_release((u8 *)(r10 -8), r3)\n"
	  "store_release((u16 *)(r10 -8), r3); store_release((u32 *)(r10 -8), r3)\n"
	  "store_release((u64 *)(r10 -8), r3); r0 = 1; exit" },
	{ BPF_PROG_TYPE_SOCKET_FILTER,
	  "r6 = r1; r0 = *(u16 *)skb[12]; r0 = *(u32 *)skb[26]; r7 = 4\n"
	  "r0 = *(u8 *)skb[r7 + 14]; r0 = *(u16 *)skb[r7 + -2]; call bpf_ktime_get_ns\n"
	  "call bpf_get_prandom_u32#7; call f; exit; f: r0 = 0; exit" },
};

/* What the linker cannot know is another number: maps have no descriptors, kfuncs no IDs. */
static bool same_insn(const struct bpf_insn *a, const struct bpf_insn *b)
{
	bool named = (a->code == 0x18 && (a->src_reg == BPF_PSEUDO_MAP_FD ||
					  a->src_reg == BPF_PSEUDO_MAP_VALUE)) ||
		     (a->code == 0x85 && a->src_reg == BPF_PSEUDO_KFUNC_CALL);

	return a->code == b->code && a->dst_reg == b->dst_reg && a->src_reg == b->src_reg &&
	       a->off == b->off && (named || a->imm == b->imm);
}

/* "pc+3 <LBB0_2>", "0x1f" and "r1 +4" become "+3", "31" and "r1+4", as llvm-objdump's text does. */
static char *plain(const char *text, bool wide)
{
	struct buf out = BUF_INIT;
	char *end;

	for (const char *p = text; *p && *p != '\n'; p++) {
		if (strncmp(p, " <", 2) == 0 && (isalpha(p[2]) || p[2] == '_'))
			break;
		if (strcmp(p, " ll") == 0)
			break;
		if (*p == ' ')
			continue;
		if (strncmp(p, "pc", 2) == 0 || strncmp(p, "64_", 3) == 0) {
			p++;
			continue;
		}
		if (strncmp(p, "0x", 2)) {
			buf_putc(&out, *p);
			continue;
		}
		if (wide)
			buf_printf(&out, "%lld", (long long)strtoull(p, &end, 16));
		else
			buf_printf(&out, "%d", (int)strtoul(p, &end, 16));
		p = end - 1;
	}
	return buf_detach(&out);
}

/* Names instead of numbers, atomic operations and LD_IND are written otherwise. */
static bool llvm_differs(const struct code *code, uint32_t i)
{
	const struct bpf_insn *insn = &code->insns[i];

	return code_ref_at(code, i) || insn->code == (BPF_JMP | BPF_CALL) ||
	       (BPF_CLASS(insn->code) == BPF_LD && BPF_MODE(insn->code) == BPF_IND) ||
	       (insn->code == INSN_LD_IMM64 && insn->src_reg) ||
	       (BPF_CLASS(insn->code) == BPF_STX && BPF_MODE(insn->code) == BPF_ATOMIC &&
		insn->imm & BPF_FETCH);
}

/* Newer ones write those of memory's 32 bits so: "w1 = *(u32 *)(r2 + 4)", "*(u32 *)(r2 + 4) = w1". */
static char *wide_registers(char *text)
{
	char *stored = strstr(text, ")=w");

	if (*text == 'w' && strstr(text, "=*("))
		*text = 'r';
	else if (*text == '*' && stored)
		stored[2] = 'r';
	return text;
}

static void check_llvm_line(const struct code *code, uint32_t i, const char *line)
{
	struct buf text = BUF_INIT;
	char *theirs = plain(line, true), *ours;

	theirs = wide_registers(theirs);
	code_print_insn(&text, code, i);
	ours = plain(buf_str(&text), code->insns[i].code == INSN_LD_IMM64);
	if (strcmp(theirs, ours) && !llvm_differs(code, i))
		fail_msg("%u: llvm-objdump '%s', here '%s'", i, theirs, ours);
	buf_free(&text);
	free(theirs);
	free(ours);
}

/* What llvm-objdump makes of all sections; "" where it is not installed. */
static char *llvm_dump(const char *path)
{
	char *command = xasprintf("llvm-objdump -d --no-show-raw-insn %s 2>/dev/null", path);
	FILE *pipe = popen(command, "r");
	struct buf dump = BUF_INIT;
	size_t n;

	assert_non_null(pipe);
	while ((n = fread(buf_reserve(&dump, 65536), 1, 65536, pipe)) > 0)
		buf_commit(&dump, n);
	pclose(pipe);
	free(command);
	buf_str(&dump);
	return buf_detach(&dump);
}

/* Compares function @f, which begins at instruction @start of its section, with @lines of that. */
static void check_llvm_func(const char *lines, const struct code *code, uint32_t f, uint32_t start)
{
	uint32_t i = code->funcs[f].start, number;
	char line[160];

	while (i < code_func_end(code, f) && take_line(&lines, line)) {
		int at = 0;

		if (sscanf(line, " %u: %n", &number, &at) != 1 || !at || number < start)
			continue;
		assert_int_equal(number - start, i - code->funcs[f].start);
		check_llvm_line(code, i, line + at);
		i = code_next(code, i);
	}
	assert_int_equal(i, code_func_end(code, f));
}

/* Compares the program's functions with what llvm-objdump says of their sections. */
static void check_llvm(const char *path, const char *dump, const struct code *code)
{
	struct diags d = { 0 };
	struct elf_obj *obj = elf_obj_open(path, NO_SPAN, &d);

	assert_non_null(obj);
	for (uint32_t f = 0; f < code->nr_funcs; f++) {
		uint32_t at = 0;
		char *head;
		const char *lines;

		while (at < obj->nr_funcs && strcmp(obj->funcs[at].name, code->funcs[f].name))
			at++;
		assert_true(at < obj->nr_funcs);
		head = xasprintf("section %s:\n", obj->secs[obj->funcs[at].sec].name);
		lines = strstr(dump, head);
		assert_non_null(lines);
		check_llvm_func(lines, code, f, obj->funcs[at].start);
		free(head);
	}
	elf_obj_close(obj);
}

static void check_linked(const char *path, const char *dump, const struct bpf_program *prog)
{
	const struct bpf_insn *insns = bpf_program__insns(prog);
	struct diags d = { 0 };
	struct code *code = code_new_elf(path, bpf_program__name(prog), NULL, NO_SPAN, &d);
	struct cfg *cfg;

	if (!code)
		fail_msg("%s", d.list[0].msg);
	assert_int_equal(code->nr, bpf_program__insn_cnt(prog));
	for (uint32_t i = 0; i < code->nr; i++)
		if (!same_insn(&insns[i], &code->insns[i]))
			fail_msg("%s %s %u: libbpf links it otherwise", path, code->name, i);
	check_round_trip(code);
	cfg = cfg_build(code);
	check_block_starts(cfg, verifier_log);
	check_funcs(code, verifier_log);
	check_loops(cfg, verifier_log);
	cfg_free(cfg);
	check_log(code, verifier_log);
	if (*dump)
		check_llvm(path, dump, code);
	code_free(code);
}

/* The functions that the calls alone tell are those of the kernel's func_info. */
static void check_same_funcs(const struct code *code)
{
	struct code *plain = code_alloc(code->form, code->insns, code->nr, "", "", NULL);

	code_complete(plain);
	assert_int_equal(plain->nr_funcs, code->nr_funcs);
	for (uint32_t f = 0; f < code->nr_funcs; f++)
		assert_int_equal(plain->funcs[f].start, code->funcs[f].start);
	code_free(plain);
}

/* Reads a loaded program back, as the shell does. */
static void check_dump(int fd)
{
	struct bpf_prog_info info = { 0 }, want = { 0 };
	__u32 len = sizeof(info);
	struct bpf_func_info *funcs;
	struct bpf_line_info *lines;
	struct code *code;
	struct cfg *cfg;
	struct btf *btf;

	assert_int_equal(bpf_obj_get_info_by_fd(fd, &info, &len), 0);
	funcs = xcalloc(info.nr_func_info + 1, sizeof(*funcs));
	want.xlated_prog_len = info.xlated_prog_len;
	want.xlated_prog_insns = (uintptr_t)xmalloc(info.xlated_prog_len);
	want.nr_func_info = info.nr_func_info;
	want.func_info_rec_size = sizeof(*funcs);
	want.func_info = (uintptr_t)funcs;
	lines = xcalloc(info.nr_line_info + 1, sizeof(*lines));
	want.nr_line_info = info.nr_line_info;
	want.line_info_rec_size = sizeof(*lines);
	want.line_info = (uintptr_t)lines;
	len = sizeof(want);
	assert_int_equal(bpf_obj_get_info_by_fd(fd, &want, &len), 0);
	btf = info.btf_id ? btf__load_from_kernel_by_id(info.btf_id) : NULL;
	assert_true(btf || !info.btf_id);
	code = code_new_xlated(&(struct code_raw){
		.insns = (void *)(uintptr_t)want.xlated_prog_insns,
		.nr = want.xlated_prog_len / sizeof(struct bpf_insn),
		.func_info = funcs, .nr_func_info = want.nr_func_info,
		.func_info_rec_size = sizeof(*funcs),
		.line_info = lines, .nr_line_info = want.nr_line_info,
		.line_info_rec_size = sizeof(*lines), .btf = btf, .name = info.name, .id = info.id,
	});
	assert_true(!btf || code->nr_funcs == info.nr_func_info);
	for (uint32_t f = 0; btf && f < code->nr_funcs; f++) {
		assert_int_equal(code->funcs[f].start, funcs[f].insn_off);
		assert_non_null(code->funcs[f].proto);
	}
	check_same_funcs(code);
	cfg = cfg_build(code);
	for (uint32_t f = 0; f < cfg->nr_funcs; f++)
		assert_true(cfg->funcs[f].reachable);
	for (uint32_t b = 0; b < cfg->nr_blocks; b++)
		assert_int_equal(cfg->blocks[b].flags & (BLOCK_BAD_JUMP | BLOCK_FALLS_OFF), 0);
	check_stack(cfg, verifier_log);
	check_round_trip(code);
	cfg_free(cfg);
	code_free(code);
	btf__free(btf);
	free((void *)(uintptr_t)want.xlated_prog_insns);
	free(funcs);
	free(lines);
}

/* Loads a text, compares what the verifier and the kernel's dump make of it. */
static void check_text(enum bpf_prog_type type, const char *text)
{
	uint32_t nr;
	struct bpf_insn *insns = assemble(text, CODE_ELF, &nr);
	struct code *code = code_alloc(CODE_ELF, insns, nr, "t_asm", "", NULL);
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .log_level = 2 | 4, .log_buf = verifier_log,
		    .log_size = LOG_SIZE);
	int fd = bpf_prog_load(type, "t_asm", "GPL", insns, nr, &opts);

	code_complete(code);
	if (fd >= 0)
		check_dump(fd);
	else if (!strstr(verifier_log, "BPF_ATOMIC uses reserved fields"))
		fail_msg("%s\n%s", text, verifier_log);
	else
		print_message("this kernel lacks the atomic loads and stores\n");
	assert_true(check_log(code, verifier_log) >= 10 || fd < 0);
	check_round_trip(code);
	if (fd >= 0)
		close(fd);
	code_free(code);
	free(insns);
}

static void verifier_agrees(void **state)
{
	NEED_KERNEL();
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		check_text(texts[i].type, texts[i].text);
}

/* Valid programs of all instructions: the verifier reads them as we write them. */
static void random_agree(void **state)
{
	NEED_KERNEL();
	for (int n = 0; n < 40; n++) {
		struct generator g = { 0 };
		struct buf text = BUF_INIT;
		struct code *code;

		srandom(n);
		generate(&g);
		code = code_alloc(CODE_ELF, g.insns, g.nr, "", "", NULL);
		for (uint32_t i = 0; i < code->nr; i = code_next(code, i)) {
			code_print_insn(&text, code, i);
			buf_putc(&text, '\n');
		}
		check_text(BPF_PROG_TYPE_XDP, buf_str(&text));
		buf_free(&text);
		code_free(code);
	}
}

#define ARENA_PAGES 4
#ifndef BPF_F_MMAPABLE
#define BPF_F_MMAPABLE (1U << 10)
#endif

/* What the kernel makes of accesses to an arena has opcodes of its own. */
static void arena(void **state)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	size_t size = ARENA_PAGES * sysconf(_SC_PAGESIZE);
	void *memory;
	char *text;
	int fd;

	NEED_KERNEL();
	fd = bpf_map_create(BPF_MAP_TYPE_ARENA, "t_arena", 0, 0, ARENA_PAGES, &opts);
	if (fd < 0) {
		print_message("this kernel has no arenas\n");
		skip();
	}
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(memory, MAP_FAILED);
	text = xasprintf("r6 = map[id:%d]; r1 = 0x100000000000\n"
			 "r1 = addr_space_cast(r1, 0, 1); *(u64 *)(r1 +0) = 5\n"
			 "r2 = *(u32 *)(r1 +4); *(u32 *)(r1 +8) = r2; r2 = 1; r3 = *(s32 *)(r1 +4)\n"
			 "lock *(u64 *)(r1 +16) += r2; r2 = atomic64_fetch_add((u64 *)(r1 +16), r2)\n"
			 "r2 = load_acquire((u32 *)(r1 +16)); r0 = 0; exit", fd);
	check_text(BPF_PROG_TYPE_XDP, text);
	free(text);
	munmap(memory, size);
	close(fd);
}

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	return 0;
}

/* Loads each program of an object alone, so that the log is its own. */
static int check_object(const char *path)
{
	struct bpf_object *names = bpf_object__open(path), *obj;
	struct bpf_program *prog, *each;
	char *dump;
	int nr = 0;

	if (!names) {
		print_message("%s: libbpf does not open it\n", path);
		return 0;
	}
	dump = llvm_dump(path);
	bpf_object__for_each_program(prog, names) {
		obj = bpf_object__open(path);
		assert_non_null(obj);
		bpf_object__for_each_program(each, obj)
			bpf_program__set_autoload(each, strcmp(bpf_program__name(each),
							       bpf_program__name(prog)) == 0);
		each = bpf_object__find_program_by_name(obj, bpf_program__name(prog));
		bpf_program__set_log_level(each, 2 | 4);	/* with statistics */
		bpf_program__set_log_buf(each, verifier_log, LOG_SIZE);
		if (bpf_object__load(obj)) {
			print_message("%s %s: does not load here\n", path, bpf_program__name(prog));
		} else {
			print_message("%s %s\n", path, bpf_program__name(prog));
			check_dump(bpf_program__fd(each));
			check_linked(path, dump, each);
			nr++;
		}
		bpf_object__close(obj);
	}
	bpf_object__close(names);
	if (!*dump)
		print_message("no llvm-objdump here\n");
	free(dump);
	return nr;
}

static void objects_agree(void **state)
{
	const char *build = getenv("O");
	char *pattern = xasprintf("%s/tests/progs/cfg_*.bpf.o", build ? build : "build");
	glob_t found;
	int nr = 0;

	NEED_KERNEL();
	if (glob(pattern, 0, NULL, &found)) {
		print_message("no objects at %s: make progs\n", pattern);
		free(pattern);
		skip();
	}
	for (size_t i = 0; i < found.gl_pathc; i++)
		nr += check_object(found.gl_pathv[i]);
	assert_true(nr >= 40);
	if (!told_loops)
		print_message("this kernel's verifier does not tell of loops\n");
	globfree(&found);
	free(pattern);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verifier_agrees), cmocka_unit_test(random_agree),
		cmocka_unit_test(arena),
		cmocka_unit_test(objects_agree),
	};
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "t_probe", 4, 4, 1, NULL), err;

	usable = fd >= 0 && !geteuid();
	close(fd);
	verifier_log = xcalloc(1, LOG_SIZE);
	libbpf_set_print(quiet);
	err = cmocka_run_group_tests(tests, NULL, NULL);
	free(verifier_log);
	return err;
}
