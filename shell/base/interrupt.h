/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SIGINT, SIGTERM and SIGHUP as a request that long work looks at.
 *
 * System calls are interrupted (no SA_RESTART), so that whoever waits in one
 * comes back and asks interrupted().
 */
#ifndef BPFSH_INTERRUPT_H
#define BPFSH_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

void interrupt_init(void);
/* The signal that asked to stop, or 0. */
int interrupted(void);
/* It came from a key of the terminal, whose foreground processes all have got it. */
bool interrupt_from_terminal(void);
/*
 * From now on there is no request, or again: what must be ended is not stopped in the middle.
 * Returns what was so before.
 */
bool interrupt_hold(bool hold);
/* The same for those who wait and can only look at a flag: not 0 once somebody asked. */
const volatile sig_atomic_t *interrupt_flag(void);
/* Forgets the request: the prompt is back, or the rollback may begin. */
void interrupt_clear(void);
/*
 * From now on the next signal also calls @fn, within its handler and once: what it calls must
 * be safe there. NULL: no longer.
 */
void interrupt_call(void (*fn)(void *arg), void *arg);
/*
 * Sleeps until clock_ms() is @until, but not long: whoever waits looks about
 * now and then, also since a signal may come just before the sleep begins.
 */
void interrupt_nap(int64_t until);
/* Waits until reading @fd returns at once; false where a signal came first. */
bool interrupt_wait(int fd);
/*
 * What is written to standard error where a crash ends this process: a text that stays, or NULL
 * for nothing.
 */
void crash_words(const char *text);
/* In a forked child: signals as they were before. */
void interrupt_reset(void);
/*
 * The same in one that works on what may crash it or take forever, which its
 * parent sees: nothing reports that but its status. Where memory is short it goes first.
 */
void crash_quietly(void);

#endif
