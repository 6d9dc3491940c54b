// SPDX-License-Identifier: BSD-2-Clause
/* Signals that ask to stop: noted, and looked at where it is safe. */
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/base/clock.h"
#include "shell/base/interrupt.h"

#define NAP_MS 50

static volatile sig_atomic_t pending, from_terminal;
static bool held;
static void (*volatile to_call)(void *arg);
static void *volatile call_arg;

static const int stop_signals[] = { SIGINT, SIGTERM, SIGHUP };
static const int fatal_signals[] = {
	SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT, SIGALRM, SIGXCPU, SIGQUIT
};
static const char *volatile last_words;
static char crash_stack[1 << 16];	/* a stack that overflowed is none to say it from */

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

void crash_words(const char *text)
{
	last_words = text;
}

/* The signal's own action, which is in place again, follows. */
static void on_crash(int sig)
{
	const char *text = last_words;

	if (text && write(STDERR_FILENO, text, strlen(text)) < 0)
		last_words = NULL;
	raise(sig);
}

/* Not where somebody else looks at crashes, as sanitizers do. */
static void watch_crashes(void)
{
	const struct sigaction sa = {
		.sa_handler = on_crash, .sa_flags = SA_ONSTACK | SA_RESETHAND | SA_NODEFER
	};

	sigaltstack(&(stack_t){ .ss_sp = crash_stack, .ss_size = sizeof(crash_stack) }, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(fatal_signals); i++) {
		struct sigaction old;

		if (!sigaction(fatal_signals[i], NULL, &old) && old.sa_handler == SIG_DFL)
			sigaction(fatal_signals[i], &sa, NULL);
	}
}

void interrupt_init(void)
{
	const struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };

	set_all(&sa);
	watch_crashes();
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
	int score;

	interrupt_reset();
	for (size_t i = 0; i < ARRAY_SIZE(fatal_signals); i++)
		signal(fatal_signals[i], SIG_DFL);
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0 });
	score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (score >= 0 && write(score, "1000", 4) >= 0)
		close(score);
}
