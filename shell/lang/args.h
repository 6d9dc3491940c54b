/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The argument types of the command table: how each is written, read and
 * completed. What a value holds is said beside each.
 */
#ifndef BPFSH_ARGS_H
#define BPFSH_ARGS_H

#include <stddef.h>

#include "shell/kern/link.h"
#include "shell/lang/cmd.h"

struct stat;

extern const struct arg_type arg_string;	/* VALUE_STR */
extern const struct arg_type arg_number;	/* VALUE_NUM, 32 bits */
extern const struct arg_type arg_number64;	/* VALUE_NUM */
extern const struct arg_type arg_choice;	/* VALUE_NUM: index in the argument's words */
extern const struct arg_type arg_file;		/* VALUE_STR: a path to write to */
extern const struct arg_type arg_input;		/* VALUE_STR: a path to read, or "-" */
extern const struct arg_type arg_script;	/* the same, of commands */
extern const struct arg_type arg_batch;		/* the same, a batch file of bpftool's */
extern const struct arg_type arg_pin_path;	/* VALUE_STR: a path on a bpffs */
extern const struct arg_type arg_words;		/* VALUE_WORDS: one or more */
extern const struct arg_type arg_block;		/* VALUE_BLOCK: "{ COMMANDS }" */
extern const struct arg_type arg_expr;		/* VALUE_STR: an expression, not yet run */
extern const struct arg_type arg_map_type;	/* VALUE_NUM: enum bpf_map_type */
extern const struct arg_type arg_command;	/* VALUE_WORDS: words of a command, for help */
extern const struct arg_type arg_run;		/* VALUE_WORDS: a whole command, to be run */
extern const struct arg_type arg_seconds;	/* VALUE_NUM: milliseconds, written as seconds */
extern const struct arg_type arg_variable;	/* VALUE_STR: name behind the dollar sign */

/* References; "one" types are VALUE_HANDLE, the others VALUE_HANDLES. */
extern const struct arg_type arg_prog, arg_progs;
extern const struct arg_type arg_map, arg_maps;
extern const struct arg_type arg_link, arg_links;
extern const struct arg_type arg_btf;

/*
 * Key and value of the map that stands before them in the table: VALUE_BYTES
 * of the size that system calls transfer, or VALUE_HANDLE for a value of a map
 * of maps or programs.
 */
extern const struct arg_type arg_key, arg_value;

/* "name N MAP" or "idx N MAP": VALUE_LIST of name or index, and handle. */
extern const struct arg_type arg_load_map;

/* VALUE_NUM: an attach type, of cgroups; of maps of sockets and flow dissection. */
extern const struct arg_type arg_cgroup_type, arg_socket_type;
extern const struct arg_type arg_cgroup;	/* VALUE_STR: the path of a cgroup's folder */
extern const struct arg_type arg_device;	/* VALUE_STR: a network device's name */

/*
 * Where a link goes, "xdp dev eth0": VALUE_LIST of the hook's name (VALUE_STR),
 * its target (VALUE_STR or VALUE_NONE) and its attach type (VALUE_NUM).
 */
extern const struct arg_type arg_hook;
/* The place that a value of arg_hook says; its text is borrowed. */
struct link_def hook_def(const struct value *hook);

/* Parses as arg_string does, for types that only complete otherwise. */
int arg_parse_string(struct ctx *ctx, const struct arg *a, const struct word *w, size_t nr,
		     struct value *out);

/* Offers entries of the folder that the prefix names; folders end with a slash. @keep may be NULL. */
void candidates_add_paths(struct candidates *c,
			  bool (*keep)(const char *path, const struct stat *st));
/* Offers paths, for types that look otherwise at what they get. */
void arg_file_complete(struct ctx *ctx, const struct match *m, const struct arg *a,
		       const struct word *w, size_t nr, struct candidates *c);

/* Words to text, variables replaced: a new string. NULL with a diagnostic. */
char *word_text(struct ctx *ctx, const struct word *w);
/* A word that is one variable: its value, to be freed; a literal: VALUE_STR. */
int word_value(struct ctx *ctx, const struct word *w, struct value *out);

#endif
