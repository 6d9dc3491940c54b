/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waiting for a key while a line is edited. Signals that ask to stop, that the
 * window has another size, or that the job is to be suspended, only arrive
 * where they are looked for, so that none is missed and none comes amid a
 * change of the line.
 */
#ifndef BPFSH_KEYBOARD_H
#define BPFSH_KEYBOARD_H

#include <signal.h>
#include <stdbool.h>

struct keyboard {
	int signals;			/* descriptor of SIGWINCH and SIGTSTP */
	sigset_t during_commands;	/* signal mask outside of the editing */
};

enum key_event {
	KEY_TYPED,		/* a byte can be read, or the end of input */
	KEY_SIGNAL,		/* keyboard_signal() says which */
	KEY_TICK,		/* the time to wait is over */
	KEY_STOP,		/* interrupted() says why */
	KEY_ERROR,		/* errno */
};

void keyboard_open(struct keyboard *k);
void keyboard_close(struct keyboard *k);
/* Around the editing of a line. */
void keyboard_begin(struct keyboard *k);
void keyboard_end(struct keyboard *k);
/* Waits at most @ms, -1 for no limit. */
enum key_event keyboard_wait(struct keyboard *k, int ms);
/* The next signal that has come, or 0. */
int keyboard_signal(struct keyboard *k);

#endif
