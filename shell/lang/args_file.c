// SPDX-License-Identifier: BSD-2-Clause
/* Argument types of files: to read, to write, and paths on a bpffs. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/kern/bpffs.h"
#include "shell/kern/error.h"
#include "shell/lang/args.h"
#include "shell/lang/grammar.h"

void candidates_add_paths(struct candidates *c,
			  bool (*keep)(const char *path, const struct stat *st))
{
	const char *slash = strrchr(c->prefix, '/');
	int dir_len = slash ? slash + 1 - c->prefix : 0;
	char *dir = dir_len ? xstrndup(c->prefix, dir_len) : xstrdup(".");
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		char *path = xasprintf("%.*s%s", dir_len, c->prefix, e->d_name);
		struct stat st;

		if ((*e->d_name != '.' || c->prefix[dir_len] == '.') && strcmp(e->d_name, ".") &&
		    strcmp(e->d_name, "..") && !stat(path, &st) && (!keep || keep(path, &st))) {
			char *shown = S_ISDIR(st.st_mode) ? xasprintf("%s/", path) : xstrdup(path);

			candidate_add(c, shown, NULL, S_ISDIR(st.st_mode));
			free(shown);
		}
		free(path);
	}
	if (d)
		closedir(d);
	free(dir);
}

void arg_file_complete(struct ctx *ctx, const struct match *m, const struct arg *a,
		       const struct word *w, size_t nr, struct candidates *c)
{
	candidates_add_paths(c, NULL);
}

const struct arg_type arg_file = {
	.parse = arg_parse_string, .complete = arg_file_complete, .makes_path = true
};

/* Asks without opening the file, which may be a pipe. */
static int input_look(struct ctx *ctx, const struct value *v)
{
	struct stat st;

	if (!strcmp(v->str, "-"))
		return 0;
	if (access(v->str, R_OK) || stat(v->str, &st))
		return kern_error(ctx->diags, v->span, errno, "read '%s'", v->str);
	if (S_ISDIR(st.st_mode))
		return kern_error(ctx->diags, v->span, EISDIR, "read '%s'", v->str);
	return 0;
}

const struct arg_type arg_input = {
	.parse = arg_parse_string, .complete = arg_file_complete, .look = input_look
};
const struct arg_type arg_script = {
	.parse = arg_parse_string, .complete = arg_file_complete, .look = input_look, .script = true
};
const struct arg_type arg_batch = {
	.parse = arg_parse_string, .complete = arg_file_complete, .look = input_look,
	.script = true, .batch = true
};

static bool on_bpffs(const char *path, const struct stat *st)
{
	return S_ISDIR(st->st_mode) || kern_is_bpffs(path);
}

static int add_mount(struct candidates *c, const char *mount)
{
	char *dir = xasprintf("%s/", mount);

	candidate_add(c, dir, "bpffs", true);
	free(dir);
	return 0;
}

static void pin_path_complete(struct ctx *ctx, const struct match *m, const struct arg *a,
			      const struct word *w, size_t nr, struct candidates *c)
{
	char **mounts = kern_bpffs_mounts();

	candidates_add_paths(c, on_bpffs);
	for (char **p = mounts; p && *p; p++) {
		if (strlen(c->prefix) <= strlen(*p))
			add_mount(c, *p);
		free(*p);
	}
	free(mounts);
}

const struct arg_type arg_pin_path = {
	.name = "PATH", .parse = arg_parse_string, .complete = pin_path_complete, .makes_path = true
};
