// SPDX-License-Identifier: BSD-2-Clause
/* What shows a program's instructions: control-flow graphs. */
#include <errno.h>
#include <stdlib.h>

#include "commands/common.h"
#include "commands/prog.h"
#include "render/cfg.h"
#include "render/cfg_text.h"
#include "render/image.h"
#include "shell/interrupt.h"

/* The helper or kfunc of a call: in a dump its address, less that of __bpf_call_base. */
static const char *call_name(void *user, const struct bpf_insn *call)
{
	__u64 base = kern_symbol_address("__bpf_call_base");
	const char *name = base ? kern_symbol(base + (__s64)call->imm) : "";

	return *name ? name : NULL;
}

/* Code of a loaded program; *@raw must live as long as it. NULL with a diagnostic. */
static struct code *load_code(struct ctx *ctx, struct handle *prog, struct span at,
			      struct kern_code *raw)
{
	int err = kern_code(prog->fd, raw);

	if (err) {
		kern_error(ctx->diags, at, -err, "read the instructions of program %u", prog->id);
		return NULL;
	}
	if (!raw->insns) {
		kern_code_free(raw);
		diag_error(ctx->diags, at, "the kernel does not show the instructions of program %u",
			   prog->id);
		diag_hint(ctx->diags, "it needs CAP_BPF and CAP_SYS_ADMIN, and net.core.bpf_jit_harden "
			  "below 2");
		return NULL;
	}
	return code_new_xlated(&(struct code_raw){
		.insns = raw->insns, .nr = raw->info.xlated_prog_len / sizeof(*raw->insns),
		.func_info = raw->func_info, .nr_func_info = raw->info.nr_func_info,
		.func_info_rec_size = raw->info.func_info_rec_size,
		.line_info = raw->line_info, .nr_line_info = raw->info.nr_line_info,
		.line_info_rec_size = raw->info.line_info_rec_size,
		.btf = raw->btf, .name = prog->name, .id = prog->id,
		.type = kern_prog_type_name(raw->info.type),
		.names = { .call = call_name } });
}

static const struct record text_record = { "text", NULL };

/* Shows a text and frees it. */
static int show_text(struct ctx *ctx, struct buf *text)
{
	const char *s = buf_str(text);
	int err;

	sink_begin(ctx->sink, &text_record, SINK_ONE);
	sink_row(ctx->sink, &CELL(.kind = CELL_TEXT, .str = { s, text->len }));
	err = sink_end(ctx->sink);
	buf_free(text);
	return err;
}

int prog_cfg(struct ctx *ctx, struct value *argv)
{
	struct image_options options = { .stop = interrupt_flag() };
	struct kern_code raw;
	struct code *code = load_code(ctx, argv[0].handle, argv[0].span, &raw);
	struct buf text = BUF_INIT;
	struct cfg *cfg;
	int err;

	if (!code)
		return -1;
	cfg = cfg_build(code);
	if (argv[1].kind == VALUE_STR) {
		err = image_write(cfg, &options, argv[1].str, argv[1].span, ctx->diags);
	} else {
		cfg_text(&text, cfg, CFG_NONE);
		err = show_text(ctx, &text);
	}
	cfg_free(cfg);
	code_free(code);
	kern_code_free(&raw);
	return err;
}
