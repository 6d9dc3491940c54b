/* SPDX-License-Identifier: BSD-2-Clause */
/* Waiting for programs that were started, which a request to stop ends. */
#ifndef BPFSH_CHILD_H
#define BPFSH_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * True where children are to have process groups of their own, so that a signal reaches all that
 * they start. Not in the foreground of a terminal: that is theirs, too, and its keys reach them.
 */
bool child_apart(void);
/*
 * Waits for all of them and gives their statuses as waitpid() has them. A request to stop is
 * passed on, unless it comes from the terminal, which has told those that share it; who does not
 * end of it soon is killed.
 */
void child_wait(const pid_t *pids, size_t nr, bool apart, int *statuses);

#endif
