// SPDX-License-Identifier: BSD-2-Clause
#include <poll.h>
#include <stddef.h>
#include <sys/resource.h>

#include "shell/buf.h"
#include "shell/clock.h"
#include "shell/interrupt.h"

#define NAP_MS 50

static volatile sig_atomic_t pending, from_terminal;
static bool held;
static void (*volatile to_call)(void *arg);
static void *volatile call_arg;

static const int stop_signals[] = { SIGINT, SIGTERM, SIGHUP };

static void on_signal(int sig, siginfo_t *info, void *context)
{
	void (*fn)(void *arg) = to_call;

	pending = sig;
	from_terminal = info->si_code == SI_KERNEL;
	to_call = NULL;
	if (fn)
		fn(call_arg);
}

static void set_all(const struct sigaction *action)
{
	for (size_t i = 0; i < sizeof(stop_signals) / sizeof(stop_signals[0]); i++) {
		struct sigaction old;

		/* nohup and background jobs ignore some on purpose. */
		if (!sigaction(stop_signals[i], NULL, &old) && old.sa_handler != SIG_IGN)
			sigaction(stop_signals[i], action, NULL);
	}
}

void interrupt_init(void)
{
	const struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };

	set_all(&sa);
	/* A closed pipe or a full quota is an error of a call: the transaction is rolled back. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

int interrupted(void)
{
	return held ? 0 : pending;
}

bool interrupt_from_terminal(void)
{
	return from_terminal;
}

bool interrupt_hold(bool hold)
{
	bool before = held;

	held = hold;
	return before;
}

const volatile sig_atomic_t *interrupt_flag(void)
{
	return &pending;
}

void interrupt_clear(void)
{
	pending = 0;
}

void interrupt_call(void (*fn)(void *arg), void *arg)
{
	to_call = NULL;
	call_arg = arg;
	to_call = fn;
}

void interrupt_nap(int64_t until)
{
	int64_t left = until - clock_ms();
	struct timespec nap = { .tv_nsec = (left < NAP_MS ? left : NAP_MS) * 1000 * 1000 };

	if (left > 0)
		nanosleep(&nap, NULL);
}

bool interrupt_wait(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	/* Short waits, as a signal may come just before one begins. */
	while (!pending && poll(&p, 1, NAP_MS) <= 0)
		;
	return !pending;
}

void interrupt_reset(void)
{
	set_all(&(struct sigaction){ .sa_handler = SIG_DFL });
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
}

void crash_quietly(void)
{
	static const int fatal[] = { SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGALRM, SIGXCPU };

	interrupt_reset();
	for (size_t i = 0; i < ARRAY_SIZE(fatal); i++)
		signal(fatal[i], SIG_DFL);
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0 });
}
