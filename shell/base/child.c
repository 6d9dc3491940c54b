// SPDX-License-Identifier: BSD-2-Clause
/* Child processes: how they begin, and how a request to stop ends them. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "shell/base/buf.h"
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

/* In the child: runs the program, or tells the parent why it cannot. */
static void __attribute__((noreturn))
run_program(char *const argv[], struct child_io io, bool apart, int report)
{
	int err;

	interrupt_reset();
	if (apart)
		setpgid(0, 0);
	if (io.in >= 0)
		dup2(io.in, STDIN_FILENO);
	if (io.out >= 0)
		dup2(io.out, STDOUT_FILENO);
	if (io.err >= 0)
		dup2(io.err, STDERR_FILENO);
	execvp(argv[0], argv);
	err = errno;
	_exit(write(report, &err, sizeof(err)) < 0 ? 126 : 127);
}

/* Forks with a pipe between the two: in the child @end is to be written to, else to be read. */
static pid_t fork_with_pipe(int *end)
{
	int ends[2], err;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	pid = fork();
	err = errno;
	*end = pid ? ends[0] : ends[1];
	close(pid ? ends[1] : ends[0]);
	if (pid >= 0)
		return pid;
	close(ends[0]);
	return -err;
}

pid_t child_exec(char *const argv[], struct child_io io, bool apart)
{
	int report, err = 0;
	pid_t pid = fork_with_pipe(&report);

	if (!pid)
		run_program(argv, io, apart, report);
	if (pid < 0)
		return pid;
	/* The pipe is closed without a word where the program runs. */
	if (read(report, &err, sizeof(err)) != sizeof(err))
		err = 0;
	close(report);
	if (!err)
		return pid;
	child_reap(pid);
	return -err;
}

pid_t child_work(int (*work)(void *arg, int to), void *arg, int *from)
{
	pid_t parent = getpid(), pid;
	int end = -1;

	pid = from ? fork_with_pipe(&end) : fork();
	if (!pid) {
		crash_quietly();
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(getppid() == parent ? work(arg, end) : 1);
	}
	if (from)
		*from = end;
	return pid < 0 && !from ? -errno : pid;
}

ssize_t child_read(int from, struct buf *text, int ms)
{
	struct pollfd p = { .fd = from, .events = POLLIN };
	ssize_t n;

	if (poll(&p, 1, ms) <= 0)
		return -EAGAIN;
	n = read(from, buf_reserve(text, 1 << 16), 1 << 16);
	if (n > 0)
		buf_commit(text, n);
	return n >= 0 ? n : errno == EINTR ? -EAGAIN : -errno;
}

int64_t child_cpu_ms(pid_t pid)
{
	struct timespec used;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &used))
		return 0;
	return used.tv_sec * INT64_C(1000) + used.tv_nsec / 1000000;
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
		statuses[i] = child_reap(pids[i]);
}

int child_reap(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

int child_shell_status(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
