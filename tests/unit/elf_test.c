// SPDX-License-Identifier: BSD-2-Clause
/* What the reader of objects says about those of tests/progs, and about other files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "render/cfg/cfg.h"
#include "shell/base/buf.h"

static char *object(const char *name)
{
	const char *build = getenv("O");

	return xasprintf("%s/tests/progs/cfg_%s.bpf.o", build ? build : "build", name);
}

/* Skips where the object was not built. */
static struct code *read_program(const char *name, const char *prog)
{
	char *path = object(name);
	struct diags d = { 0 };
	struct code *code;

	if (access(path, R_OK)) {
		print_message("no %s: make progs\n", path);
		free(path);
		skip();
	}
	code = code_new_elf(path, prog, NULL, NO_SPAN, &d);
	if (!code)
		fail_msg("%s", d.list[0].msg);
	free(path);
	return code;
}

/* The text of the first instruction that begins with @begin. */
static char *find_text(const struct code *code, const char *begin)
{
	struct buf text = BUF_INIT;

	for (uint32_t i = 0; i < code->nr; i = code_next(code, i)) {
		buf_reset(&text);
		code_print_insn(&text, code, i);
		if (strncmp(buf_str(&text), begin, strlen(begin)) == 0)
			return buf_detach(&text);
	}
	fail_msg("no '%s'", begin);
	return NULL;
}

static void expect_text(const struct code *code, const char *begin, const char *text)
{
	char *found = find_text(code, begin);

	assert_string_equal(found, text);
	free(found);
}

static void names(void **state)
{
	struct code *code = read_program("callbacks", "sum_up");

	assert_string_equal(code->name, "sum_up");
	assert_string_equal(code->type, "xdp");
	assert_int_equal(code->form, CODE_ELF);
	assert_int_equal(code->nr_funcs, 4);
	assert_string_equal(code->funcs[0].proto, "int sum_up(struct xdp_md * ctx)");
	assert_string_equal(code->funcs[1].name, "step");
	assert_string_equal(code->funcs[1].proto, "long step(__u32 i, struct state * s)");
	assert_true(code->funcs[1].callback && !code->funcs[1].called);
	assert_string_equal(code->funcs[2].name, "add_element");
	assert_string_equal(code->funcs[3].name, "weight");
	assert_true(code->funcs[3].called && !code->funcs[3].callback);
	expect_text(code, "r1 = map", "r1 = map[table]");
	expect_text(code, "call bpf_loop", "call bpf_loop#181");
	code_free(code);
}

static void lines(void **state)
{
	struct code *code = read_program("callbacks", "sum_up");
	const struct code_line *line = code_line_of(code, code->funcs[3].start);

	assert_non_null(line);
	assert_int_equal(line->insn, code->funcs[3].start);
	assert_string_equal(line->text, "static __noinline __u64 weight(__u64 x)");
	assert_non_null(strstr(line->file, "cfg_callbacks.bpf.c"));
	assert_true(line->line > 10);
	assert_ptr_equal(code_line_at(code, line->insn), line);
	line = code_line_of(code, code->funcs[1].start - 1);
	assert_true(line->insn > 0 && line->insn < code->funcs[1].start);
	code_free(code);
}

static void references(void **state)
{
	struct code *code = read_program("kfuncs", NULL);
	const struct code_ref *ref = NULL;

	for (uint32_t i = 0; i < code->nr && !ref; i++)
		ref = code_ref_at(code, i);
	assert_non_null(ref);
	assert_int_equal(ref->kind, REF_EXTERN);
	assert_string_equal(ref->name, "bpf_iter_num_new");
	expect_text(code, "call ", "call bpf_iter_num_new#0 kfunc");
	code_free(code);
	code = read_program("globals", NULL);
	expect_text(code, "r2 = map", "r2 = map[.rodata][0]+0");
	code_free(code);
}

static void jump_tables(void **state)
{
	struct code *code = read_program("jumptable", "jump");
	struct cfg *cfg = cfg_build(code);

	assert_int_equal(code->nr_targets, 2);
	assert_int_equal(code->targets[0], 8);
	assert_int_equal(code->targets[1], 10);
	assert_int_equal(cfg->blocks[0].nr_edges, 2);
	assert_int_equal(cfg->edges[1].kind, EDGE_GOTOX);
	assert_int_equal(cfg->nr_blocks, 3);
	assert_int_equal(cfg->blocks[2].flags, BLOCK_EXIT);
	cfg_free(cfg);
	code_free(code);
}

static void programs(void **state)
{
	char *path = object("subprogs"), **list;
	struct diags d = { 0 };

	if (access(path, R_OK)) {
		free(path);
		skip();
	}
	list = code_elf_programs(path, NO_SPAN, &d);
	assert_non_null(list);
	assert_string_equal(list[0], "first");
	assert_string_equal(list[1], "second");
	assert_null(list[2]);
	free(list[0]);
	free(list[1]);
	free(list);

	assert_null(code_new_elf(path, NULL, NULL, NO_SPAN, &d));
	assert_non_null(strstr(d.list[0].msg, "it holds 2"));
	assert_string_equal(d.list[0].hint, "it holds first, second");
	diags_clear(&d);
	assert_null(code_new_elf(path, "third", NULL, NO_SPAN, &d));
	assert_non_null(strstr(d.list[0].msg, "cannot find program 'third' in '"));
	diags_clear(&d);
	free(path);
}

static void refuse(const char *path, const char *msg)
{
	struct diags d = { 0 };

	assert_null(code_new_elf(path, NULL, NULL, NO_SPAN, &d));
	assert_int_equal(d.errors, 1);
	assert_string_equal(d.list[0].msg, msg);
	diags_clear(&d);
}

static void other_files(void **state)
{
	char path[] = "/tmp/bpfsh-elf-XXXXXX", *msg;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	refuse("/nowhere/x.o", "cannot open '/nowhere/x.o': no such file or directory");
	refuse("/", "cannot read '/': not a regular file");
	refuse("/dev/null", "cannot read '/dev/null': not a regular file");
	refuse("/proc/self/exe", "cannot read '/proc/self/exe': not a BPF object");
	msg = xasprintf("cannot read '%s': not an ELF object", path);
	refuse(path, msg);
	assert_int_equal(write(fd, "hello, world\n", 13), 13);
	refuse(path, msg);
	free(msg);
	unlink(path);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names), cmocka_unit_test(lines), cmocka_unit_test(references),
		cmocka_unit_test(jump_tables), cmocka_unit_test(programs),
		cmocka_unit_test(other_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
