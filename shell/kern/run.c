// SPDX-License-Identifier: BSD-2-Clause
/* Runs of programs by hand, and why the kernel refuses one. */
#include <bpf/bpf.h>
#include <errno.h>

#include "shell/base/alloc.h"
#include "shell/base/compat.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/run.h"

/* net/bpf/test_run.c and the types' own test_run functions. */
static const struct {
	int err;
	const char *text, *hint;
} refusals[] = {
	{ ENOTSUPP, "programs of its type cannot be run by hand" },
	{ EOPNOTSUPP, "programs of its type cannot be run by hand" },
	{ EINVAL, "its type does not take this packet, context or repeat",
	  "packets have at least 14 bytes; what tracepoints and the like are given is a context: ctx_in" },
	{ ENOSPC, "what it leaves is larger than the room for it" },
	{ E2BIG, "the context is larger than that of its type" },
};

int kern_prog_run(const struct handle *prog, struct kern_run *run, struct span at,
		  struct diags *d)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts,
		.data_in = run->data, .data_size_in = run->data_size,
		.ctx_in = run->ctx, .ctx_size_in = run->ctx_size,
		.data_out = run->data_out, .data_size_out = run->data_out_size,
		.ctx_out = run->ctx_out, .ctx_size_out = run->ctx_out_size,
		.repeat = run->repeat);
	int err = bpf_prog_test_run_opts(prog->fd, &opts) ? errno : 0;

	for (size_t i = 0; err && i < ARRAY_SIZE(refusals); i++) {
		if (refusals[i].err != err)
			continue;
		diag_error(d, at, "cannot run program '%s': %s", prog->title, refusals[i].text);
		if (refusals[i].hint)
			diag_hint(d, "%s", refusals[i].hint);
		return -1;
	}
	if (err)
		return kern_call_error(d, at, KERN_USING, err, "run program '%s'", prog->title);
	run->data_out_size = opts.data_size_out;
	run->ctx_out_size = opts.ctx_size_out;
	run->retval = opts.retval;
	run->duration = opts.duration;
	return 0;
}
