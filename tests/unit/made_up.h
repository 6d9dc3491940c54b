/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A world of four cells, with operations that set one, for tests of the machine that runs
 * operations; and a folder for its journals, of a user other than root.
 */
#ifndef BPFSH_TESTS_UNIT_MADE_UP_H
#define BPFSH_TESTS_UNIT_MADE_UP_H

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "shell/base/buf.h"
#include "shell/txn/field.h"
#include "shell/txn/op.h"

#define NOBODY 65534

static __u32 cells[4];
static bool refuse;			/* the world refuses changes */
static unsigned finished;		/* operations whose leavings were removed */

struct op_set {
	struct op op;
	__u32 cell, after, before;
	char *name;
};

static struct op_set *set_of(const struct op *op)
{
	return (struct op_set *)op;
}

static enum undo_class set_class(const struct op *op, const char **why)
{
	return UNDO_FULL;
}

static enum undo_class burn_class(const struct op *op, const char **why)
{
	*why = "it is burnt";
	return UNDO_NONE;
}

static void set_describe(const struct op *op, struct buf *out)
{
	buf_printf(out, "~ %s %u = %u", set_of(op)->name, set_of(op)->cell, set_of(op)->after);
}

static int set_prepare(struct op *op, struct diags *d)
{
	set_of(op)->before = cells[set_of(op)->cell];
	return 0;
}

static int set_apply(struct op *op, struct diags *d)
{
	if (refuse)
		return diag_error(d, op->span, "refused");
	cells[set_of(op)->cell] = set_of(op)->after;
	return 0;
}

static enum undo_result set_undo(struct op *op, struct diags *d)
{
	const struct op_set *set = set_of(op);
	__u32 *now = &cells[set->cell];

	if (*now == set->before)
		return UNDO_DONE;
	if (*now != set->after)
		return UNDO_CONFLICT;
	if (refuse)
		return UNDO_FAILED;
	*now = set->before;
	return UNDO_DONE;
}

static void set_target(const struct op *op, struct buf *out)
{
	buf_printf(out, "cell %u", set_of(op)->cell);
}

static int set_finish(struct op *op, struct diags *d)
{
	finished++;
	return 0;
}

#define FIELDS_OF struct op_set
static const struct field set_fields[] = {
	F_U32(cell), F_U32(after), F_U32(before), F_STR(name), { 0 }
};

static bool set_revive(struct op *op)
{
	return set_of(op)->cell < 4;
}

#define SET_KIND .size = sizeof(struct op_set), .describe = set_describe, \
	.prepare = set_prepare, .apply = set_apply, .undo = set_undo, .target = set_target, \
	.finish = set_finish, .fields = set_fields, .revive = set_revive

static const struct op_kind set_kind = { .name = "set", .id = 1, .class = set_class, SET_KIND };
static const struct op_kind late_kind = { .name = "late", .id = 2, .class = set_class,
					  .deferred = true, SET_KIND };
static const struct op_kind burn_kind = { .name = "burn", .id = 3, .class = burn_class, SET_KIND };

static struct op *op_set(const struct op_kind *kind, __u32 cell, __u32 after)
{
	struct op_set *set = op_new(kind, NO_SPAN);

	set->cell = cell;
	set->after = after;
	set->name = xstrdup(kind->name);
	return &set->op;
}

static char folder[64];

static inline char *journals_path(void)
{
	return xasprintf("%s/bpfsh", folder);
}

/* How many journals there are. */
static inline int count_journals(void)
{
	char *path = journals_path();
	DIR *dir = opendir(path);
	int nr = 0;

	for (struct dirent *e; dir && (e = readdir(dir));)
		nr += *e->d_name != '.';
	if (dir)
		closedir(dir);
	free(path);
	return nr;
}

/* On a tmpfs, as the real one is: for each test of its own. */
static inline int world_new(void **state)
{
	strcpy(folder, "/dev/shm/bpfsh-test-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	if (!geteuid() && (chown(folder, NOBODY, NOBODY) || seteuid(NOBODY)))
		return -1;
	prctl(PR_SET_DUMPABLE, 1);
	setenv("XDG_RUNTIME_DIR", folder, 1);
	memset(cells, 0, sizeof(cells));
	refuse = false;
	finished = 0;
	return 0;
}

static inline int world_free(void **state)
{
	char *path = journals_path();
	int err = (rmdir(path) && errno != ENOENT) || (!getuid() && seteuid(0)) || rmdir(folder);

	prctl(PR_SET_DUMPABLE, 1);
	free(path);
	return err;
}

#endif
