/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Child processes: programs that are run, and work that is done apart because it may crash or
 * never end. Whoever starts one waits for it; a request to stop ends it.
 */
#ifndef BPFSH_CHILD_H
#define BPFSH_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct buf;

/* What a program reads and writes; -1: what this process does. They stay the caller's. */
struct child_io {
	int in, out, err;
};

/*
 * True where children are to have process groups of their own, so that a signal reaches all that
 * they start. Not in the foreground of a terminal: that is theirs, too, and its keys reach them.
 */
bool child_apart(void);
/*
 * Starts the program @argv[0], looked for in PATH, with signals as they were before. Returns its
 * PID, or the negative errno of what keeps it from running.
 */
pid_t child_exec(char *const argv[], struct child_io io, bool apart);
/*
 * Has a child call @work, whose result is its exit status, and which writes to a pipe that @from
 * reads; where that is NULL there is none, and @to is -1. The child ends with this process, and
 * nothing reports its crash but its status. Returns its PID, or a negative errno.
 */
pid_t child_work(int (*work)(void *arg, int to), void *arg, int *from);
/*
 * Reads some of what comes from a pipe: how many bytes, 0 at its end, or -EAGAIN where there were
 * none for @ms milliseconds, or a signal came.
 */
ssize_t child_read(int from, struct buf *text, int ms);
/* Milliseconds of the processor that a child, which is not reaped, has used; 0 if nobody can tell. */
int64_t child_cpu_ms(pid_t pid);
/*
 * Waits for all of them and gives their statuses as waitpid() has them. A request to stop is
 * passed on, unless it comes from the terminal, which has told those that share it; who does not
 * end of it soon is killed.
 */
void child_wait(const pid_t *pids, size_t nr, bool apart, int *statuses);
/* Waits for the end of one, whatever asks to stop; where that may take long, kill() it before. */
int child_reap(pid_t pid);
/* A status of waitpid() as a shell has it: above 128 where a signal ended the child. */
int child_shell_status(int status);

#endif
