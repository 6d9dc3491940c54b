/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control-flow graphs as files: PNG, SVG, PDF, DOT, JSON.
 *
 * Graphviz has no limit of time or memory, may end its process, and leaks; so pictures
 * are made in a child, which loads it unless they are SVG, draws into a file that it is
 * given, and ends. The parent waits until it has used its time, or is told to stop.
 *
 * The picture is written to a new file beside its target, which it replaces
 * when it is complete. On any failure the target is what it was before and
 * nothing is left behind.
 */
#ifndef BPFSH_RENDER_IMAGE_H
#define BPFSH_RENDER_IMAGE_H

#include <signal.h>

#include "render/cfg/cfg.h"
#include "shell/base/diag.h"

enum image_format { IMAGE_BY_NAME, IMAGE_PNG, IMAGE_SVG, IMAGE_PDF, IMAGE_DOT, IMAGE_JSON };

/* Of the processor; a child that waits has ten times that, as on a machine with much else to do. */
#define IMAGE_DEADLINE_MS 30000
#define IMAGE_PATIENCE 10

struct image_options {
	enum image_format format;	/* IMAGE_BY_NAME: what the file's name ends in */
	bool one_func;			/* draw only function @func (index into cfg->funcs) */
	uint32_t func;
	int deadline_ms;		/* 0: IMAGE_DEADLINE_MS */
	const volatile sig_atomic_t *stop;	/* or NULL: give up once it is not 0 */
	/*
	 * NULL, or called several times a second while graphviz works, and once more, with
	 * @done, before anything is written or said.
	 */
	void (*tick)(void *user, bool done);
	void *user;
	int stall_ms;			/* the child sleeps first: for tests of the deadline */
};

/* Zeroed options are good ones. NULL-ended list of the formats' names, by enum image_format. */
extern const char *const image_formats[];

/*
 * Writes the picture of @cfg to @path. A path that leads to something that
 * is no regular file (a pipe, a device) is written to as it is. Returns 0,
 * or -1 with one diagnostic, blaming @at.
 */
int image_write(const struct cfg *cfg, const struct image_options *o, const char *path,
		struct span at, struct diags *d);

/* The same into memory: appends the picture's bytes to @out. The format must be given. */
int image_make(struct buf *out, const struct cfg *cfg, const struct image_options *o,
	       struct span at, struct diags *d);

#endif
