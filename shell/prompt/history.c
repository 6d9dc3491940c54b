// SPDX-License-Identifier: BSD-2-Clause
/* The history of the prompt, in a file that several prompts may write to. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/base/buf.h"
#include "shell/prompt/history.h"
#include "shell/prompt/userfile.h"

/* Bytes at the end of the file that are looked at: far more than HISTORY_MAX usual entries. */
#define TAIL_MAX (4 << 20)

static bool history_path(struct buf *out)
{
	return user_path(out, "XDG_STATE_HOME", ".local/state", "history");
}

/* Makes the folders of a file that are missing. */
static void make_folders(char *path)
{
	for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		mkdir(path, 0700);
		*p = '/';
	}
}

/* Opens the file where it is a plain one that nobody else could prepare; -errno. */
static int history_open(int flags)
{
	struct buf path = BUF_INIT;
	struct stat st;
	int fd, err;

	if (!history_path(&path))
		return -ENOENT;
	if (flags & O_CREAT)
		make_folders(path.data);
	fd = open(buf_str(&path), flags | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	err = errno;
	buf_free(&path);
	if (fd < 0)
		return -err;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_uid == geteuid() && st.st_nlink == 1)
		return fd;
	close(fd);
	return -EPERM;
}

/* The end of the file, from the beginning of a line on. */
static int read_tail(int fd, struct buf *out)
{
	struct stat st;
	off_t at;
	ssize_t n;
	char *line;

	if (fstat(fd, &st))
		return -errno;
	at = st.st_size > TAIL_MAX ? st.st_size - TAIL_MAX : 0;
	while (out->len < TAIL_MAX) {
		n = pread(fd, buf_reserve(out, 65536), 65536, at + out->len);
		if (n < 0)
			return -errno;
		if (!n)
			break;
		buf_commit(out, n);
	}
	line = at ? memchr(out->data, '\n', out->len) : NULL;
	if (line)
		memset(out->data, '\n', line - out->data);
	return 0;
}

/* Undoes the escapes of a line, in place. */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (*s == '\\' && (s[1] == 'n' || s[1] == '\\')) {
			s++;
			*to++ = *s == 'n' ? '\n' : '\\';
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

/* Where the last HISTORY_MAX lines begin. */
static char *last_lines(struct buf *text)
{
	char *start = text->data + text->len;
	int nr = 0;

	while (start > text->data && (start[-1] != '\n' || nr++ < HISTORY_MAX))
		start--;
	return start;
}

int history_read(history_fn fn, void *arg)
{
	int fd = history_open(O_RDONLY), err;
	struct buf text = BUF_INIT;
	char *rest, *line;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	err = read_tail(fd, &text);
	close(fd);
	buf_str(&text);
	rest = last_lines(&text);
	while ((line = strsep(&rest, "\n"))) {
		if (!*line)
			continue;
		unescape(line);
		fn(arg, line);
	}
	buf_free(&text);
	return err;
}

int history_add(const char *entry)
{
	struct buf line = BUF_INIT;
	int fd, err = 0;

	for (; *entry; entry++) {
		if (*entry == '\n')
			buf_puts(&line, "\\n");
		else if (*entry == '\\')
			buf_puts(&line, "\\\\");
		else
			buf_putc(&line, *entry);
	}
	buf_putc(&line, '\n');
	fd = history_open(O_WRONLY | O_APPEND | O_CREAT);
	if (fd < 0)
		err = fd;
	else if (write(fd, line.data, line.len) < 0)
		err = -errno;
	if (fd >= 0)
		close(fd);
	buf_free(&line);
	return err;
}
