// SPDX-License-Identifier: BSD-2-Clause
/* The file system of pinned objects. */
#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/fault.h"
#include "shell/base/interrupt.h"
#include "shell/kern/bpffs.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/object.h"

#define DEPTH_MAX 64

bool kern_is_bpffs(const char *path)
{
	struct statfs fs;

	return !statfs(path, &fs) && (__u32)fs.f_type == BPF_FS_MAGIC;
}

/* The folder that @path lies in, freed by the caller. */
static char *parent_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return xstrdup(".");
	return slash == path ? xstrdup("/") : xstrndup(path, slash - path);
}

/* What a refused pin's path says about the reason; the kernel's errno is one for all. */
static int pin_trouble(const char *path, int err)
{
	const char *slash = strrchr(path, '/');
	char *parent = parent_of(path);
	bool bpffs = kern_is_bpffs(parent);

	free(parent);
	if (err == -EPERM && !bpffs)
		return -KERN_ENOTBPFFS;
	if (err == -EPERM && strchr(slash ? slash + 1 : path, '.'))
		return -KERN_EDOT;
	return err;
}

int kern_pin(int fd, const char *path)
{
	int err = fault_error("pin");

	if (!err)
		err = bpf_obj_pin(fd, path);
	fault_point("pin done");
	return err ? pin_trouble(path, err) : 0;
}

static int rename_trouble(int err, unsigned flags)
{
	if (err == ENOSYS)
		return -KERN_ENORENAME;
	return err == EINVAL && flags & RENAME_EXCHANGE ? -KERN_ENOEXCHANGE : -err;
}

int kern_rename(const char *from, const char *to, unsigned flags)
{
	int err = fault_error("rename");

	/* The C library would try to do without renameat2(2), and blame the flags. */
	if (!err && syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags))
		err = rename_trouble(errno, flags);
	fault_point("rename done");
	return err;
}

/* Tries it on a bpffs that is mounted nowhere. */
static bool can_exchange(int mount)
{
	if (mkdirat(mount, "a", 0700) || mkdirat(mount, "b", 0700))
		return true;
	return !syscall(SYS_renameat2, mount, "a", mount, "b", RENAME_EXCHANGE) || errno != EINVAL;
}

bool kern_can_exchange(void)
{
	static enum { UNASKED, CAN, CANNOT } answer;
	int fs, mount = -1;

	if (answer)
		return answer == CAN;
	fs = syscall(SYS_fsopen, "bpf", FSOPEN_CLOEXEC);
	if (fs >= 0 && !syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		mount = syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
	answer = mount < 0 || can_exchange(mount) ? CAN : CANNOT;
	if (mount >= 0)
		close(mount);
	if (fs >= 0)
		close(fs);
	return answer == CAN;
}

int kern_unlink(const char *path)
{
	int err = fault_error("unlink");

	if (!err && unlink(path))
		err = -errno;
	fault_point("unlink done");
	return err;
}

int kern_mkdir(const char *path)
{
	int err = fault_error("mkdir");

	if (!err && mkdir(path, 0700))
		err = -errno;
	fault_point("mkdir done");
	return err;
}

int kern_rmdir(const char *path)
{
	int err = fault_error("rmdir");

	if (!err && rmdir(path))
		err = -errno;
	fault_point("rmdir done");
	return err;
}

struct mount {
	char *path;
	dev_t dev;
	char *root;
};

/* In mountinfo, blanks and the like stand as \ooo. */
static void unescape(char *s)
{
	char *to = s;

	while (*s) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
		    s[3] >= '0' && s[3] <= '7') {
			*to++ = (s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0');
			s += 4;
		} else {
			*to++ = *s++;
		}
	}
	*to = '\0';
}

/* Reads a line of mountinfo (proc(5)); false where it is no bpffs. */
static bool parse_mount(char *line, struct mount *m)
{
	char *type = strstr(line, " - "), *save, *word[6];
	unsigned major, minor;

	if (!type || strncmp(type + 3, "bpf ", 4))
		return false;
	*type = '\0';
	for (int i = 0; i < 6; i++) {
		word[i] = strtok_r(i ? NULL : line, " ", &save);
		if (!word[i])
			return false;
	}
	if (sscanf(word[2], "%u:%u", &major, &minor) != 2)
		return false;
	unescape(word[3]);
	unescape(word[4]);
	*m = (struct mount){ xstrdup(word[4]), makedev(major, minor), xstrdup(word[3]) };
	return true;
}

/* A mount that another one covers, or that was listed already under another path. */
static bool is_worth_listing(const struct mount *m, const struct mount *list, size_t nr)
{
	struct stat st;

	if (lstat(m->path, &st) || !S_ISDIR(st.st_mode) || st.st_dev != m->dev)
		return false;
	for (size_t i = 0; i < nr; i++)
		if (list[i].dev == m->dev && !strcmp(list[i].root, m->root))
			return false;
	return true;
}

static void free_mounts(struct mount *list, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		free(list[i].path);
		free(list[i].root);
	}
	free(list);
}

static struct mount *read_mounts(size_t *nr)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	struct mount *list = NULL, m;
	char *line = NULL;
	size_t room = 0;

	*nr = 0;
	while (f && getline(&line, &room, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (!parse_mount(line, &m))
			continue;
		if (!is_worth_listing(&m, list, *nr)) {
			free(m.path);
			free(m.root);
			continue;
		}
		GROW(list, *nr);
		list[(*nr)++] = m;
	}
	free(line);
	if (f)
		fclose(f);
	return list;
}

char **kern_bpffs_mounts(void)
{
	size_t nr;
	struct mount *list = read_mounts(&nr);
	char **paths = xcalloc(nr + 1, sizeof(*paths));

	for (size_t i = 0; i < nr; i++)
		paths[i] = xstrdup(list[i].path);
	free_mounts(list, nr);
	return paths;
}

/* BTF has no pins. */
static int pin_id(int fd, enum object_kind kind, __u32 *id)
{
	struct bpf_link_info link;
	struct bpf_prog_info prog;
	struct bpf_map_info map;
	int err = -EINVAL;

	if (kind == OBJ_PROG) {
		err = kern_prog_info(fd, &prog);
		*id = prog.id;
	} else if (kind == OBJ_MAP) {
		err = kern_map_info(fd, &map);
		*id = map.id;
	} else if (kind == OBJ_LINK) {
		err = kern_link_info(fd, &link);
		*id = link.id;
	}
	return err;
}

/* Reports what cannot be looked at; what has gone is passed over. */
static int unseen(const char *path, int err, kern_pin_fn fn, void *arg)
{
	const struct pin pin = { .path = path, .kind = OBJ_KINDS, .err = err };

	return err == -ENOENT ? 0 : fn(arg, &pin);
}

/* Reports the pin at @path; what is none is passed over. */
static int visit_pin(const char *path, kern_pin_fn fn, void *arg)
{
	struct pin pin = { .path = path };
	int fd = kern_open_pin(path, &pin.kind), err = fd;

	if (fd == -KERN_ENOTPIN)
		return 0;
	if (fd >= 0) {
		err = pin_id(fd, pin.kind, &pin.id);
		close(fd);
	}
	return err ? unseen(path, err, fn, arg) : fn(arg, &pin);
}

static int visit_dir(int dirfd, dev_t dev, struct buf *path, int depth, kern_pin_fn fn, void *arg);

static int visit_entry(int dirfd, dev_t dev, const struct dirent *e, struct buf *path, int depth,
		       kern_pin_fn fn, void *arg)
{
	size_t len = path->len;
	int ret = 0;

	/* Names with a dot are the kernel's own: iterators that it preloads. */
	if (strchr(e->d_name, '.'))
		return 0;
	if (len && path->data[len - 1] != '/')
		buf_putc(path, '/');
	buf_puts(path, e->d_name);
	if (e->d_type == DT_REG) {
		ret = visit_pin(buf_str(path), fn, arg);
	} else if (e->d_type == DT_DIR && depth < DEPTH_MAX) {
		int fd = openat(dirfd, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		ret = fd < 0 ? unseen(buf_str(path), -errno, fn, arg) :
		      visit_dir(fd, dev, path, depth + 1, fn, arg);
	}
	path->len = len;
	return ret;
}

/* Takes over @dirfd. Other file systems mounted below are not entered. */
static int visit_dir(int dirfd, dev_t dev, struct buf *path, int depth, kern_pin_fn fn, void *arg)
{
	struct dirent *e;
	struct stat st;
	int ret = 0;
	DIR *dir;

	if (fstat(dirfd, &st) || st.st_dev != dev) {
		close(dirfd);
		return 0;
	}
	dir = fdopendir(dirfd);
	if (!dir) {
		close(dirfd);
		return 0;
	}
	while (!ret && (e = readdir(dir)))
		ret = interrupted() ? -EINTR : visit_entry(dirfd, dev, e, path, depth, fn, arg);
	closedir(dir);
	return ret;
}

int kern_pins(kern_pin_fn fn, void *arg)
{
	struct buf path = BUF_INIT;
	size_t nr;
	struct mount *list = read_mounts(&nr);
	int ret = 0;

	for (size_t i = 0; i < nr && !ret; i++) {
		int fd = open(list[i].path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		buf_reset(&path);
		buf_puts(&path, list[i].path);
		ret = fd < 0 ? unseen(buf_str(&path), -errno, fn, arg) :
		      visit_dir(fd, list[i].dev, &path, 0, fn, arg);
	}
	buf_free(&path);
	free_mounts(list, nr);
	return ret;
}
