// SPDX-License-Identifier: BSD-2-Clause
/* Waiting for programs that were started, which a request to stop ends. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shell/base/child.h"
#include "shell/base/clock.h"
#include "shell/base/interrupt.h"

#define LOOK_MS 50	/* between two looks at signals, which may come just before a wait */
#define BLIND_MS 5	/* the same where a child's end wakes nobody */
#define GRACE_MS 400	/* for those that were asked to end */

bool child_apart(void)
{
	int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);
	bool foreground = fd >= 0 && tcgetpgrp(fd) == getpgrp();

	if (fd >= 0)
		close(fd);
	return !foreground;
}

static bool has_ended(pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PID, pid, &info, WEXITED | WNOWAIT | WNOHANG) || info.si_pid;
}

/* Sleeps a little, or until the child of this descriptor, if there is one, has ended. */
static void nap(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	poll(&p, 1, pidfd >= 0 ? LOOK_MS : BLIND_MS);
}

static bool must_stop(bool apart)
{
	return interrupted() && (apart || !interrupt_from_terminal());
}

/* Waits for its end; false where it has to be ended first, or at @deadline (0: none). */
static bool wait_end(pid_t pid, bool apart, int64_t deadline)
{
	int fd = syscall(SYS_pidfd_open, pid, 0);
	bool ended;

	while (!(ended = has_ended(pid)) && (deadline ? clock_ms() < deadline : !must_stop(apart)))
		nap(fd);
	if (fd >= 0)
		close(fd);
	return ended;
}

static void signal_all(const pid_t *pids, size_t nr, bool apart, int sig)
{
	for (size_t i = 0; i < nr; i++)
		kill(apart ? -pids[i] : pids[i], sig);
}

/* Those that were asked to end have a little time for it, all together. */
static void end_all(const pid_t *pids, size_t nr, bool apart)
{
	int64_t deadline = clock_ms() + GRACE_MS;
	bool ended = true;

	signal_all(pids, nr, apart, interrupted());
	for (size_t i = 0; i < nr; i++)
		ended &= wait_end(pids[i], apart, deadline);
	if (!ended)
		signal_all(pids, nr, apart, SIGKILL);
}

void child_wait(const pid_t *pids, size_t nr, bool apart, int *statuses)
{
	bool ended = true;

	for (size_t i = 0; i < nr && ended; i++)
		ended = wait_end(pids[i], apart, 0);
	if (!ended)
		end_all(pids, nr, apart);
	for (size_t i = 0; i < nr; i++)
		while (waitpid(pids[i], &statuses[i], 0) < 0 && errno == EINTR)
			;
}
