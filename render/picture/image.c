// SPDX-License-Identifier: BSD-2-Clause
/* Pictures into files, each replaced when it is complete; a child draws them. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "render/cfg/cfg_text.h"
#include "render/picture/dot.h"
#include "render/picture/image.h"
#include "render/picture/image_child.h"
#include "render/sink/out.h"
#include "shell/base/buf.h"
#include "shell/base/child.h"
#include "shell/base/clock.h"
#include "shell/base/file.h"
#include "shell/base/interrupt.h"
#include "shell/base/outfile.h"
#include "shell/base/text.h"

const char *const image_formats[] = { "", "png", "svg", "pdf", "dot", "json", NULL };

#define SAID_MAX 4096	/* bytes of what graphviz says */

/* What a child's exit status means: the sentence after "cannot draw 'x.png': ", and the hint. */
static const struct {
	const char *what, *hint;
} child_ends[CHILD_NR] = {
	[CHILD_NO_GRAPHVIZ] = { "graphviz is not installed",
				"install graphviz (Debian: libgvc6), or write .svg, .dot or .json" },
	[CHILD_WITHOUT_GRAPHVIZ] = { "it needs graphviz, which this static bpfsh does without",
				     "write .svg, .dot or .json" },
	[CHILD_OLD_GRAPHVIZ] = { "the installed graphviz is not the one built for",
				 "build again, or write .svg, .dot or .json" },
	[CHILD_BAD_GRAPH] = { "graphviz does not accept the graph",
			      "write .svg, .dot or .json instead" },
	[CHILD_NO_LAYOUT] = { "graphviz lacks its layout plugins",
			      "install graphviz's plugins (Debian: libgvplugin-neato-layout8 or, "
			      "before there was one, graphviz), or write .svg, .dot or .json" },
	[CHILD_NO_FORMAT] = { "graphviz cannot write this format",
			      "install graphviz's plugins (Debian: graphviz, elsewhere also "
			      "graphviz-cairo), or write .svg, .dot or .json" },
	[CHILD_TOO_LARGE] = { "the program is too large for a legible bitmap",
			      "write .svg or .pdf, or draw one function" },
	[CHILD_NO_ROOM] = { "its bytes cannot be kept", "is there memory for them?" },
};

/* The format that @path ends in, or @format where it is given; else -1 and a diagnostic. */
static int format_of(const char *path, enum image_format format, struct span at, struct diags *d)
{
	const char *dot = strrchr(path, '.');

	if (format != IMAGE_BY_NAME)
		return format;
	for (int i = 1; image_formats[i] && dot && !strchr(dot, '/'); i++) {
		if (!strcasecmp(dot + 1, image_formats[i]))
			return i;
	}
	diag_error(d, at, "cannot tell the format of '%s' from its name", path);
	diag_hint(d, "end the name in .png, .svg, .pdf, .dot or .json");
	return -1;
}

struct drawing {
	const struct cfg *cfg;
	const struct image_options *options;
	int out;
};

/* What drawing may take at most, of addresses: half of the machine's memory, and never more. */
#define MEMORY_MAX (UINT64_C(4) << 30)

static uint64_t memory_room(void)
{
	uint64_t half = (uint64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE) / 2;

	return half < MEMORY_MAX ? half : MEMORY_MAX;
}

/* Bytes of addresses that this process has; 0 where /proc does not tell. */
static uint64_t memory_in_use(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long pages = 0;

	if (f && fscanf(f, "%lu", &pages) != 1)
		pages = 0;
	if (f)
		fclose(f);
	return (uint64_t)pages * sysconf(_SC_PAGESIZE);
}

/* Of a damaged list of its plugins graphviz would make gigabytes. */
static void limit_memory(void)
{
	uint64_t used = memory_in_use(), most = used + memory_room();
	struct rlimit limit;

	if (!used || getrlimit(RLIMIT_AS, &limit) || limit.rlim_cur <= most)
		return;
	limit.rlim_cur = most;
	setrlimit(RLIMIT_AS, &limit);
}

/* In the child: no terminal, no handlers, no descriptors but the picture's. */
static int draw_in_child(void *arg, int err)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	const struct drawing *a = arg;
	int null = memfd_create("null", 0), out = fcntl(a->out, F_DUPFD, 10);
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		sigaction(sig, &dfl, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* Graphviz would load what it finds there. */
	unsetenv("GVBINDIR");
	unsetenv("LTDL_LIBRARY_PATH");
	if (null < 0 || out < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(err, 2) < 0 ||
	    dup2(out, 3) < 0)
		return CHILD_NO_ROOM;
	close_range(4, ~0U, 0);
	limit_memory();
	if (a->options->stall_ms)
		poll(NULL, 0, a->options->stall_ms);
	return child_draw(a->cfg, a->options, 3);
}

/*
 * Collects what the child says until it closes its end. Returns 0, or what to
 * say of a child that has to be killed.
 */
static const char *listen_to(pid_t pid, int from, struct buf *said, const struct image_options *o)
{
	int deadline = o->deadline_ms ? o->deadline_ms : IMAGE_DEADLINE_MS;
	int64_t end = clock_ms() + (int64_t)IMAGE_PATIENCE * deadline;
	ssize_t n;

	do {
		int64_t left = end - clock_ms();

		if (o->stop && *o->stop)
			return "interrupted";
		if (left <= 0 || child_cpu_ms(pid) >= deadline)
			return "it takes too long";
		if (o->tick)
			o->tick(o->user, false);
		/* Short waits, as a signal may come just before one. */
		n = child_read(from, said, left < 100 ? left : 100);
		if (said->len > SAID_MAX)
			said->len = SAID_MAX;
	} while (n > 0 || n == -EAGAIN);
	return NULL;
}

/* The first line that graphviz said, as a note. */
static void note_said(struct buf *said, struct span at, struct diags *d)
{
	size_t len = strcspn(buf_str(said), "\n");
	struct buf line = BUF_INIT;

	buf_escaped(&line, said->data, len);
	if (len)
		diag_note(d, at, "graphviz says: %s", buf_str(&line));
	buf_free(&line);
}

/* True where memory may have run out though the machine has some. */
static bool is_limited(void)
{
	struct rlimit memory;
	struct rusage most;

	if (!getrlimit(RLIMIT_AS, &memory) && memory.rlim_cur != RLIM_INFINITY)
		return true;
	return !getrusage(RUSAGE_CHILDREN, &most) &&
	       (uint64_t)most.ru_maxrss * 1024 > memory_room() / 2;
}

/* @who draws: a library, or bpfsh itself. */
static int blame_child(const char *name, const char *who, const char *killed, int status,
		       struct span at, struct diags *d)
{
	int end = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

	if (killed) {
		diag_error(d, at, "cannot draw '%s': %s", name, killed);
		if (strcmp(killed, "interrupted"))
			diag_hint(d, "draw one function, or write .dot or .json");
	} else if (end >= CHILD_NO_GRAPHVIZ && end < CHILD_NR) {
		diag_error(d, at, "cannot draw '%s': %s", name, child_ends[end].what);
		diag_hint(d, "%s", child_ends[end].hint);
	} else if (WIFSIGNALED(status) && is_limited()) {
		diag_error(d, at, "cannot draw '%s': %s died of signal %d, perhaps for want of "
			   "memory", name, who, WTERMSIG(status));
		diag_hint(d, "its memory is limited (ulimit -v, half of the machine's); draw one function, "
			  "or write .dot or .json");
	} else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
		diag_error(d, at, "cannot draw '%s': %s was killed, perhaps for want of memory",
			   name, who);
		diag_hint(d, "draw one function, or write .dot or .json");
	} else if (WIFSIGNALED(status)) {
		diag_error(d, at, "cannot draw '%s': %s died of signal %d (%s)", name, who,
			   WTERMSIG(status), strsignal(WTERMSIG(status)));
		diag_hint(d, "draw one function, or write .dot or .json");
	} else {
		diag_error(d, at, "cannot draw '%s': %s gave up (status %d)", name, who, end);
		diag_hint(d, "write .dot or .json instead");
	}
	return -1;
}

/* Has a child draw into the descriptor @out. */
static int draw_apart(const struct cfg *cfg, const struct image_options *o, int out,
		      const char *name, struct span at, struct diags *d)
{
	struct buf said = BUF_INIT;
	struct drawing drawing = { cfg, o, out };
	const char *killed;
	int from, status, ret = 0;
	pid_t pid = child_work(draw_in_child, &drawing, &from);

	if (pid < 0) {
		buf_free(&said);
		return diag_errno(d, at, pid, "cannot draw '%s'", name);
	}
	killed = listen_to(pid, from, &said, o);
	if (o->tick)
		o->tick(o->user, true);
	if (killed)
		kill(pid, SIGKILL);
	status = child_reap(pid);
	close(from);
	if (killed || status) {
		ret = blame_child(name, o->format == IMAGE_SVG ? "the drawing process" : "graphviz",
				  killed, status, at, d);
		note_said(&said, at, d);
	}
	buf_free(&said);
	return ret;
}

/* The formats that are text of our own. */
static bool make_text(struct buf *out, const struct cfg *cfg, const struct image_options *o)
{
	struct page_options page = PAGE_DEFAULTS;

	page.func = o->one_func ? o->func : CFG_NONE;
	if (o->format == IMAGE_DOT)
		dot_write(out, cfg, &page);
	else if (o->format == IMAGE_JSON)
		cfg_json(out, cfg, page.func);
	else
		return false;
	return true;
}

static int make(struct buf *out, const struct cfg *cfg, const struct image_options *o,
		const char *name, struct span at, struct diags *d)
{
	int fd, ret, err;

	if (make_text(out, cfg, o))
		return 0;
	fd = memfd_create("picture", MFD_CLOEXEC);
	if (fd < 0)
		return diag_errno(d, at, errno, "cannot draw '%s'", name);
	ret = draw_apart(cfg, o, fd, name, at, d);
	lseek(fd, 0, SEEK_SET);
	err = ret ? 0 : file_read_fd(fd, out, SIZE_MAX);
	if (err)
		ret = diag_errno(d, at, err, "cannot draw '%s'", name);
	close(fd);
	return ret;
}

int image_make(struct buf *out, const struct cfg *cfg, const struct image_options *o,
	       struct span at, struct diags *d)
{
	return make(out, cfg, o, "picture", at, d);
}

static int put(const char *path, const struct buf *picture)
{
	struct outfile f;
	int err = outfile_open(&f, path), closed;

	if (err)
		return err;
	err = out_all(f.fd, picture->data, picture->len);
	closed = outfile_close(&f, !err);
	return err ? err : closed;
}

int image_write(const struct cfg *cfg, const struct image_options *o, const char *path,
		struct span at, struct diags *d)
{
	int format = format_of(path, o->format, at, d), err, ret = 0;
	struct image_options known = *o;
	struct buf picture = BUF_INIT;

	if (format < 0)
		return -1;
	known.format = format;
	err = outfile_check(path);
	if (!err)
		ret = make(&picture, cfg, &known, path, at, d);
	/* The picture is complete before its first byte is written. */
	if (!err && !ret)
		err = put(path, &picture);
	buf_free(&picture);
	return err ? diag_errno(d, at, err, "cannot write '%s'", path) : ret;
}
