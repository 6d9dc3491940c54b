/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands that attach and detach without a link, of several objects. */
#ifndef BPFSH_ATTACH_H
#define BPFSH_ATTACH_H

#include "shell/lang/grammar.h"

extern const struct cmd prog_attach_cmd, prog_detach_cmd;
extern const struct cmd cgroup_attach_cmd, cgroup_detach_cmd;
extern const struct cmd net_attach_cmd, net_detach_cmd;

#endif
