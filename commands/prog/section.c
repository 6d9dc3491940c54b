// SPDX-License-Identifier: BSD-2-Clause
/* Program types, written as the names of sections are. */
#include "commands/prog/prog.h"
#include "shell/base/diag.h"
#include "shell/kern/load.h"
#include "shell/lang/args.h"
#include "shell/lang/cmd.h"
#include "shell/lang/grammar.h"

/* The sections that people use most; any name that the newest libbpf knows is taken. */
static const char *const sections[] = {
	"xdp", "tc", "tcx/ingress", "tcx/egress", "netkit/primary", "netkit/peer", "classifier",
	"action", "socket", "tracepoint",
	"raw_tracepoint", "kprobe", "kretprobe", "uprobe", "uretprobe", "perf_event", "cgroup/skb",
	"fentry", "fexit", "tp_btf", "lsm", "iter", "cgroup/dev", "cgroup/sysctl",
	"cgroup_skb/ingress", "cgroup_skb/egress", "cgroup/connect4", "cgroup/connect6",
	"cgroup/sock_create", "sockops", "sk_msg", "sk_skb", "sk_lookup", "flow_dissector",
	"lwt_in", "lwt_out", "lwt_xmit", "struct_ops", "syscall", "netfilter", NULL
};

static void section_complete(struct ctx *ctx, const struct match *m, const struct arg *a,
			     const struct word *w, size_t nr, struct candidates *c)
{
	for (const char *const *s = sections; *s; s++)
		candidate_add(c, *s, NULL, false);
}

int section_type(struct ctx *ctx, const struct value *section, int *prog_type, int *attach_type)
{
	if (!kern_section_type(section->str, prog_type, attach_type))
		return 0;
	diag_error(ctx->diags, section->span, "unknown program type '%s'", section->str);
	diag_hint(ctx->diags, "types are written as sections are, such as xdp or cgroup/skb");
	return -1;
}

static int section_look(struct ctx *ctx, const struct value *v)
{
	int prog_type, attach_type;

	return section_type(ctx, v, &prog_type, &attach_type);
}

const struct arg_type arg_section = {
	.name = "TYPE", .parse = arg_parse_string, .complete = section_complete,
	.look = section_look
};
