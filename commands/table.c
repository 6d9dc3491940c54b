// SPDX-License-Identifier: BSD-2-Clause
#include "commands/common.h"

const struct cmd_table bpfsh_commands[] = {
	{ "prog", "programs: show, load, pin, draw", prog_cmds, 3 },
	{ "map", "maps and their elements", map_cmds, 4 },
	{ "link", "links: what attaches a program", link_cmds, 5 },
	{ "btf", "type information that the kernel holds", btf_cmds, 10 },
	{ "cgroup", "programs of cgroups", cgroup_cmds, 6 },
	{ "net", "programs on network devices, of flow dissection and netfilter", net_cmds, 8 },
	{ "perf", "programs that trace: tracepoints, probes, perf events", perf_cmds, 7 },
	{ "batch", "files of commands, as bpftool has them", batch_cmds, 2 },
	{ NULL, NULL, session_cmds },
	{ 0 }
};

const struct absent bpfsh_absent[] = {
	{ NULL, "feature", 9 },
	{ NULL, "gen", 11 },
	{ NULL, "struct_ops", 12 },
	{ NULL, "iter", 13 },
	{ NULL, "token", 14 },
	{ "prog", "attach", 8 },
	{ "prog", "detach", 9 },
	{ "prog", "tracelog", 10 },
	{ "prog", "run", 11 },
	{ "prog", "profile", 12 },
	{ "cgroup", "attach", 4, "as a link: link create PROG cgroup PATH TYPE pin PATH" },
	{ "cgroup", "detach", 5, "of links: 'link show' lists them, 'link detach' takes one off" },
	{ "net", "attach", 3, "as a link: link create PROG xdp dev DEVICE pin PATH" },
	{ "net", "detach", 4, "of links: 'link show' lists them, 'link detach' takes one off" },
	{ 0 }
};
