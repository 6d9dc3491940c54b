// SPDX-License-Identifier: BSD-2-Clause
/* The journal's file: made, mapped, filled, checked, found. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "shell/base/alloc.h"
#include "shell/base/fault.h"
#include "shell/txn/journal.h"
#include "shell/txn/mounted.h"

#define MAGIC "bpfsh tx"
#define VERSION_NR 5
#define FIRST_SIZE 4096		/* most are small, and the kernel clears it each time */
#define SIZE_LIMIT (4ULL << 30)
#define RECORD_LIMIT (256 << 20)
#define KEPT_LIMIT (1 << 20)	/* a larger file is not kept for the next transaction */

struct header {
	char magic[8];
	uint32_t version, size;		/* size: of this header */
	char boot[40];			/* text of the kernel's boot ID, NUL-ended */
	int64_t pid, time;
	uint64_t mount_ns;
	uint32_t crc;			/* of all before it */
	/* What changes afterwards is behind the checksum. */
	uint32_t phase, unused[2];
};

struct record {
	uint32_t len;			/* of the payload, plus 1; 0: no record */
	uint32_t kind;
	uint32_t crc;			/* of len, kind and payload */
	uint32_t state;
	uint64_t late[2];		/* counts, with its checksum, unless it is INTENT */
	uint32_t late_crc, unused;
};

struct journal {
	char *path;
	int fd;
	char *map;
	size_t size;
	size_t end;			/* where the next record goes */
};

static struct header *header(const struct journal *j)
{
	return (struct header *)j->map;
}

static struct record *record_at(const struct journal *j, journal_pos at)
{
	return (struct record *)(j->map + at);
}

static size_t round8(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

static journal_pos first_record(void)
{
	return round8(sizeof(struct header));
}

static uint32_t record_crc(const struct record *r, const void *payload, size_t len)
{
	uint32_t head[2] = { (uint32_t)len + 1, r->kind };

	return (uint32_t)crc32_z(crc32_z(0, (const void *)head, sizeof(head)), payload, len);
}

static uint32_t late_crc(const struct record *r)
{
	return (uint32_t)crc32_z(r->crc, (const void *)r->late, sizeof(r->late));
}

static bool boot_id(char text[40])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, 39) : -1;

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return false;
	memset(text + n, 0, 40 - n);
	text[strcspn(text, "\n")] = '\0';
	return true;
}

static bool is_of_this_boot(const struct header *h)
{
	char boot[40];

	return !boot_id(boot) || !strncmp(h->boot, boot, sizeof(boot));
}

/* The folder's path: a new string; NULL where there is no place for it. */
static char *folder_path(void)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");

	if (!geteuid())
		return xstrdup("/run/bpfsh");
	return runtime && *runtime == '/' ? xasprintf("%s/bpfsh", runtime) : NULL;
}

#define FOLDER_HINT "it must be a folder of your own with mode 0700"

/* What is the matter with the folder, by errno. */
static const char *folder_trouble(int err)
{
	return err == EPERM ? "others may write to it" : strerror(err);
}

/* Where there is nothing but bpfsh, as in an empty container image, there is no /run either. */
static int make_folder(const char *path)
{
	if (!mkdir(path, 0700) || errno == EEXIST)
		return 0;
	if (errno != ENOENT || strncmp(path, "/run/", 5) || mkdir("/run", 0755))
		return -1;
	return mkdir(path, 0700);
}

/* Opens the folder, which must be ours alone; -1 with errno. Where *@path is NULL, there is none. */
static int open_folder(bool make, char **path)
{
	struct stat st;
	int fd;

	*path = folder_path();
	if (!*path) {
		errno = ENOENT;
		return -1;
	}
	if (make && make_folder(*path))
		return -1;
	fd = open(*path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) || st.st_uid != geteuid() || (st.st_mode & 022)) {
		close(fd);
		errno = EPERM;
		return -1;
	}
	return fd;
}

/*
 * Locks are of open files (fcntl(2)): they end with their process, and whether there is
 * one can be seen without taking it.
 */
static struct flock whole_file(void)
{
	return (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET };
}

static bool lock_file(int fd)
{
	struct flock lock = whole_file();

	return !fcntl(fd, F_OFD_SETLK, &lock);
}

static bool is_locked(int fd)
{
	struct flock lock = whole_file();

	return !fcntl(fd, F_OFD_GETLK, &lock) && lock.l_type != F_UNLCK;
}

static void journal_free(struct journal *j)
{
	if (j->map)
		munmap(j->map, j->size);
	if (j->fd >= 0)
		close(j->fd);
	free(j->path);
	free(j);
}

/* Makes room for @more bytes; blocks are allocated at once, as a store could not fail otherwise. */
static int grow(struct journal *j, size_t more)
{
	size_t size = j->size ? j->size : FIRST_SIZE;
	void *map;

	while (size - j->end < more)
		size *= 2;
	if (size > SIZE_LIMIT) {
		errno = EFBIG;
		return -1;
	}
	if (size == j->size)
		return 0;
	errno = -fault_error("journal grow");
	if (!errno)
		errno = posix_fallocate(j->fd, j->size, size - j->size);
	if (errno)
		return -1;
	map = j->map ? mremap(j->map, j->size, size, MREMAP_MAYMOVE) :
	      mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, j->fd, 0);
	if (map == MAP_FAILED)
		return -1;
	j->map = map;
	j->size = size;
	return 0;
}

static void write_header(struct journal *j)
{
	struct header *h = header(j);

	h->version = VERSION_NR;
	h->size = sizeof(*h);
	boot_id(h->boot);
	h->pid = getpid();
	h->time = time(NULL);
	h->mount_ns = own_mount_ns();
	memcpy(h->magic, MAGIC, sizeof(h->magic));
	h->crc = (uint32_t)crc32_z(0, (const void *)h, offsetof(struct header, crc));
	h->phase = JOURNAL_OPEN;
}

/*
 * The file has no name before it is locked and its header is written: nobody
 * can mistake it for a dead writer's.
 */
static int create_file(struct journal *j, int folder)
{
	j->fd = openat(folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (j->fd < 0 || !lock_file(j->fd) || grow(j, sizeof(struct header)))
		return -1;
	write_header(j);
	j->end = first_record();
	return 0;
}

static int name_file(struct journal *j, int folder, const char *folder_name)
{
	char from[64];

	snprintf(from, sizeof(from), "/proc/self/fd/%d", j->fd);
	for (int n = 0; n < 10000; n++) {
		char name[64];

		snprintf(name, sizeof(name), "tx-%d-%d", getpid(), n);
		if (!linkat(AT_FDCWD, from, folder, name, AT_SYMLINK_FOLLOW)) {
			j->path = xasprintf("%s/%s", folder_name, name);
			return 0;
		}
		if (errno != EEXIST)
			return -1;
	}
	return -1;
}

static void say_no_journal(struct diags *d, const char *folder, int err)
{
	if (!folder) {
		diag_error(d, NO_SPAN, "cannot make a journal: there is no folder for it");
		diag_hint(d, "set XDG_RUNTIME_DIR to a folder of your own, such as /run/user/%u",
			  geteuid());
		return;
	}
	diag_error(d, NO_SPAN, "cannot make a journal in '%s': %s", folder, folder_trouble(err));
	if (err == EPERM)
		diag_hint(d, FOLDER_HINT);
}

struct journal *journal_create(struct diags *d)
{
	struct journal *j = xcalloc(1, sizeof(*j));
	char *folder_name;
	int folder = open_folder(true, &folder_name);
	int err = folder < 0 ? -1 : 0;

	j->fd = -1;
	if (!err)
		err = create_file(j, folder);
	if (!err)
		err = name_file(j, folder, folder_name);
	if (err) {
		say_no_journal(d, folder_name, errno);
		journal_free(j);
		j = NULL;
	}
	if (folder >= 0)
		close(folder);
	free(folder_name);
	return j;
}

void journal_end(struct journal *j)
{
	fault_point("journal end");
	unlink(j->path);
	journal_free(j);
}

/* The records go first: in an open phase, any of them would be rolled back. */
bool journal_empty(struct journal *j)
{
	if (j->size > KEPT_LIMIT)
		return false;
	fault_point("journal end");
	journal_cut(j, first_record());
	fault_point("journal emptied");
	__atomic_store_n(&header(j)->phase, JOURNAL_OPEN, __ATOMIC_RELEASE);
	return true;
}

void journal_keep(struct journal *j)
{
	journal_free(j);
}

journal_pos journal_intent(struct journal *j, uint32_t kind, const void *payload, size_t len)
{
	size_t whole = sizeof(struct record) + round8(len);
	journal_pos at = j->end;
	struct record *r;

	fault_point("journal intent");
	if (len >= RECORD_LIMIT) {
		errno = E2BIG;
		return JOURNAL_NONE;
	}
	/* The length of the record behind this one must be zero, and in the file. */
	if (grow(j, whole + sizeof(struct record)))
		return JOURNAL_NONE;
	r = record_at(j, at);
	r->kind = kind;
	r->state = RECORD_INTENT;
	if (len)
		memcpy(r + 1, payload, len);
	r->crc = record_crc(r, r + 1, len);
	memset(r->late, 0, sizeof(r->late));
	r->late_crc = late_crc(r);
	record_at(j, at + whole)->len = 0;
	__atomic_store_n(&r->len, (uint32_t)(len + 1), __ATOMIC_RELEASE);
	j->end += whole;
	fault_point("journal intent written");
	return at;
}

void journal_done(struct journal *j, journal_pos at, const uint64_t late[2])
{
	struct record *r = record_at(j, at);

	fault_point("journal done");
	memcpy(r->late, late, sizeof(r->late));
	r->late_crc = late_crc(r);
	__atomic_store_n(&r->state, RECORD_DONE, __ATOMIC_RELEASE);
	fault_point("journal done written");
}

void journal_set_state(struct journal *j, journal_pos at, enum journal_state state)
{
	fault_point("journal state");
	__atomic_store_n(&record_at(j, at)->state, state, __ATOMIC_RELEASE);
	fault_point("journal state written");
}

void journal_cut(struct journal *j, journal_pos end)
{
	if (end >= j->end)
		return;
	__atomic_store_n(&record_at(j, end)->len, 0, __ATOMIC_RELEASE);
	j->end = end;
}

void journal_set_phase(struct journal *j, enum journal_phase phase)
{
	fault_point("journal phase");
	__atomic_store_n(&header(j)->phase, phase, __ATOMIC_RELEASE);
	fault_point("journal phase written");
}

enum journal_phase journal_get_phase(const struct journal *j)
{
	return __atomic_load_n(&header(j)->phase, __ATOMIC_ACQUIRE);
}

bool journal_change_phase(struct journal *j, enum journal_phase from, enum journal_phase to)
{
	uint32_t expected = from;

	return __atomic_compare_exchange_n(&header(j)->phase, &expected, to, false,
					   __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

pid_t journal_writer(const struct journal *j)
{
	return (pid_t)header(j)->pid;
}

const char *journal_path(const struct journal *j)
{
	return j->path;
}

uint64_t journal_mount_ns(const struct journal *j)
{
	return header(j)->mount_ns;
}

bool journal_is_of_this_boot(const struct journal *j)
{
	return is_of_this_boot(header(j));
}

int64_t journal_time(const struct journal *j)
{
	return header(j)->time;
}

/* What is known late may be half written as long as the operation is not marked done. */
static bool sound_state(const struct record *r)
{
	switch (r->state) {
	case RECORD_INTENT:
		return true;
	case RECORD_DONE:
	case RECORD_UNDOING:
	case RECORD_UNDONE:
	case RECORD_STUCK:
	case RECORD_LOST:
	case RECORD_LITTER:
		return r->late_crc == late_crc(r);
	}
	return false;
}

/* Length of the payload of the record at @at, where that is whole and sound; else -1. */
static int64_t sound_record(const struct journal *j, size_t at)
{
	const struct record *r;
	uint32_t len;

	if (at + sizeof(*r) > j->size)
		return -1;
	r = record_at(j, at);
	len = __atomic_load_n(&r->len, __ATOMIC_ACQUIRE);
	if (!len || len - 1 >= RECORD_LIMIT || at + sizeof(*r) + round8(len - 1) > j->size ||
	    r->crc != record_crc(r, r + 1, len - 1) || !sound_state(r))
		return -1;
	return len - 1;
}

bool journal_next(const struct journal *j, journal_pos *at, struct journal_record *rec)
{
	size_t next = first_record();
	const struct record *r;
	int64_t len;

	if (*at)
		next = *at + sizeof(struct record) + round8(record_at(j, *at)->len - 1);
	len = sound_record(j, next);
	if (len < 0)
		return false;
	r = record_at(j, next);
	*rec = (struct journal_record){
		.kind = r->kind, .state = r->state, .payload = r + 1, .len = len, .at = next,
	};
	if (r->state != RECORD_INTENT)
		memcpy(rec->late, r->late, sizeof(rec->late));
	*at = next;
	return true;
}

/*
 * A record that began and is damaged is worse than none: what came behind it is
 * not known. The writer leaves room for an empty one at the end.
 */
static bool ends_well(const struct journal *j)
{
	journal_pos at = JOURNAL_NONE;
	struct journal_record rec;
	size_t end = first_record();

	while (journal_next(j, &at, &rec))
		end = at + sizeof(struct record) + round8(rec.len);
	return end + sizeof(struct record) <= j->size && !record_at(j, end)->len;
}

static const char *check_file(int fd, struct stat *st)
{
	if (fstat(fd, st))
		return strerror(errno);
	if (!S_ISREG(st->st_mode) || st->st_nlink > 1)
		return "it is not a plain file";
	if (st->st_uid != geteuid() || (st->st_mode & 077))
		return "others may have written it";
	if (st->st_size < (off_t)sizeof(struct header) || st->st_size > (off_t)SIZE_LIMIT)
		return "it is damaged";
	return NULL;
}

static bool sound_phase(enum journal_phase phase)
{
	switch (phase) {
	case JOURNAL_OPEN:
	case JOURNAL_CONFIRM:
	case JOURNAL_CONFIRMED:
	case JOURNAL_COMMIT:
		return true;
	}
	return false;
}

/* What is wrong with the header, or NULL. */
static const char *check_header(const struct journal *j)
{
	const struct header *h = header(j);

	if (memcmp(h->magic, MAGIC, sizeof(h->magic)) ||
	    h->crc != crc32_z(0, (const void *)h, offsetof(struct header, crc)))
		return "it is damaged";
	if (h->version != VERSION_NR || h->size != sizeof(*h))
		return "another version of bpfsh wrote it";
	return sound_phase(journal_get_phase(j)) ? NULL : "it is damaged";
}

/* True where there is room for a first record, and none. */
static bool has_no_record(int fd)
{
	off_t at = first_record() + offsetof(struct record, len);
	uint32_t len;

	return pread(fd, &len, sizeof(len), at) == sizeof(len) && !len;
}

/* Maps an opened file: NULL, or what is wrong with it. */
static const char *map_file(struct journal *j, size_t size)
{
	void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, j->fd, 0);

	if (map == MAP_FAILED)
		return strerror(errno);
	j->map = map;
	j->size = size;
	return NULL;
}

/* Of a living writer's journal only the header counts: its records change meanwhile. */
static const char *check_journal(struct journal *j, const struct stat *st, bool orphan)
{
	const char *trouble = map_file(j, st->st_size);

	if (!trouble)
		trouble = check_header(j);
	if (!trouble && orphan && !ends_well(j))
		trouble = "it is damaged";
	return trouble;
}

/* Opens one file of the folder; NULL, with an error unless it is merely in use, or empty. */
static struct journal *journal_open(int folder, const char *folder_name, const char *name,
				    bool orphans, struct diags *d)
{
	struct journal *j = xcalloc(1, sizeof(*j));
	const char *trouble = NULL;
	struct stat st = { 0 };
	bool empty = false, wanted = true;

	j->path = xasprintf("%s/%s", folder_name, name);
	j->fd = openat(folder, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (j->fd < 0 && errno == ENOENT)
		wanted = false;
	else if (j->fd < 0)
		trouble = errno == ELOOP ? "it is a symbolic link" : strerror(errno);
	else
		trouble = check_file(j->fd, &st);
	if (!trouble && wanted) {
		wanted = orphans ? lock_file(j->fd) : is_locked(j->fd);
		/* Meanwhile its writer may have ended it. */
		wanted = wanted && !fstat(j->fd, &st) && st.st_nlink == 1;
	}
	if (!trouble && wanted)
		trouble = check_journal(j, &st, orphans);
	if (!trouble && wanted && orphans)
		empty = has_no_record(j->fd);
	if (!trouble && wanted && !empty)
		return j;
	if (trouble) {
		diag_error(d, NO_SPAN, "ignoring the journal '%s': %s", j->path, trouble);
		diag_hint(d, "it is left as it is; remove it once you know where it comes from");
	} else if (empty) {
		unlinkat(folder, name, 0);
	}
	journal_free(j);
	return NULL;
}

void journal_each(bool orphans, void (*fn)(void *arg, struct journal *j), void *arg,
		  struct diags *d)
{
	char *folder_name;
	int folder = open_folder(false, &folder_name);
	DIR *dir = folder >= 0 ? fdopendir(dup(folder)) : NULL;
	struct dirent *e;

	if (folder < 0 && errno != ENOENT) {
		diag_error(d, NO_SPAN, "ignoring the journals in '%s': %s", folder_name,
			   folder_trouble(errno));
		diag_hint(d, FOLDER_HINT);
	}
	while (dir && (e = readdir(dir))) {
		struct journal *j;

		if (strncmp(e->d_name, "tx-", 3))
			continue;
		j = journal_open(folder, folder_name, e->d_name, orphans, d);
		if (!j)
			continue;
		if (!orphans && journal_get_phase(j) != JOURNAL_CONFIRM) {
			journal_keep(j);
			continue;
		}
		fn(arg, j);
	}
	if (dir)
		closedir(dir);
	if (folder >= 0)
		close(folder);
	free(folder_name);
}

/* A journal that cannot be read at all is for `recover` to tell about, here. */
static void count_orphan(int fd, __u64 here, struct orphans *found)
{
	struct header h;

	if (is_locked(fd) || has_no_record(fd))
		return;
	if (pread(fd, &h, sizeof(h), 0) == sizeof(h) && h.version == VERSION_NR &&
	    ((here && h.mount_ns && h.mount_ns != here) || !is_of_this_boot(&h)))
		found->elsewhere++;
	else
		found->here++;
}

struct orphans journal_count_orphans(void)
{
	struct orphans found = { 0 };
	char *folder_name;
	int folder = open_folder(false, &folder_name);
	DIR *dir = folder >= 0 ? fdopendir(folder) : NULL;
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		int fd;

		if (strncmp(e->d_name, "tx-", 3))
			continue;
		fd = openat(dirfd(dir), e->d_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0)
			continue;
		count_orphan(fd, own_mount_ns(), &found);
		close(fd);
	}
	if (dir)
		closedir(dir);
	else if (folder >= 0)
		close(folder);
	free(folder_name);
	return found;
}
