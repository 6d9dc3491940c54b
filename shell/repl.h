/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The prompt: lines are read with libedit and run until the user leaves.
 */
#ifndef BPFSH_REPL_H
#define BPFSH_REPL_H

#include "shell/session.h"

/*
 * Runs the rc file ($XDG_CONFIG_HOME/bpfsh/rc), which others must not be able
 * to write, then reads from the terminal and runs what is typed. An open
 * transaction is rolled back at the end, which is said. Returns a status.
 */
int repl_run(struct session *s);

#endif
