// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "render/cfg_text.h"
#include "render/term_image.h"

const char *const term_viewers[] = { "auto", "kitty", "iterm", "sixel", "chafa", "text", NULL };

#define REPLY_MS 100

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

bool term_has_sixel(const char *reply, size_t len)
{
	const char *end = reply + len, *p = memmem(reply, len, "\033[?", 3);
	int value = 0;

	for (p = p ? p + 3 : end; p < end; p++) {
		if (*p >= '0' && *p <= '9' && value < 1000) {
			value = 10 * value + *p - '0';
		} else {
			if (value == 4)
				return true;
			if (*p != ';')
				return false;
			value = 0;
		}
	}
	return false;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}

/* Reads until a reply's final letter or until its time is over. */
static size_t read_reply(int in, char *reply, size_t size)
{
	int64_t end = now_ms() + REPLY_MS;
	size_t len = 0;

	while (len < size && (!len || reply[len - 1] != 'c')) {
		struct pollfd pfd = { .fd = in, .events = POLLIN };
		int64_t left = end - now_ms();

		if (left <= 0 || poll(&pfd, 1, left) <= 0 || read(in, reply + len, 1) != 1)
			break;
		len++;
	}
	return len;
}

/* Asks for the terminal's attributes, unseen and without waiting for a line. */
static bool ask_for_sixel(int in, int out)
{
	struct termios old, raw;
	char reply[64];
	size_t len = 0;

	/* Only who is in the foreground may change a terminal. */
	if (tcgetpgrp(in) != getpgrp() || tcgetattr(in, &old))
		return false;
	raw = old;
	raw.c_lflag &= ~(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	if (tcsetattr(in, TCSANOW, &raw))
		return false;
	if (write(out, "\033[c", 3) == 3)
		len = read_reply(in, reply, sizeof(reply));
	tcsetattr(in, TCSANOW, &old);
	return term_has_sixel(reply, len);
}

enum term_viewer term_detect(int in, int out)
{
	enum term_viewer viewer;

	if (!isatty(in) || !isatty(out))
		return VIEWER_TEXT;
	viewer = detect_by_environment();
	if (viewer != VIEWER_AUTO)
		return viewer;
	return ask_for_sixel(in, out) ? VIEWER_SIXEL : VIEWER_CHAFA;
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

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			data += n;
			len -= n;
		}
	}
	return 0;
}

static struct winsize window_of(int out)
{
	struct winsize ws = { 0 };

	if (ioctl(out, TIOCGWINSZ, &ws) || !ws.ws_col || !ws.ws_row)
		ws = (struct winsize){ .ws_col = 80, .ws_row = 24 };
	return ws;
}

/* The columns to squeeze a picture into that is wider than the terminal, else 0. */
static int columns_for(const struct buf *png, const struct winsize *ws)
{
	const unsigned char *p = (unsigned char *)png->data;
	uint32_t width;

	if (png->len < 24 || !ws->ws_xpixel)
		return 0;
	width = (uint32_t)p[16] << 24 | p[17] << 16 | p[18] << 8 | p[19];
	return width > ws->ws_xpixel ? ws->ws_col : 0;
}

/* Has chafa draw what the descriptor @png holds; false where there is no chafa that does. */
static bool run_chafa(int png, int out, enum term_viewer viewer, const struct winsize *ws)
{
	char *size = xasprintf("%dx%d", ws->ws_col, 4 * ws->ws_row);
	const char *format = viewer == VIEWER_SIXEL ? "sixels" : "symbols";
	char *argv[] = {
		"chafa", "--format", (char *)format, "--size", size, "/proc/self/fd/0", NULL
	};
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		int null = open("/dev/null", O_WRONLY);

		if (null >= 0 && dup2(png, 0) == 0 && dup2(out, 1) == 1 && dup2(null, 2) == 2)
			execvp(argv[0], argv);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	free(size);
	return pid > 0 && WIFEXITED(status) && !WEXITSTATUS(status);
}

static bool show_by_chafa(const struct buf *png, int out, enum term_viewer viewer,
			  const struct winsize *ws)
{
	int fd = memfd_create("picture", MFD_CLOEXEC);
	bool ok = fd >= 0 && !write_all(fd, png->data, png->len) && !lseek(fd, 0, SEEK_SET) &&
		  run_chafa(fd, out, viewer, ws);

	if (fd >= 0)
		close(fd);
	return ok;
}

static int show_text(const struct cfg *cfg, const struct image_options *o, int out, struct span at,
		     struct diags *d)
{
	struct buf text = BUF_INIT;
	int err;

	cfg_text(&text, cfg, o->one_func ? o->func : CFG_NONE);
	err = write_all(out, text.data, text.len);
	buf_free(&text);
	return err ? diag_error(d, at, "cannot show the graph: %s", strerror(errno)) : 0;
}

static int show_picture(const struct buf *png, enum term_viewer viewer, int out, struct span at,
			struct diags *d)
{
	struct winsize ws = window_of(out);
	struct buf bytes = BUF_INIT;
	int err;

	if (viewer == VIEWER_KITTY)
		term_kitty(&bytes, png, columns_for(png, &ws));
	else
		term_iterm(&bytes, png, columns_for(png, &ws));
	err = write_all(out, bytes.data, bytes.len);
	buf_free(&bytes);
	if (!err && columns_for(png, &ws))
		diag_note(d, at,
			  "the picture is wider than the terminal: write it to a file to read it");
	return err ? diag_error(d, at, "cannot show the graph: %s", strerror(errno)) : 0;
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
	struct winsize ws = window_of(out);
	int err = 0;

	known.format = IMAGE_PNG;
	if (viewer == VIEWER_AUTO)
		viewer = term_detect(in, out);
	if (viewer == VIEWER_TEXT)
		return show_text(cfg, o, out, at, d);
	if (image_make(&png, cfg, &known, at, &failed)) {
		note_failure(&failed, at, d);
		err = show_text(cfg, o, out, at, d);
	} else if (viewer == VIEWER_KITTY || viewer == VIEWER_ITERM) {
		err = show_picture(&png, viewer, out, at, d);
	} else if (!show_by_chafa(&png, out, viewer, &ws)) {
		diag_note(d, at,
			  "chafa, which draws in terminals, is not installed: here is the text");
		err = show_text(cfg, o, out, at, d);
	}
	buf_free(&png);
	return err;
}
