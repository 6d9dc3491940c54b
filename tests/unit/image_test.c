// SPDX-License-Identifier: BSD-2-Clause
/* Pictures as files: each format, and that nothing is left behind by what fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "render/picture/image.h"
#include "shell/base/buf.h"
#include "tests/unit/code.h"

static const struct bpf_insn small[] = {
	MOV(6, 0), ADD(6, 1), IF(6, 3, 1), GOTO(-3), CALLF(1), EXIT, MOV(0, 1), EXIT,
};

struct box {
	char *dir, *path;	/* an empty directory, and a file in it that is not there */
	struct cfg *cfg;
	struct image_options o;
	struct diags d;
};

static int set_up(void **state)
{
	struct box *box = xcalloc(1, sizeof(*box));

	box->dir = xstrdup("/tmp/image_test.XXXXXX");
	assert_non_null(mkdtemp(box->dir));
	box->path = xasprintf("%s/x.png", box->dir);
	box->cfg = cfg_build(ELF_CODE(small));
	*state = box;
	return 0;
}

/* How many files there are, other than @path, which goes too. */
static int clean(struct box *box)
{
	DIR *dir = opendir(box->dir);
	struct dirent *e;
	int nr = 0;

	unlink(box->path);
	while ((e = readdir(dir)))
		nr += e->d_name[0] != '.' || strlen(e->d_name) > 2;
	closedir(dir);
	return nr;
}

static int tear_down(void **state)
{
	struct box *box = *state;
	struct code *code = (struct code *)box->cfg->code;
	int left = clean(box);

	rmdir(box->dir);
	cfg_free(box->cfg);
	code_free(code);
	diags_clear(&box->d);
	free(box->path);
	free(box->dir);
	free(box);
	return left;
}

static struct buf read_file(const char *path)
{
	struct buf b = BUF_INIT;
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	while ((n = fread(buf_reserve(&b, 65536), 1, 65536, f)))
		buf_commit(&b, n);
	fclose(f);
	return b;
}

static void write_ok(struct box *box, const char *path)
{
	int err = image_write(box->cfg, &box->o, path, NO_SPAN, &box->d);

	if (box->d.nr)
		print_message("%s\n", box->d.list[0].msg);
	assert_int_equal(err, 0);
	assert_int_equal(box->d.nr, 0);
}

static void assert_fails(struct box *box, const char *path, const char *why)
{
	assert_int_equal(image_write(box->cfg, &box->o, path, NO_SPAN, &box->d), -1);
	assert_int_equal(box->d.errors, 1);
	assert_non_null(strstr(box->d.list[0].msg, why));
	diags_clear(&box->d);
	box->d = (struct diags){ 0 };
}

static uint32_t read_be32(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return (uint32_t)u[0] << 24 | u[1] << 16 | u[2] << 8 | u[3];
}

static void assert_png(const struct buf *b)
{
	assert_true(b->len > 64);
	assert_memory_equal(b->data, "\x89PNG\r\n\x1a\n", 8);
	assert_true(read_be32(b->data + 16) >= 200 && read_be32(b->data + 16) <= 2000);
	assert_true(read_be32(b->data + 20) >= 200 && read_be32(b->data + 20) <= 2000);
	assert_memory_equal(b->data + b->len - 8, "IEND", 4);
}

static void test_png(void **state)
{
	struct box *box = *state;
	struct stat st;
	mode_t mask = umask(027);
	struct buf b;

	write_ok(box, box->path);
	umask(mask);
	assert_int_equal(stat(box->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	b = read_file(box->path);
	assert_png(&b);
	buf_free(&b);
}

/* Enough of XML to see that tags and quotes match. */
static void assert_well_formed(const char *s)
{
	const char *open[64];
	int depth = 0, elements = 0;

	while ((s = strchr(s, '<'))) {
		const char *name = ++s;
		bool quoted = false;

		if (*s == '?' || *s == '!') {
			s = strncmp(s, "!--", 3) ? strchr(s, '>') : strstr(s, "-->");
			assert_non_null(s);
			continue;
		}
		for (; *s && (*s != '>' || quoted); s++) {
			quoted ^= *s == '"';
			assert_int_not_equal(*s, '<');
		}
		assert_int_equal(*s, '>');
		elements++;
		if (*name == '/') {
			size_t len = s - name - 1;

			assert_true(depth > 0);
			assert_int_equal(strncmp(open[--depth], name + 1, len), 0);
			assert_non_null(strchr(" >\n", open[depth][len]));
		} else if (s[-1] != '/') {
			assert_true(depth < 64);
			open[depth++] = name;
		}
	}
	assert_int_equal(depth, 0);
	assert_true(elements > 10);
}

static void test_svg(void **state)
{
	struct box *box = *state;
	struct buf b = BUF_INIT;

	box->o.format = IMAGE_SVG;
	assert_int_equal(image_make(&b, box->cfg, &box->o, NO_SPAN, &box->d), 0);
	assert_well_formed(buf_str(&b));
	assert_non_null(strstr(b.data, "href=\"#f1\""));
	assert_non_null(strstr(b.data, "id=\"f1\""));
	assert_non_null(strstr(b.data, "<title>   0: r6 = 0"));
	buf_free(&b);
}

static void test_other_formats(void **state)
{
	static const struct {
		enum image_format format;
		const char *begins;
	} formats[] = {
		{ IMAGE_PDF, "%PDF" }, { IMAGE_DOT, "digraph cfg {" }, { IMAGE_JSON, "{\"id\":0," },
	};
	struct box *box = *state;

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		struct buf b;

		box->o.format = formats[i].format;
		write_ok(box, box->path);
		b = read_file(box->path);
		assert_int_equal(strncmp(buf_str(&b), formats[i].begins, strlen(formats[i].begins)),
				 0);
		buf_free(&b);
	}
}

static void test_large(void **state)
{
	struct box *box = *state;
	struct bpf_insn insns[2 * 400 + 1];
	struct buf b = BUF_INIT;
	struct code *code;

	for (int i = 0; i < 400; i++) {
		insns[2 * i] = ADD(1, i);
		insns[2 * i + 1] = IF(1, i, i % 7 == 6 ? -9 : 2);
	}
	insns[797] = IF(1, 0, 1);
	insns[799] = IF(1, 0, 0);
	insns[800] = EXIT;
	code = (struct code *)box->cfg->code;
	cfg_free(box->cfg);
	code_free(code);
	box->cfg = cfg_build(ELF_CODE(insns));
	/* Emulated processors take their time. */
	box->o.deadline_ms = 600000;
	box->o.format = IMAGE_SVG;
	assert_int_equal(image_make(&b, box->cfg, &box->o, NO_SPAN, &box->d), 0);
	assert_well_formed(buf_str(&b));
	buf_reset(&b);
	box->o.format = IMAGE_PNG;
	assert_int_equal(image_make(&b, box->cfg, &box->o, NO_SPAN, &box->d), 0);
	assert_memory_equal(b.data, "\x89PNG", 4);
	assert_true(read_be32(b.data + 16) >= 1000 && read_be32(b.data + 16) <= 20000);
	assert_true(read_be32(b.data + 20) >= 1000 && read_be32(b.data + 20) <= 20000);
	buf_free(&b);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}

static void test_deadline(void **state)
{
	struct box *box = *state;
	int64_t start = now_ms();

	box->o.stall_ms = 60000;
	box->o.deadline_ms = 200;
	assert_fails(box, box->path, "it takes too long");
	assert_true(now_ms() - start < 20000);
	assert_int_equal(access(box->path, F_OK), -1);
	assert_int_equal(clean(box), 0);
}

struct ticks {
	int nr, done;
};

static void tick(void *user, bool done)
{
	struct ticks *ticks = user;

	assert_int_equal(ticks->done, 0);
	ticks->nr++;
	ticks->done += done;
}

/* Who waits hears of it several times, and that it is over, also where nothing comes of it. */
static void test_tick(void **state)
{
	struct box *box = *state;
	struct ticks ticks = { 0 };

	box->o.tick = tick;
	box->o.user = &ticks;
	box->o.stall_ms = 450;
	write_ok(box, box->path);
	assert_true(ticks.nr >= 4);
	assert_int_equal(ticks.done, 1);
	ticks = (struct ticks){ 0 };
	box->o.stall_ms = 60000;
	box->o.deadline_ms = 50;
	box->o.stall_ms = 60000;
	assert_fails(box, box->path, "it takes too long");
	assert_int_equal(ticks.done, 1);
}

static void test_stop(void **state)
{
	struct box *box = *state;
	volatile sig_atomic_t stop = 1;

	box->o.stall_ms = 60000;
	box->o.stop = &stop;
	assert_fails(box, box->path, "interrupted");
	assert_int_equal(clean(box), 0);
}

static void test_old_file_stays_on_failure(void **state)
{
	struct box *box = *state;
	struct buf b;
	FILE *f = fopen(box->path, "w");

	fputs("mine", f);
	fclose(f);
	box->o.stall_ms = 60000;
	box->o.deadline_ms = 50;
	assert_fails(box, box->path, "it takes too long");
	b = read_file(box->path);
	assert_string_equal(buf_str(&b), "mine");
	buf_free(&b);
}

static void test_symlink_stays(void **state)
{
	struct box *box = *state;
	char *link = xasprintf("%s/link.png", box->dir);
	struct stat st;

	write_ok(box, box->path);
	assert_int_equal(symlink("x.png", link), 0);
	write_ok(box, link);
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(lstat(box->path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	unlink(link);
	free(link);
}

/* One to nowhere leads to a new file; two to each other lead nowhere. */
static void test_dangling_symlinks(void **state)
{
	struct box *box = *state;
	char *link = xasprintf("%s/link.png", box->dir);

	assert_int_equal(symlink("x.png", link), 0);
	write_ok(box, link);
	assert_int_equal(access(box->path, F_OK), 0);
	unlink(box->path);
	assert_int_equal(symlink("link.png", box->path), 0);
	assert_fails(box, link, "too many levels of symbolic links");
	unlink(link);
	free(link);
}

/* What is no file is written to as it is. */
static void test_pipe(void **state)
{
	struct box *box = *state;
	int fd;
	char begins[4];

	assert_int_equal(mkfifo(box->path, 0600), 0);
	fd = open(box->path, O_RDWR | O_CLOEXEC);
	box->o.format = IMAGE_DOT;
	write_ok(box, box->path);
	assert_int_equal(read(fd, begins, sizeof(begins)), sizeof(begins));
	assert_memory_equal(begins, "digr", 4);
	close(fd);
	box->o.format = IMAGE_PNG;
	write_ok(box, "/dev/null");
}

static void test_bad_targets(void **state)
{
	struct box *box = *state;

	assert_fails(box, "x.unknown", "cannot tell the format of 'x.unknown'");
	assert_fails(box, "dir.png/x", "cannot tell the format of 'dir.png/x'");
	assert_fails(box, "/nowhere/x.png",
		     "cannot write '/nowhere/x.png': no such file or directory");
	box->o.format = IMAGE_PNG;
	assert_fails(box, box->dir, "is a directory");
	assert_fails(box, "/dev/full", "no space left on device");
	assert_fails(box, "/proc/self/x.png", "cannot write");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_png, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_svg, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_other_formats, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_large, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_deadline, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_tick, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_stop, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_old_file_stays_on_failure, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_symlink_stays, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_dangling_symlinks, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_pipe, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bad_targets, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
