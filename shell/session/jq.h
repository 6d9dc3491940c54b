/* SPDX-License-Identifier: BSD-2-Clause */
/* "| jq FILTER", which runs in this process. */
#ifndef BPFSH_JQ_H
#define BPFSH_JQ_H

#include <stddef.h>

#include "render/sink/sink.h"
#include "shell/lang/state.h"

/* A filter with its options. */
struct jq_stage {
	char *filter;
	struct span span;
	jv args;
	bool raw, compact, sort, ascii, slurp, status;
	bool list;		/* results become one array: the output of a script with -j */
	size_t results;
};

/* Reads the words behind "jq", for jq_stage_free(); NULL with a diagnostic. */
struct jq_stage *jq_stage_new(struct ctx *ctx, const struct stage *stage);
void jq_stage_free(struct jq_stage *jq);	/* NULL is fine */
/* The JSON documents of @in through the filter, to @out; -1 with a diagnostic. */
int jq_run(struct jq_stage *jq, struct session *s, const struct buf *in, struct out *out,
		  struct diags *d);

#endif
