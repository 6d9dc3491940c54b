// SPDX-License-Identifier: BSD-2-Clause
/* Waiting for a key, with signals let in only there. */
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/base/interrupt.h"
#include "shell/prompt/keyboard.h"

static const int blocked_signals[] = {
	SIGINT, SIGTERM, SIGHUP,		/* wait for ppoll() */
	SIGWINCH, SIGTSTP,			/* come through the descriptor */
};

void keyboard_open(struct keyboard *k)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigaddset(&set, SIGTSTP);
	k->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

void keyboard_close(struct keyboard *k)
{
	close(k->signals);
}

void keyboard_begin(struct keyboard *k)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(blocked_signals); i++)
		sigaddset(&set, blocked_signals[i]);
	sigprocmask(SIG_BLOCK, &set, &k->during_commands);
}

void keyboard_end(struct keyboard *k)
{
	sigprocmask(SIG_SETMASK, &k->during_commands, NULL);
}

enum key_event keyboard_wait(struct keyboard *k, int ms)
{
	const struct timespec limit = { ms / 1000, ms % 1000 * 1000000L };
	struct pollfd fds[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = k->signals, .events = POLLIN },
	};
	sigset_t waiting = k->during_commands, blocked;
	int nr;

	sigaddset(&waiting, SIGWINCH);
	sigaddset(&waiting, SIGTSTP);
	/* A signal that is pending comes before keys that are there. */
	sigprocmask(SIG_SETMASK, &waiting, &blocked);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
	if (interrupted())
		return KEY_STOP;
	nr = ppoll(fds, ARRAY_SIZE(fds), ms < 0 ? NULL : &limit, &waiting);
	if (nr < 0)
		return interrupted() ? KEY_STOP : errno == EINTR ? KEY_TICK : KEY_ERROR;
	if (fds[1].revents & POLLIN)
		return KEY_SIGNAL;
	return fds[0].revents ? KEY_TYPED : KEY_TICK;
}

int keyboard_signal(struct keyboard *k)
{
	struct signalfd_siginfo info;

	return read(k->signals, &info, sizeof(info)) == sizeof(info) ? info.ssi_signo : 0;
}
