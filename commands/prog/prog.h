/* SPDX-License-Identifier: BSD-2-Clause */
/* Pieces of the prog commands that stand in files of their own. */
#ifndef BPFSH_COMMANDS_PROG_H
#define BPFSH_COMMANDS_PROG_H

#include "render/code/code.h"
#include "shell/lang/cmd.h"

struct kern_code;
struct load_request;

/* prog.c: the types that a section's name stands for; -1 with a diagnostic. */
int section_type(struct ctx *ctx, const struct value *section, int *prog_type, int *attach_type);
/*
 * What `type` and `map` of a load mean, to @req, whose maps the caller frees, also
 * after an error: 0, or -1 with a diagnostic.
 */
int load_options(struct ctx *ctx, struct load_request *req, const struct value *type,
		 const struct value *maps);

/* prog_metadata.c: variables bpf_metadata_* of a program's .rodata; invalid where there are none. */
jv prog_metadata(const __u32 *map_ids, __u32 nr);

/*
 * prog_code.c: prog_code() reads the instructions of a loaded program; *@raw must
 * outlive the result, and is then ended with kern_code_free(). NULL with a
 * diagnostic, and *@raw is nothing.
 */
struct code *prog_code(struct ctx *ctx, struct handle *prog, struct span at, struct kern_code *raw);
/* Queues why the kernel hides the code of a program; returns -1. */
int code_hidden(struct ctx *ctx, const struct handle *prog, struct span at);
int prog_cfg(struct ctx *ctx, struct value *argv);
/* Shows the verifier's last log. */
int prog_log(struct ctx *ctx, struct value *argv);
/* prog.c: the verifier's whole log, for people, where a load failed and `log` was said. */
void tell_log(struct ctx *ctx);
/* Appends that log as it is for a terminal. */
void prog_log_text(struct buf *out);
extern const char *const cfg_forms[];
/* An object file; a program of it, and a function of the program, that stand before them. */
extern const struct arg_type arg_object, arg_obj_prog, arg_func;

/* prog_dump.c */
int prog_dump(struct ctx *ctx, struct value *argv);
extern const char *const dump_forms[];

/* prog_jit.c: machine code. */
int list_jited(struct ctx *ctx, const struct code *code, const struct kern_code *raw,
	       unsigned flags, struct span at);	/* enum code_listing */

/* prog_asm.c */
int prog_asm(struct ctx *ctx, struct value *argv);

#endif
