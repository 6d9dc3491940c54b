// SPDX-License-Identifier: BSD-2-Clause
/* Finds out what pictures a terminal shows, and writes one for it. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "render/cfg/cfg_text.h"
#include "render/picture/term_image.h"
#include "render/sink/out.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/child.h"
#include "shell/base/clock.h"
#include "shell/base/diag.h"

const char *const term_viewers[] = { "auto", "kitty", "iterm", "sixel", "chafa", "text", NULL };

#define REPLY_MS 100
#define REPLY_REMOTE_MS 1000	/* by ssh: what comes too late would be typed at the prompt */

/* The number that a question about kitty's protocol has, and the answer of who knows it. */
#define KITTY_ID "31"
#define KITTY_OK "\033_Gi=" KITTY_ID ";OK"

#define CELL_PIXELS 10.0	/* width of a character, where the terminal does not tell */
#define CHAFA_ROWS 10000u	/* the width limits a picture's size: one can scroll */

/* Environment variables by which terminals tell who they are. */
static const struct {
	const char *name;
	const char *value;	/* a part of it; "": any */
	enum term_viewer viewer;
} signs[] = {
	{ "KITTY_WINDOW_ID", "", VIEWER_KITTY },
	{ "GHOSTTY_RESOURCES_DIR", "", VIEWER_KITTY },
	{ "TERM", "kitty", VIEWER_KITTY },
	{ "TERM", "ghostty", VIEWER_KITTY },
	{ "TERM_PROGRAM", "iTerm", VIEWER_ITERM },
	{ "TERM_PROGRAM", "WezTerm", VIEWER_ITERM },
	{ "LC_TERMINAL", "iTerm", VIEWER_ITERM },
};

/* A multiplexer hands on neither protocol, but its environment is that of the terminal outside. */
static enum term_viewer detect_by_environment(void)
{
	if (getenv("TMUX") || getenv("STY"))
		return VIEWER_AUTO;
	for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
		const char *value = getenv(signs[i].name);

		if (value && strstr(value, signs[i].value))
			return signs[i].viewer;
	}
	return VIEWER_AUTO;
}

/* @sixel: whether there is a 4 among the attributes from @p on. Whether their last letter came. */
static bool read_attributes(const char *p, const char *end, bool *sixel)
{
	int value = 0;

	for (*sixel = false; p < end && *p != 'c'; p++) {
		if (*p >= '0' && *p <= '9') {
			value = value < 1000 ? 10 * value + *p - '0' : value;
		} else if (*p == ';') {
			*sixel |= value == 4;
			value = 0;
		} else {
			return false;
		}
	}
	*sixel |= value == 4;
	return p < end;
}

enum term_viewer term_answer(const char *reply, size_t len, bool *complete)
{
	const char *attributes = memmem(reply, len, "\033[?", 3);
	bool sixel = false;

	*complete = attributes && read_attributes(attributes + 3, reply + len, &sixel);
	if (memmem(reply, len, KITTY_OK, strlen(KITTY_OK)))
		return VIEWER_KITTY;
	return *complete && sixel ? VIEWER_SIXEL : VIEWER_CHAFA;
}

static int reply_ms(void)
{
	return getenv("SSH_CONNECTION") || getenv("SSH_TTY") ? REPLY_REMOTE_MS : REPLY_MS;
}

/* Reads until the answers are complete, their time is over, or a signal comes. */
static enum term_viewer read_answers(int in)
{
	enum term_viewer viewer = VIEWER_CHAFA;
	int64_t end = clock_ms() + reply_ms();
	char reply[256];
	size_t len = 0;
	bool complete = false;

	while (len < sizeof(reply) && !complete) {
		struct pollfd pfd = { .fd = in, .events = POLLIN };
		int64_t left = end - clock_ms();

		if (left <= 0 || poll(&pfd, 1, left) <= 0 || read(in, reply + len, 1) != 1)
			break;
		viewer = term_answer(reply, ++len, &complete);
	}
	return viewer;
}

/*
 * Whether the terminal knows kitty's protocol, and its attributes, which every terminal tells;
 * multiplexers swallow the first question.
 */
#define QUERY "\033_Gi=" KITTY_ID ",s=1,v=1,a=q,t=d,f=24;AAAA\033\\\033[c"

/* Asks the terminal, unseen and without waiting for a line. */
static enum term_viewer ask(int in, int out)
{
	enum term_viewer viewer = VIEWER_CHAFA;
	struct termios old, raw;

	/* Only who is in the foreground may change a terminal. */
	if (tcgetpgrp(in) != getpgrp() || tcgetattr(in, &old))
		return VIEWER_CHAFA;
	raw = old;
	raw.c_lflag &= ~(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	if (tcsetattr(in, TCSANOW, &raw))
		return VIEWER_CHAFA;
	if (!out_all(out, QUERY, strlen(QUERY)))
		viewer = read_answers(in);
	tcsetattr(in, TCSANOW, &old);
	return viewer;
}

/* Those that would print a question that they do not know. */
static bool can_ask(const char *term)
{
	return term && *term && strcmp(term, "dumb") && strcmp(term, "linux");
}

enum term_viewer term_detect(int in, int out)
{
	enum term_viewer viewer;

	if (!isatty(in) || !isatty(out))
		return VIEWER_TEXT;
	viewer = detect_by_environment();
	if (viewer != VIEWER_AUTO)
		return viewer;
	return can_ask(getenv("TERM")) ? ask(in, out) : VIEWER_TEXT;
}

static void add_base64(struct buf *out, const unsigned char *data, size_t len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < len; i += 3) {
		uint32_t bits = data[i] << 16;

		if (i + 1 < len)
			bits |= data[i + 1] << 8;
		if (i + 2 < len)
			bits |= data[i + 2];
		buf_putc(out, digits[bits >> 18]);
		buf_putc(out, digits[bits >> 12 & 63]);
		buf_putc(out, i + 1 < len ? digits[bits >> 6 & 63] : '=');
		buf_putc(out, i + 2 < len ? digits[bits & 63] : '=');
	}
}

/* Bytes of picture in one piece: 4096 of base64, the most that the protocol allows. */
#define KITTY_PIECE 3072

void term_kitty(struct buf *out, const struct buf *png, int columns)
{
	for (size_t at = 0; at < png->len || !at; at += KITTY_PIECE) {
		size_t len = png->len - at < KITTY_PIECE ? png->len - at : KITTY_PIECE;

		buf_puts(out, "\033_G");
		if (!at) {
			buf_puts(out, "a=T,f=100,q=2,");
			if (columns)
				buf_printf(out, "c=%d,", columns);
		}
		buf_printf(out, "m=%d;", at + len < png->len);
		add_base64(out, (unsigned char *)png->data + at, len);
		buf_puts(out, "\033\\");
	}
	buf_putc(out, '\n');
}

void term_iterm(struct buf *out, const struct buf *png, int columns)
{
	buf_printf(out, "\033]1337;File=inline=1;size=%zu;", png->len);
	if (columns)
		buf_printf(out, "width=%d;", columns);
	buf_putc(out, ':');
	add_base64(out, (unsigned char *)png->data, png->len);
	buf_puts(out, "\a\n");
}

static struct winsize window_of(int out)
{
	struct winsize ws = { 0 };

	if (ioctl(out, TIOCGWINSZ, &ws) || !ws.ws_col || !ws.ws_row)
		ws = (struct winsize){ .ws_col = 80, .ws_row = 24 };
	return ws;
}

/* How wide the picture is in columns of the terminal, whose cells may say no size in pixels. */
static uint32_t natural_columns(const struct buf *png, const struct winsize *ws)
{
	const unsigned char *p = (unsigned char *)png->data;
	double cell = ws->ws_xpixel ? (double)ws->ws_xpixel / ws->ws_col : CELL_PIXELS;

	if (png->len < 24)
		return 0;
	return ceil(((uint32_t)p[16] << 24 | p[17] << 16 | p[18] << 8 | p[19]) / cell);
}

/*
 * Has chafa draw what the descriptor @png holds, @columns wide. Returns its exit status, 127
 * where there is no chafa, or -1 where a signal ended it.
 */
static int run_chafa(int png, int out, enum term_viewer viewer, uint32_t columns)
{
	char *size = xasprintf("%ux%u", columns, CHAFA_ROWS);
	const char *format = viewer == VIEWER_SIXEL ? "sixels" : "symbols";
	char *argv[] = {
		"chafa", "--format", (char *)format, "--size", size, "/proc/self/fd/0", NULL
	};
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC), status = -1;
	pid_t pid = child_exec(argv, (struct child_io){ png, out, null }, false);

	if (pid > 0)
		child_wait(&pid, 1, false, &status);
	if (null >= 0)
		close(null);
	free(size);
	if (pid < 0)
		return pid == -ENOENT || pid == -EACCES ? 127 : -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int show_by_chafa(const struct buf *png, int out, enum term_viewer viewer,
			 const struct winsize *ws)
{
	uint32_t natural = natural_columns(png, ws);
	bool fits = viewer == VIEWER_SIXEL && natural < ws->ws_col;
	int fd = memfd_create("picture", MFD_CLOEXEC), status = -1;

	if (fd >= 0 && !out_all(fd, png->data, png->len) && !lseek(fd, 0, SEEK_SET))
		status = run_chafa(fd, out, viewer, fits ? natural : ws->ws_col);
	if (fd >= 0)
		close(fd);
	/* Where a sixel picture leaves the cursor differs between terminals. */
	if (!status && viewer == VIEWER_SIXEL)
		status = out_all(out, "\n", 1);
	return status;
}

static int show_text(const struct cfg *cfg, const struct image_options *o, int out, struct span at,
		     struct diags *d)
{
	struct buf text = BUF_INIT;
	int err;

	cfg_text(&text, cfg, o->one_func ? o->func : CFG_NONE);
	err = out_all(out, text.data, text.len);
	buf_free(&text);
	return err ? diag_errno(d, at, err, "cannot show the graph") : 0;
}

/* By a protocol that takes the file as it is. */
static int show_file(const struct buf *png, enum term_viewer viewer, int out,
		     const struct winsize *ws, struct span at, struct diags *d)
{
	int columns = natural_columns(png, ws) > ws->ws_col ? ws->ws_col : 0;
	struct buf bytes = BUF_INIT;
	int err;

	if (viewer == VIEWER_KITTY)
		term_kitty(&bytes, png, columns);
	else
		term_iterm(&bytes, png, columns);
	err = out_all(out, bytes.data, bytes.len);
	buf_free(&bytes);
	return err ? diag_errno(d, at, err, "cannot show the graph") : 0;
}

/* Says where the picture's text cannot be read. */
static void note_size(const struct buf *png, enum term_viewer viewer, const struct winsize *ws,
		      struct span at, struct diags *d)
{
	if (viewer == VIEWER_CHAFA)
		diag_note(d, at, "symbols are too coarse for letters: 'text' shows the "
			  "instructions, and 'file' a picture to read");
	else if (natural_columns(png, ws) > ws->ws_col)
		diag_note(d, at, "the picture is wider than the terminal: write it to a file to "
			  "read it");
}

static int show_picture(const struct cfg *cfg, const struct image_options *o,
			enum term_viewer viewer, const struct buf *png, int out, struct span at,
			struct diags *d)
{
	struct winsize ws = window_of(out);
	int status;

	if (viewer == VIEWER_KITTY || viewer == VIEWER_ITERM) {
		if (show_file(png, viewer, out, &ws, at, d))
			return -1;
	} else {
		status = show_by_chafa(png, out, viewer, &ws);
		if (o->stop && *o->stop)
			return diag_error(d, at, "cannot show the graph: interrupted");
		if (status) {
			diag_note(d, at, "chafa, which draws in terminals, %s: here is the text",
				  status == 127 ? "is not installed" : "fails");
			return show_text(cfg, o, out, at, d);
		}
	}
	note_size(png, viewer, &ws, at, d);
	return 0;
}

/* Says as a note what kept a picture from being made. */
static void note_failure(struct diags *failed, struct span at, struct diags *d)
{
	diag_note(d, at, "%s: here is its text", failed->nr ? failed->list[0].msg : "no picture");
	diags_clear(failed);
}

int term_show(const struct cfg *cfg, const struct image_options *o, enum term_viewer viewer,
	      int in, int out, struct span at, struct diags *d)
{
	struct image_options known = *o;
	struct diags failed = { 0 };
	struct buf png = BUF_INIT;
	int err;

	known.format = IMAGE_PNG;
	if (viewer == VIEWER_AUTO)
		viewer = term_detect(in, out);
	if (viewer == VIEWER_TEXT)
		return show_text(cfg, o, out, at, d);
	err = image_make(&png, cfg, &known, at, &failed);
	if (err && o->stop && *o->stop) {
		diags_clear(&failed);
		err = diag_error(d, at, "cannot show the graph: interrupted");
	} else if (err) {
		note_failure(&failed, at, d);
		err = show_text(cfg, o, out, at, d);
	} else {
		err = show_picture(cfg, o, viewer, &png, out, at, d);
	}
	buf_free(&png);
	return err;
}
