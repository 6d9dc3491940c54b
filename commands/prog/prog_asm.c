// SPDX-License-Identifier: BSD-2-Clause
/* Programs from text: assembled, and loaded through the transaction layer. */
#include <elf.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "commands/common.h"
#include "commands/pins.h"
#include "commands/prog/prog.h"
#include "render/code/asm.h"
#include "shell/base/alloc.h"
#include "shell/base/diag.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/load.h"
#include "shell/kern/map.h"
#include "shell/kern/names.h"
#include "shell/lang/args.h"
#include "shell/op/ops.h"
#include "shell/session/session.h"
#include "shell/session/source.h"
#include "shell/txn/txn.h"

enum { ASM_TEXT, ASM_TYPE, ASM_FILE, ASM_NAME, ASM_LICENSE, ASM_PIN, ASM_LOG };

/* The maps that the text refers to, held until the program is loaded. */
struct maps {
	struct ctx *ctx;
	struct handle **list;
	size_t nr;
};

/* A reference as commands take it: "$m", "id:5", "pinned:PATH", or a name. */
static int map_ref(void *user, const char *ref, struct span at, struct diags *d)
{
	static const char *const finders[] = { "id", "pinned", "name" };
	struct maps *maps = user;
	const char *finder = "name", *text = ref;
	struct part var = { .is_var = true, .text = ref + 1, .len = strlen(ref) - 1, .span = at };
	struct word words[2] = { { .span = at }, { .span = at } };
	struct value map = { 0 };
	size_t nr = 2;

	for (size_t i = 0; i < ARRAY_SIZE(finders); i++) {
		size_t len = strlen(finders[i]);

		if (!strncmp(ref, finders[i], len) && ref[len] == ':') {
			finder = finders[i];
			text = ref + len + 1;
		}
	}
	words[0].text = finder;
	words[1].text = text;
	words[1].len = strlen(text);
	if (*ref == '$') {
		words[0] = (struct word){ .span = at, .parts = &var, .nr_parts = 1 };
		nr = 1;
	}
	if (arg_map.parse(maps->ctx, NULL, words, nr, &map))
		return -1;
	GROW(maps->list, maps->nr);
	maps->list[maps->nr++] = map.handle;
	return map.handle->fd;
}

/* A kfunc, or a helper that is newer than the headers. */
static int call_ref(void *user, const char *name, struct bpf_insn *call)
{
	int id = call->src_reg == BPF_PSEUDO_KFUNC_CALL ? kern_kfunc(name) : kern_helper(name);

	call->imm = id;
	return id < 0 ? -1 : 0;
}

static struct source *no_text(struct ctx *ctx, const struct value *file, struct source *src)
{
	bool elf = src->len >= SELFMAG && !memcmp(src->text, ELFMAG, SELFMAG);

	diag_error(ctx->diags, file->span, "'%s' is no text", file->str);
	if (elf)
		diag_hint(ctx->diags, "object files are loaded by: prog load %s", file->str);
	source_free(src);
	return NULL;
}

/* Errors tell the line of the script, too. */
static void set_parent(struct source *src, struct span at)
{
	if (!at.src || !at.src->name)
		return;
	src->parent = at.src;
	src->parent_at = at.start;
}

/* The text, or the file, as a source whose lines errors can show. */
static struct source *asm_source(struct ctx *ctx, const struct value *argv)
{
	struct source src = { 0 };

	if (argv[ASM_FILE].kind == VALUE_STR) {
		if (source_read(&src, argv[ASM_FILE].str, argv[ASM_FILE].span, ctx->diags))
			return NULL;
		if (memchr(src.text, '\0', src.len))
			return no_text(ctx, &argv[ASM_FILE], &src);
		set_parent(&src, argv[ASM_FILE].span);
	} else if (argv[ASM_TEXT].kind == VALUE_STR) {
		src = (struct source){ .name = xstrdup("asm"), .text = xstrdup(argv[ASM_TEXT].str),
				       .len = strlen(argv[ASM_TEXT].str) };
		set_parent(&src, argv[ASM_TEXT].span);
	} else {
		diag_error(ctx->diags, ctx->span, "the instructions are missing");
		diag_hint(ctx->diags, "give them as one quoted word, or by 'file FILE'");
		return NULL;
	}
	return session_keep(ctx->s, &src);
}

static int load_asm(struct ctx *ctx, struct value *argv, const struct bpf_insn *insns,
		    const struct span *spans, __u32 nr)
{
	struct load_request req = {
		.file = "assembled instructions", .span = ctx->span,
		.insns = insns, .nr_insns = nr, .spans = spans,
		.name = argv[ASM_NAME].kind == VALUE_STR ? argv[ASM_NAME].str : "asm",
		.license = argv[ASM_LICENSE].kind == VALUE_STR ? argv[ASM_LICENSE].str : "GPL",
		.section = argv[ASM_TYPE].str, .section_span = argv[ASM_TYPE].span,
	};
	struct load_result res = { 0 };
	struct handle *prog;
	int err;

	if (section_type(ctx, &argv[ASM_TYPE], &req.prog_type, &req.attach_type))
		return -1;
	if (!kern_is_name(req.name))
		return kern_error(ctx->diags, argv[ASM_NAME].span, KERN_ENAME,
				  "name a program '%s'", req.name);
	err = txn_do(ctx, op_load(&req, &res, ctx->span));
	prog_log_keep(ctx, res.log);
	if (err) {
		if (argv[ASM_LOG].kind != VALUE_NONE)
			tell_log(ctx);
		return -1;
	}
	prog = res.nr_progs ? res.progs[0] : handle_new(OBJ_PROG, -1, 0, req.name);
	free(res.progs);
	ctx->result = value_handle(prog);
	if (argv[ASM_PIN].kind != VALUE_STR)
		return session_keeps_nothing(ctx) ? say_unheld(ctx, ctx->cmd, "pin ") : 0;
	return txn_do(ctx, op_pin(prog, argv[ASM_PIN].str, false, argv[ASM_PIN].span));
}

static int prog_asm(struct ctx *ctx, struct value *argv)
{
	struct maps maps = { .ctx = ctx };
	struct asm_names names = { .call = call_ref, .map = map_ref, .user = &maps };
	const struct source *src = asm_source(ctx, argv);
	struct bpf_insn *insns;
	struct span *spans = NULL;
	__u32 nr;
	int err = -1;

	if (!src)
		return -1;
	insns = asm_read(src, CODE_ELF, &names, &nr, &spans, ctx->diags);
	if (insns && !nr)
		diag_error(ctx->diags, ctx->span, "there are no instructions");
	else if (insns)
		err = load_asm(ctx, argv, insns, spans, nr);
	free(spans);
	free(insns);
	for (size_t i = 0; i < maps.nr; i++)
		handle_put(maps.list[i]);
	free(maps.list);
	return err;
}

/* As with an object: the verifier is heard first. */
static int asm_check(struct ctx *ctx, const struct match *m)
{
	return ctx->s->opt.check ? need_pin(ctx, m) : 0;
}

const struct cmd prog_asm_cmd = {
	.object = "prog", .verb = "asm",
	.help = "assemble instructions and load them as a program",
	.args = ARGS(
		[ASM_TEXT] = { "text", &arg_string, ARG_OPTIONAL,
			"instructions, ';' between them" },
		[ASM_TYPE] = { "type", &arg_section, ARG_KEYWORD,
			"program type, as a section's name" },
		[ASM_FILE] = { "file", &arg_input, ARG_KEYWORD | ARG_OPTIONAL,
			"read the instructions from a file" },
		[ASM_NAME] = { "name", &arg_string, ARG_KEYWORD | ARG_OPTIONAL,
			"the program's name" },
		[ASM_LICENSE] = { "license", &arg_string, ARG_KEYWORD | ARG_OPTIONAL,
			"the program's licence, else GPL" },
		[ASM_PIN] = { "pin", &arg_pin_path, ARG_KEYWORD | ARG_OPTIONAL, "where to pin it" },
		[ASM_LOG] = ARG_LOG),
	.flags = CMD_WRITES | CMD_MAKES,
	.check = asm_check,
	.run = prog_asm,
	.examples = STRINGS("$p = prog asm type xdp 'r0 = 2; exit'",
			    "prog asm type cgroup/connect4 file allow.s pin /sys/fs/bpf/allow"),
};
