// SPDX-License-Identifier: BSD-2-Clause
/* The commands of `prog`. */
#include "commands/attach.h"
#include "commands/common.h"
#include "commands/pins.h"
#include "commands/prog/prog.h"

const struct cmd *const prog_cmds[] = {
	&prog_show_cmd, &prog_load_cmd, &prog_loadall_cmd, &prog_pin_cmd, &prog_unpin_cmd,
	&prog_dump_cmd, &prog_cfg_cmd, &prog_log_cmd, &prog_asm_cmd, &prog_run_cmd,
	&prog_attach_cmd, &prog_detach_cmd, CMD_HELP("prog", 3),
	NULL
};
