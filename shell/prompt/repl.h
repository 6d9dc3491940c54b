/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The prompt: lines are read with libedit and run until the user leaves.
 */
#ifndef BPFSH_REPL_H
#define BPFSH_REPL_H

#include "shell/session/session.h"

/*
 * Runs the rc file ($XDG_CONFIG_HOME/bpfsh/rc), unless told not to or others
 * can write it, then reads from the terminal and runs what is typed. Returns a
 * status; session_end() rolls back a transaction that is still open.
 */
int repl_run(struct session *s);

#endif
