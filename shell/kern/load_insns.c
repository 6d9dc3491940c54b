// SPDX-License-Identifier: BSD-2-Clause
/* Instructions that were assembled into the kernel, as they are. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shell/base/alloc.h"
#include "shell/base/diag.h"
#include "shell/base/fault.h"
#include "shell/kern/handle.h"
#include "shell/kern/load.h"
#include "shell/kern/loading.h"
#include "shell/kern/object.h"

/* What the end of a section's first part asks for. */
static const struct {
	const char *suffix;
	__u32 flag;
} suffixes[] = {
	{ ".s", BPF_F_SLEEPABLE },
	{ ".frags", BPF_F_XDP_HAS_FRAGS },
};

static __u32 section_flags(const char *section)
{
	size_t len = strcspn(section, "/");
	__u32 flags = 0;

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		size_t n = strlen(suffixes[i].suffix);

		if (len > n && !strncmp(section + len - n, suffixes[i].suffix, n))
			flags |= suffixes[i].flag;
	}
	return flags;
}

/* What programs of this type attach to is known when they are loaded: "fentry/FUNCTION". */
static bool has_target(const struct load_request *req)
{
	return req->prog_type == BPF_PROG_TYPE_TRACING || req->prog_type == BPF_PROG_TYPE_LSM;
}

static int find_target(const struct load_request *req, __u32 *btf_id, struct diags *d)
{
	const char *slash = strchr(req->section, '/');
	int id;

	if (!slash || !slash[1]) {
		diag_error(d, req->section_span, "type '%s' lacks what it attaches to",
			   req->section);
		diag_hint(d, "write it behind a slash, as in: fentry/do_unlinkat, iter/task");
		return -1;
	}
	id = libbpf_find_vmlinux_btf_id(slash + 1, req->attach_type);
	if (id <= 0)
		return diag_error(d, req->section_span,
				  "this kernel has no '%s' that a program can attach to",
				  slash + 1);
	*btf_id = id;
	return 0;
}

static int load(const struct load_request *req, struct bpf_prog_load_opts *opts)
{
	return bpf_prog_load(req->prog_type, req->name, req->license, req->insns, req->nr_insns,
			     opts);
}

/* Asks the verifier for its reasons, as it has refused. */
static int say_why(const struct load_request *req, struct bpf_prog_load_opts *opts, int err,
		   struct said *s, char **kept, struct diags *d)
{
	char *log = xcalloc(1, VERIFIER_LOG_SIZE);
	int fd;

	opts->log_buf = log;
	opts->log_size = VERIFIER_LOG_SIZE;
	opts->log_level = 1;
	fd = load(req, opts);
	if (fd < 0) {
		*kept = xstrdup(log);
		if (!said_refusal(d, req, s, log, "the program", NULL))
			load_error(d, req->span, err, "the program", &(struct load_facts){
				req->prog_type, req->attach_type, opts->prog_flags, req->nr_insns });
	}
	free(log);
	return fd;
}

int load_insns(const struct load_request *req, struct said *s, struct load_result *res,
	       struct diags *d)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = req->attach_type,
		    .prog_flags = section_flags(req->section));
	struct handle *prog;
	int fd = fault_error("prog load");

	if (has_target(req) && find_target(req, &opts.attach_btf_id, d))
		return -1;
	if (!fd)
		fd = load(req, &opts);
	if (fd < 0)
		fd = say_why(req, &opts, fd, s, &res->log, d);
	if (fd < 0)
		return -1;
	fault_point("prog load done");
	prog = kern_handle(OBJ_PROG, fd);
	if (!prog)
		return diag_errno(d, req->span, errno, "cannot read the new program");
	res->progs = xcalloc(1, sizeof(*res->progs));
	res->progs[0] = prog;
	res->nr_progs = 1;
	return 0;
}
