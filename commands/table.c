// SPDX-License-Identifier: BSD-2-Clause
#include "commands/common.h"

const struct cmd_table bpfsh_commands[] = {
	{ "prog", "programs: show, load, pin, draw", prog_cmds },
	{ "map", "maps and their elements", map_cmds },
	{ "link", "links: what attaches a program", link_cmds },
	{ "btf", "type information that the kernel holds", btf_cmds },
	{ "cgroup", "programs of cgroups", cgroup_cmds },
	{ "net", "programs on network devices, of flow dissection and netfilter", net_cmds },
	{ "perf", "programs that trace: tracepoints, probes, perf events", perf_cmds },
	{ "batch", "files of commands, as bpftool has them", batch_cmds },
	{ NULL, NULL, session_cmds },
	{ 0 }
};
