// SPDX-License-Identifier: BSD-2-Clause
/* Pictures in the terminal: what is written, and how a terminal is recognised, on a pty. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "render/picture/term_image.h"
#include "shell/base/buf.h"
#include "tests/unit/code.h"

static const struct bpf_insn small[] = { MOV(0, 1), EXIT };

static void test_answers(void **state)
{
	static const struct {
		const char *reply;
		enum term_viewer viewer;
		bool complete;
	} replies[] = {
		{ "\033[?62;4;22c", VIEWER_SIXEL, true },
		{ "\033[?4c", VIEWER_SIXEL, true },
		{ "typed c\033[?1;2;4c", VIEWER_SIXEL, true },
		{ "\033_Gi=31;OK\033\\\033[?62;4c", VIEWER_KITTY, true },
		{ "\033_Gi=31;OK\033\\", VIEWER_KITTY, false },
		{ "\033_Gi=31;ENOTSUPPORTED:no\033\\\033[?62c", VIEWER_CHAFA, true },
		{ "\033[?62;22c", VIEWER_CHAFA, true },
		{ "\033[?64;14;44c", VIEWER_CHAFA, true },
		{ "\033[?62;4", VIEWER_CHAFA, false },
		{ "\033[?2004h", VIEWER_CHAFA, false },
		{ "", VIEWER_CHAFA, false },
		{ "4;c", VIEWER_CHAFA, false },
		{ "\033[?99999999999999999999;4c", VIEWER_SIXEL, true },
	};
	bool complete;

	for (size_t i = 0; i < ARRAY_SIZE(replies); i++) {
		assert_int_equal(term_answer(replies[i].reply, strlen(replies[i].reply), &complete),
				 replies[i].viewer);
		assert_int_equal(complete, replies[i].complete);
	}
}

static void test_kitty(void **state)
{
	struct buf png = BUF_INIT, out = BUF_INIT;
	const char *second;

	buf_puts(&png, "any");
	term_kitty(&out, &png, 0);
	assert_string_equal(buf_str(&out), "\033_Ga=T,f=100,q=2,m=0;YW55\033\\\n");
	buf_reset(&out);
	buf_pad(&png, 'x', 4000);
	term_kitty(&out, &png, 80);
	assert_int_equal(strncmp(buf_str(&out), "\033_Ga=T,f=100,q=2,c=80,m=1;YW55", 30), 0);
	second = strstr(out.data + 1, "\033_G");
	assert_int_equal(strncmp(second, "\033_Gm=0;", 7), 0);
	assert_int_equal(second - out.data, 26 + 4096 + 2);
	buf_free(&png);
	buf_free(&out);
}

static void test_iterm(void **state)
{
	struct buf png = BUF_INIT, out = BUF_INIT;

	buf_puts(&png, "four");
	term_iterm(&out, &png, 0);
	assert_string_equal(buf_str(&out), "\033]1337;File=inline=1;size=4;:Zm91cg==\a\n");
	buf_free(&png);
	buf_free(&out);
}

static const char *const variables[] = { "KITTY_WINDOW_ID",
					 "GHOSTTY_RESOURCES_DIR",
					 "TERM_PROGRAM",
					 "LC_TERMINAL",
					 "TMUX",
					 "STY",
					 "SSH_CONNECTION",
					 "SSH_TTY",
					 NULL };

/*
 * Detects in a session of its own on a pty; the terminal's side answers the query with @reply,
 * by ssh after a while.
 */
static int detect_on_pty(const char *name, const char *value, const char *reply)
{
	int master, status;
	pid_t pid = forkpty(&master, NULL, NULL, NULL);
	struct buf said = BUF_INIT;

	if (!pid) {
		for (size_t i = 0; variables[i]; i++)
			unsetenv(variables[i]);
		setenv("TERM", "xterm", 1);
		if (name)
			setenv(name, value, 1);
		_exit(term_detect(0, 1));
	}
	for (;;) {
		struct pollfd pfd = { .fd = master, .events = POLLIN };
		ssize_t n =
			poll(&pfd, 1, 5000) == 1 ? read(master, buf_reserve(&said, 64), 64) : -1;

		if (n <= 0)
			break;
		buf_commit(&said, n);
		if (reply && strstr(buf_str(&said), "\033[c")) {
			poll(NULL, 0, name && !strcmp(name, "SSH_TTY") ? 250 : 0);
			assert_int_equal(write(master, reply, strlen(reply)), strlen(reply));
			reply = NULL;
		}
	}
	waitpid(pid, &status, 0);
	close(master);
	buf_free(&said);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_detect(void **state)
{
	int null = open("/dev/null", O_RDWR);

	assert_int_equal(detect_on_pty("KITTY_WINDOW_ID", "1", NULL), VIEWER_KITTY);
	assert_int_equal(detect_on_pty("TERM", "xterm-kitty", NULL), VIEWER_KITTY);
	assert_int_equal(detect_on_pty("TERM_PROGRAM", "WezTerm", NULL), VIEWER_ITERM);
	assert_int_equal(detect_on_pty(NULL, NULL, "\033[?62;4c"), VIEWER_SIXEL);
	assert_int_equal(detect_on_pty(NULL, NULL, "\033[?62c"), VIEWER_CHAFA);
	assert_int_equal(detect_on_pty(NULL, NULL, "\033_Gi=31;OK\033\\\033[?62c"), VIEWER_KITTY);
	assert_int_equal(detect_on_pty("TMUX", "x", "\033[?1;2;4c"), VIEWER_SIXEL);
	assert_int_equal(detect_on_pty("SSH_TTY", "/dev/pts/1", "\033[?62;4c"), VIEWER_SIXEL);
	assert_int_equal(detect_on_pty(NULL, NULL, NULL), VIEWER_CHAFA);
	assert_int_equal(detect_on_pty("TERM", "dumb", NULL), VIEWER_TEXT);
	assert_int_equal(term_detect(null, null), VIEWER_TEXT);
	close(null);
}

/* What term_show() writes, and how many notes it makes. */
static struct buf show(enum term_viewer viewer, struct image_options *o, int *notes)
{
	struct code *code = ELF_CODE(small);
	struct cfg *cfg = cfg_build(code);
	char name[] = "/tmp/term_image_test.XXXXXX";
	int fd = mkstemp(name);
	struct diags d = { 0 };
	struct buf b = BUF_INIT;
	ssize_t n;

	unlink(name);
	assert_int_equal(term_show(cfg, o, viewer, fd, fd, NO_SPAN, &d), 0);
	assert_int_equal(d.errors, 0);
	*notes = d.nr;
	diags_clear(&d);
	lseek(fd, 0, SEEK_SET);
	while ((n = read(fd, buf_reserve(&b, 65536), 65536)) > 0)
		buf_commit(&b, n);
	close(fd);
	cfg_free(cfg);
	code_free(code);
	return b;
}

static void assert_shows(enum term_viewer viewer, struct image_options *o, const char *begins,
			 int notes)
{
	int nr;
	struct buf b = show(viewer, o, &nr);

	assert_int_equal(strncmp(buf_str(&b), begins, strlen(begins)), 0);
	assert_int_equal(nr, notes);
	buf_free(&b);
}

static void test_show(void **state)
{
	struct image_options o = { 0 };
	char *path = xstrdup(getenv("PATH"));

	assert_shows(VIEWER_AUTO, &o, "main  (xdp)  2 insns", 0);
	assert_shows(VIEWER_TEXT, &o, "main  (xdp)  2 insns", 0);
	assert_shows(VIEWER_KITTY, &o, "\033_Ga=T,f=100,q=2,m=", 0);
	assert_shows(VIEWER_ITERM, &o, "\033]1337;File=inline=1;", 0);
	setenv("PATH", "/nowhere", 1);
	assert_shows(VIEWER_CHAFA, &o, "main  (xdp)  2 insns", 1);
	setenv("PATH", path, 1);
	o.stall_ms = 60000;
	o.deadline_ms = 50;
	assert_shows(VIEWER_KITTY, &o, "main  (xdp)  2 insns", 1);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_kitty),
		cmocka_unit_test(test_iterm),
		cmocka_unit_test(test_detect),
		cmocka_unit_test(test_show),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
