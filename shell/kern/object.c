// SPDX-License-Identifier: BSD-2-Clause
/* Objects of the kernel by ID, by pin and by descriptor, and what they say about themselves. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/kern/bpffs.h"
#include "shell/kern/btf.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/object.h"
#include "shell/kern/proc.h"

int kern_next_id(enum object_kind kind, __u32 *id)
{
	int err = -EINVAL;

	switch (kind) {
	case OBJ_PROG:
		err = bpf_prog_get_next_id(*id, id);
		break;
	case OBJ_MAP:
		err = bpf_map_get_next_id(*id, id);
		break;
	case OBJ_LINK:
		err = bpf_link_get_next_id(*id, id);
		break;
	case OBJ_BTF:
		err = bpf_btf_get_next_id(*id, id);
		break;
	case OBJ_KINDS:
		break;
	}
	return err;
}

/* A security policy may allow to read a map, but not to write it. */
static int open_map_id(__u32 id)
{
	LIBBPF_OPTS(bpf_get_fd_by_id_opts, readonly, .open_flags = BPF_F_RDONLY);
	int fd = bpf_map_get_fd_by_id(id);

	if (fd == -EPERM || fd == -EACCES) {
		int again = bpf_map_get_fd_by_id_opts(id, &readonly);

		if (again >= 0)
			return again;
	}
	return fd;
}

int kern_open_id(enum object_kind kind, __u32 id)
{
	int fd;

	switch (kind) {
	case OBJ_PROG:
		return bpf_prog_get_fd_by_id(id);
	case OBJ_MAP:
		return open_map_id(id);
	case OBJ_LINK:
		fd = bpf_link_get_fd_by_id(id);
		/* Its ID is there a little before the link is. */
		return fd == -EAGAIN ? -ENOENT : fd;
	case OBJ_BTF:
		return bpf_btf_get_fd_by_id(id);
	case OBJ_KINDS:
		break;
	}
	return -EINVAL;
}

/* Notes the first error of the walk, and where it was. */
static void walk_error(struct object_walk *w, __u32 id, int err)
{
	if (!w->err) {
		w->err = err;
		w->err_id = id;
	}
}

/*
 * IDs mostly follow one another, so that the next one is opened unasked for as
 * long as that holds.
 */
int kern_next_object(struct object_walk *w)
{
	for (;;) {
		__u32 id = w->id;
		int fd = w->dense ? kern_open_id(w->kind, id + 1) : -ENOENT, err;

		if (fd >= 0) {
			w->id++;
			return fd;
		}
		err = kern_next_id(w->kind, &w->id);
		if (err) {
			if (err != -ENOENT)
				walk_error(w, 0, err);
			return -ENOENT;
		}
		w->dense = w->id == id + 1;
		fd = kern_open_id(w->kind, w->id);
		if (fd >= 0)
			return fd;
		if (fd != -ENOENT)
			walk_error(w, w->id, fd);
		w->dense = false;
	}
}

int kern_next_link(struct object_walk *w, struct bpf_link_info *info)
{
	int fd, err;

	while ((fd = kern_next_object(w)) >= 0) {
		err = kern_link_info(fd, info);
		close(fd);
		if (!err)
			return 0;
		walk_error(w, w->id, err);
	}
	return fd;
}

int kern_open_pin(const char *path, enum object_kind *kind)
{
	LIBBPF_OPTS(bpf_obj_get_opts, readonly, .file_flags = BPF_F_RDONLY);
	int fd = bpf_obj_get(path), err;
	struct stat st;

	if (fd == -EACCES)
		fd = bpf_obj_get_opts(path, &readonly);
	if (fd == -EACCES && (!kern_is_bpffs(path) || stat(path, &st) || !S_ISREG(st.st_mode)))
		return -KERN_ENOTPIN;
	if (fd < 0)
		return fd;
	err = kern_kind(fd, kind);
	if (err) {
		close(fd);
		return -KERN_ENOTPIN;
	}
	return fd;
}

/*
 * Names of anonymous inodes; a link has one where it was created, another
 * where it was opened later.
 */
bool object_inode(const char *target, enum object_kind *kind)
{
	static const char prefix[] = "anon_inode:";
	static const struct {
		const char *name;
		enum object_kind kind;
	} names[] = {
		{ "bpf-prog", OBJ_PROG }, { "bpf-map", OBJ_MAP }, { "bpf_link", OBJ_LINK },
		{ "bpf-link", OBJ_LINK }, { "btf", OBJ_BTF },
	};

	if (strncmp(target, prefix, sizeof(prefix) - 1))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(target + sizeof(prefix) - 1, names[i].name)) {
			*kind = names[i].kind;
			return true;
		}
	}
	return false;
}

/*
 * Folders of /proc/self, which are looked into for every object: found once, as
 * that is half of the work. A child has its own.
 */
enum self_dir { SELF_FD, SELF_FDINFO };

static int self_dir(enum self_dir which)
{
	static const char *const paths[] = { "/proc/self/fd", "/proc/self/fdinfo" };
	static int dirs[] = { -1, -1 };
	static pid_t owners[2];

	if (dirs[which] >= 0 && owners[which] == getpid())
		return dirs[which];
	if (dirs[which] >= 0)
		close(dirs[which]);
	dirs[which] = open(paths[which], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	owners[which] = getpid();
	return dirs[which];
}

static bool kind_by_inode(int fd, enum object_kind *kind)
{
	char number[16], name[64];
	ssize_t n;

	snprintf(number, sizeof(number), "%d", fd);
	n = readlinkat(self_dir(SELF_FD), number, name, sizeof(name) - 1);
	if (n < 0)
		return false;
	name[n] = '\0';
	return object_inode(name, kind);
}

int kern_kind(int fd, enum object_kind *kind)
{
	/* A link's has a prog_id too, so its own key is looked for first. */
	static const struct {
		const char *key;
		enum object_kind kind;
	} keys[] = {
		{ "link_id", OBJ_LINK },
		{ "map_id", OBJ_MAP },
		{ "prog_id", OBJ_PROG },
		{ "btf_id", OBJ_BTF },
	};
	char value[32];

	if (kind_by_inode(fd, kind))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (kern_fdinfo(fd, keys[i].key, value, sizeof(value))) {
			*kind = keys[i].kind;
			return 0;
		}
	}
	return -EINVAL;
}

int kern_info(int fd, void *info, __u32 *len)
{
	return bpf_obj_get_info_by_fd(fd, info, len);
}

/* What fdinfo has of a program that the kernel gives no information about. */
static void prog_from_fdinfo(int fd, struct bpf_prog_info *info)
{
	char id[16], type[16];

	if (kern_fdinfo(fd, "prog_id", id, sizeof(id)))
		info->id = strtoul(id, NULL, 10);
	if (kern_fdinfo(fd, "prog_type", type, sizeof(type)))
		info->type = strtoul(type, NULL, 10);
}

int kern_prog_info(int fd, struct bpf_prog_info *info)
{
	__u32 len = sizeof(*info);
	int err;

	memset(info, 0, sizeof(*info));
	err = kern_info(fd, info, &len);
	if (err == -ENODEV)
		prog_from_fdinfo(fd, info);
	return err;
}

int kern_map_info(int fd, struct bpf_map_info *info)
{
	__u32 len = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return kern_info(fd, info, &len);
}

int kern_link_info(int fd, struct bpf_link_info *info)
{
	__u32 len = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return kern_info(fd, info, &len);
}

int kern_btf_info(int fd, struct bpf_btf_info *info, char *name, size_t size)
{
	__u32 len = sizeof(*info);
	int err;

	memset(info, 0, sizeof(*info));
	memset(name, 0, size);
	info->name = (uintptr_t)name;
	info->name_len = size;
	err = kern_info(fd, info, &len);
	if (err == -E2BIG) {
		/* Before 5.11 they have no names, and nothing may stand there. */
		memset(info, 0, sizeof(*info));
		len = sizeof(*info);
		err = kern_info(fd, info, &len);
	}
	/* A name that does not fit is cut, which is no failure. */
	return err == -ENOSPC ? 0 : err;
}

static struct map_facts facts_of(const struct bpf_map_info *info)
{
	return (struct map_facts){
		.type = info->type,
		.key_size = info->key_size,
		.value_size = info->value_size,
		.max_entries = info->max_entries,
		.flags = info->map_flags,
		.btf_id = info->btf_id,
		.btf_key_type_id = info->btf_key_type_id,
		.btf_value_type_id = info->btf_value_type_id,
		.btf_vmlinux_value_type_id = info->btf_vmlinux_value_type_id,
	};
}

/* ID and name of the object behind a descriptor, and a map's facts. */
static int identify(enum object_kind kind, int fd, __u32 *id, char name[KERN_NAME_MAX],
		    struct map_facts *facts)
{
	union {
		struct bpf_prog_info prog;
		struct bpf_map_info map;
		struct bpf_link_info link;
		struct bpf_btf_info btf;
	} info;
	int err = -EINVAL;

	name[0] = '\0';
	switch (kind) {
	case OBJ_PROG:
		err = kern_prog_info(fd, &info.prog);
		if (err == -ENODEV && info.prog.id)
			err = 0;	/* orphaned, and still there to be named */
		*id = info.prog.id;
		kern_prog_name(fd, &info.prog, name, KERN_NAME_MAX);
		break;
	case OBJ_MAP:
		err = kern_map_info(fd, &info.map);
		*id = info.map.id;
		kern_map_name(&info.map, name, KERN_NAME_MAX);
		*facts = facts_of(&info.map);
		break;
	case OBJ_LINK:
		err = kern_link_info(fd, &info.link);
		*id = info.link.id;
		break;
	case OBJ_BTF:
		err = kern_btf_info(fd, &info.btf, name, KERN_NAME_MAX);
		*id = info.btf.id;
		break;
	case OBJ_KINDS:
		break;
	}
	return err;
}

struct handle *kern_handle(enum object_kind kind, int fd)
{
	struct map_facts facts = { 0 };
	char name[KERN_NAME_MAX];
	struct handle *h;
	__u32 id = 0;
	int err = identify(kind, fd, &id, name, &facts);

	if (err) {
		close(fd);
		errno = -err;
		return NULL;
	}
	h = handle_new(kind, fd, id, name);
	h->map = facts;
	return h;
}

struct handle *kern_open_object(enum object_kind kind, __u32 id)
{
	int fd = kern_open_id(kind, id);

	if (fd >= 0)
		return kern_handle(kind, fd);
	errno = -fd;
	return NULL;
}

/* What most programs can use at most; maps may be bound to one at any time. */
#define PROG_MAPS 64

int kern_prog_info_maps(int fd, struct bpf_prog_info *info, __u32 **maps)
{
	__u32 room = PROG_MAPS, len = sizeof(*info);
	int err;

	*maps = xcalloc(room, sizeof(**maps));
	for (;;) {
		memset(info, 0, sizeof(*info));
		info->nr_map_ids = room;
		info->map_ids = (uintptr_t)*maps;
		err = kern_info(fd, info, &len);
		if (err || info->nr_map_ids <= room)
			break;
		room = 2 * info->nr_map_ids;
		*maps = xrealloc(*maps, room, sizeof(**maps));
	}
	if (err)
		memset(info, 0, sizeof(*info));
	if (err == -ENODEV)
		prog_from_fdinfo(fd, info);
	return err;
}

__u32 *kern_prog_maps(int fd, __u32 *nr)
{
	struct bpf_prog_info info;
	__u32 *maps;

	kern_prog_info_maps(fd, &info, &maps);
	*nr = info.nr_map_ids;
	return maps;
}

struct btf *kern_vmlinux_btf(void)
{
	static struct btf *vmlinux;
	static bool tried;

	if (!tried) {
		tried = true;
		vmlinux = btf__load_vmlinux_btf();
	}
	return vmlinux;
}

/* Modules' types continue those of the kernel, so they cannot be read without. */
static bool needs_base(__u32 id)
{
	struct bpf_btf_info info;
	char name[KERN_NAME_MAX];
	int fd = bpf_btf_get_fd_by_id(id);
	bool base = false;

	if (fd < 0)
		return false;
	if (!kern_btf_info(fd, &info, name, sizeof(name)))
		base = info.kernel_btf && strcmp(name, "vmlinux");
	close(fd);
	return base;
}

struct btf *kern_btf(__u32 id)
{
	struct btf *base = NULL;

	if (needs_base(id)) {
		base = kern_vmlinux_btf();
		if (!base)
			return NULL;
	}
	return btf__load_from_kernel_by_id_split(id, base);
}

#define FDINFO_ROOM 4096

char *kern_fdinfo_text(int fd)
{
	struct buf text = BUF_INIT;
	char number[16];
	ssize_t n;
	int file;

	snprintf(number, sizeof(number), "%d", fd);
	file = openat(self_dir(SELF_FDINFO), number, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return NULL;
	/* It comes whole: what does not fill the room is all there is. */
	do {
		n = read(file, buf_reserve(&text, FDINFO_ROOM), FDINFO_ROOM);
		buf_commit(&text, n > 0 ? n : 0);
	} while (n == FDINFO_ROOM);
	close(file);
	buf_str(&text);
	return buf_detach(&text);
}

bool kern_fdinfo_value(const char *text, const char *name, char *value, size_t size)
{
	size_t len = strlen(name);

	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, len) || line[len] != ':')
			continue;
		line += len + 1;
		line += strspn(line, " \t");
		snprintf(value, size, "%.*s", (int)strcspn(line, "\n"), line);
		return true;
	}
	return false;
}

bool kern_fdinfo(int fd, const char *name, char *value, size_t size)
{
	char *text = kern_fdinfo_text(fd);
	bool found = text && kern_fdinfo_value(text, name, value, size);

	free(text);
	return found;
}
