/* SPDX-License-Identifier: BSD-2-Clause */
/* Pieces of the prog commands that stand in files of their own. */
#ifndef BPFSH_COMMANDS_PROG_H
#define BPFSH_COMMANDS_PROG_H

#include "render/code/code.h"
#include "shell/lang/cmd.h"

struct kern_code;
struct load_request;
struct load_result;

/* The rows of prog.c's table, each beside its function. */
extern const struct cmd prog_show_cmd, prog_load_cmd, prog_loadall_cmd, prog_dump_cmd;
extern const struct cmd prog_cfg_cmd, prog_log_cmd, prog_asm_cmd, prog_run_cmd;

/* What commands that load take alike. */
#define ARG_LOAD_TYPE									\
	{ "type", &arg_section, ARG_KEYWORD | ARG_OPTIONAL, "program type, as a section's name" }
#define ARG_LOAD_MAP									\
	{ "map", &arg_load_map, ARG_KEYWORD | ARG_OPTIONAL | ARG_REPEAT,		\
	  "a map to use in place of the object's own" }
#define ARG_LOG										\
	{ "log", NULL, ARG_FLAG | ARG_OPTIONAL, "on failure, show the verifier's whole log",	\
	  STRINGS("log") }

extern const struct arg_type arg_section;	/* VALUE_STR: a section's name */
/* section.c: the types that a section's name stands for; -1 with a diagnostic. */
int section_type(struct ctx *ctx, const struct value *section, int *prog_type, int *attach_type);
/*
 * What `type` and `map` of a load mean, to @req, whose maps the caller frees, also
 * after an error: 0, or -1 with a diagnostic.
 */
int load_options(struct ctx *ctx, struct load_request *req, const struct value *type,
		 const struct value *maps);

/* Maps that are to be pinned are, unless an earlier one stands there already. */
int load_pin_maps(struct ctx *ctx, const struct load_request *req, const struct load_result *res);
void load_result_free(struct load_result *res);

/* prog_metadata.c: variables bpf_metadata_* of a program's .rodata; invalid: there are none. */
jv prog_metadata(const __u32 *map_ids, __u32 nr);

/*
 * prog_code.c: prog_code() reads the instructions of a loaded program; *@raw must
 * outlive the result, and is then ended with kern_code_free(). NULL with a
 * diagnostic, and *@raw is nothing.
 */
struct code *prog_code(struct ctx *ctx, struct handle *prog, struct span at, struct kern_code *raw);
/* Queues why the kernel hides the code of a program; returns -1. */
int code_hidden(struct ctx *ctx, const struct handle *prog, struct span at);
/* prog_load.c: the verifier's whole log, for people, where a load failed and `log` was said. */
void tell_log(struct ctx *ctx);
/* Takes over the log of a load or check, which the session has until the next; NULL: none. */
void prog_log_keep(struct ctx *ctx, char *log);
/* Appends that log as it is for a terminal. */
void prog_log_text(const struct ctx *ctx, struct buf *out);
extern const struct arg_type arg_object;	/* VALUE_STR: an object file */
/* Offers the names of an object's programs. */
void object_programs(const char *file, struct candidates *c);

/* prog_jit.c: machine code. */
int list_jited(struct ctx *ctx, const struct code *code, const struct kern_code *raw,
	       unsigned flags, struct span at);	/* enum code_listing */

#endif
