/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The prompt: lines are read with libedit and run until the user leaves.
 */
#ifndef BPFSH_REPL_H
#define BPFSH_REPL_H

#include "shell/session.h"

/*
 * Reads from the terminal and runs what is typed; an open transaction is rolled
 * back at the end, which is said. Returns a status. The rc file, which others
 * must not be able to write, is run before unless @rc is false.
 */
int repl_run(struct session *s);
/* Runs ~/.config/bpfsh/rc (or $XDG_CONFIG_HOME); a missing one is fine. Returns a status. */
int repl_rc(struct session *s);

#endif
