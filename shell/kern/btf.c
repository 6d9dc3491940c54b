// SPDX-License-Identifier: BSD-2-Clause
/* BTF of files: to be read, and made fit for the kernel, for maps that are created with types. */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "render/btf/btf_check.h"
#include "render/btf/btf_elf.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/fault.h"
#include "shell/kern/btf.h"
#include "shell/kern/error.h"
#include "shell/kern/loading.h"

/* Not those of programs and variables: libbpf completes them when it loads an object. */
static bool is_type(const struct btf_type *t)
{
	switch (btf_kind(t)) {
	case BTF_KIND_DATASEC:
	case BTF_KIND_VAR:
	case BTF_KIND_FUNC:
	case BTF_KIND_DECL_TAG:
		return false;
	}
	return true;
}

/* Which kernel a copy of types is for: kinds came with these releases. */
enum btf_age { ANY_AGE, BEFORE_6_0, BEFORE_5_17, BEFORE_5_13, BTF_AGES };

#define ENUM_KFLAG (1u << 31)

/* An enum whose values have no sign told of. */
static int add_plain_enum(struct btf *to, const struct btf *from, const struct btf_type *t)
{
	int id = btf__add_type(to, from, t);

	if (id > 0)
		((struct btf_type *)btf__type_by_id(to, id))->info &= ~ENUM_KFLAG;
	return id;
}

/* What older kernels know in place of a type, of the same size; @byte: the ID of such an int. */
static int add_older(struct btf *to, const struct btf *from, const struct btf_type *t,
		     enum btf_age age, __u32 byte)
{
	const char *name = btf__name_by_offset(from, t->name_off);

	if (age >= BEFORE_6_0 && btf_is_enum64(t))
		return btf__add_int(to, name && *name ? name : "enum", t->size,
				    btf_kflag(t) ? BTF_INT_SIGNED : 0);
	if (age >= BEFORE_6_0 && btf_is_enum(t))
		return add_plain_enum(to, from, t);
	if (age >= BEFORE_5_17 && btf_is_type_tag(t))
		return btf__add_const(to, t->type);
	if (age >= BEFORE_5_13 && btf_is_float(t))
		return btf__add_array(to, byte, byte, t->size);
	return btf__add_type(to, from, t);
}

/* The same types under the same IDs; what is no type is "void *". */
static struct btf *copy_types(const struct btf *from, enum btf_age age)
{
	__u32 nr = btf__type_cnt(from);
	struct btf *to = btf__new_empty();
	int err = to ? 0 : -errno;

	for (__u32 id = 1; !err && id < nr; id++) {
		const struct btf_type *t = btf__type_by_id(from, id);
		int ret = is_type(t) ? add_older(to, from, t, age, nr) : btf__add_ptr(to, 0);

		err = ret < 0 ? ret : 0;
	}
	if (!err && age >= BEFORE_5_13)
		err = btf__add_int(to, "unsigned char", 1, 0) == (int)nr ? 0 : -EINVAL;
	if (!err)
		return to;
	btf__free(to);
	errno = -err;
	return NULL;
}

static int load_copy(const struct btf *btf, enum btf_age age)
{
	struct btf *copy = copy_types(btf, age);
	int err = copy ? btf__load_into_kernel(copy) : -errno, fd = err;

	/* The copy's own is closed with it. */
	if (!err) {
		fd = fcntl(btf__fd(copy), F_DUPFD_CLOEXEC, 3);
		if (fd < 0)
			fd = -errno;
	}
	btf__free(copy);
	return fd;
}

int kern_btf_load(const struct btf *btf)
{
	int fd = fault_error("btf load");

	if (fd)
		return fd;
	fd = -EINVAL;
	for (enum btf_age age = ANY_AGE; age < BTF_AGES && fd == -EINVAL; age++)
		fd = load_copy(btf, age);
	return fd;
}

#define MODULES "/sys/kernel/btf/"

static int unreadable(struct diags *d, struct span at, const char *file, const char *why)
{
	return diag_error(d, at, "cannot read the types of '%s': %s", file, why);
}

/* What an ELF file has as types must be there before libbpf looks for it. */
static int check_section(struct diags *d, struct span at, const char *file, int fd)
{
	struct buf why = BUF_INIT;
	int err = 0;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf && !btf_elf_section(elf, &why) && why.len)
		err = unreadable(d, at, file, buf_str(&why));
	elf_end(elf);
	buf_free(&why);
	return err;
}

/* What keeps a file from being read at all: libbpf's errno might mean something else. */
static int check_file(struct diags *d, struct span at, const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err;
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		err = kern_error(d, at, errno, "read '%s'", file);
	else if (!S_ISREG(st.st_mode))
		err = diag_error(d, at, "cannot read '%s': not a regular file", file);
	else
		err = check_section(d, at, file, fd);
	if (fd >= 0)
		close(fd);
	return err;
}

/* Modules' types continue those of the kernel, in the files that the kernel shows too. */
static bool is_module(const char *file)
{
	return !strncmp(file, MODULES, strlen(MODULES)) && strcmp(file, MODULES "vmlinux");
}

/* What may be behind a reason of libbpf's. */
static void hint_newer(struct diags *d, const char *why)
{
	if (strstr(why, "Unsupported BTF_KIND"))
		diag_hint(d, "they are damaged, or newer than the libbpf that is installed here");
}

/* Queues what libbpf, else what the errno, has against the types of @subject. */
static int malformed(struct diags *d, struct span at, struct said *s, const char *subject, int err,
		     bool has_base)
{
	char *why = said_reason(s);

	if (*why)
		diag_error(d, at, "cannot read the types of %s: %s", subject, why);
	else
		kern_call_error(d, at, KERN_LISTING, err, "read the types of %s", subject);
	hint_newer(d, why);
	if (strstr(why, "string section") && !has_base)
		diag_hint(d, "types that continue those of another file need it: base FILE");
	free(why);
	return -1;
}

/* What libbpf's errno means for a file that can be read. */
static int unusable(struct diags *d, struct span at, struct said *s, const char *file, int err,
		    bool has_base)
{
	char *subject;

	switch (err) {
	case ENOENT:
	case ENODATA:
		diag_error(d, at, "'%s' has no BTF", file);
		diag_hint(d, "objects for BPF have it that are compiled with -g");
		return -1;
	case EIO:		/* a few bytes */
	case EPROTO:
	case LIBBPF_ERRNO__FORMAT:
	case LIBBPF_ERRNO__LIBELF:
		return diag_error(d, at, "'%s' is neither BTF nor an ELF file", file);
	}
	subject = xasprintf("'%s'", file);
	malformed(d, at, s, subject, err, has_base);
	free(subject);
	return -1;
}

struct btf *kern_btf_object(__u32 id, struct span at, struct diags *d)
{
	struct said said;
	struct btf *btf;
	char *subject;
	int err;

	said_begin_btf(&said);
	btf = kern_btf(id);
	if (!btf) {
		err = errno;
		subject = xasprintf("BTF object %u", id);
		malformed(d, at, &said, subject, err, true);
		free(subject);
	}
	said_end(&said);
	return btf;
}

struct btf *kern_btf_read(const char *file, struct btf *base, struct span at, struct diags *d)
{
	struct said said;
	struct btf *btf;

	if (check_file(d, at, file))
		return NULL;
	if (!base && is_module(file))
		base = kern_vmlinux_btf();
	said_begin_btf(&said);
	btf = btf__parse_split(file, base);
	if (!btf)
		unusable(d, at, &said, file, errno, base);
	said_end(&said);
	return btf;
}

static int unloadable(struct diags *d, struct span at, const char *file, const char *why)
{
	diag_error(d, at, "cannot load '%s': its types (BTF) are damaged: %s", file, why);
	hint_newer(d, why);
	return -1;
}

int object_types_wrong(const char *file, const struct btf *btf, struct span at, struct diags *d)
{
	struct buf why = BUF_INIT;
	int err = 0;

	if (btf && !btf_check(btf, &why))
		err = unloadable(d, at, file, buf_str(&why));
	buf_free(&why);
	return err;
}

/* What libbpf says that is wrong with types in memory; else how they refer to what is not there. */
static int check_bytes(const Elf_Data *data, const char *file, struct span at, struct diags *d)
{
	struct said said;
	struct btf *btf;
	char *why;
	int err;

	said_begin_btf(&said);
	btf = btf__new(data->d_buf, (__u32)data->d_size);
	why = said_reason(&said);
	err = btf ? object_types_wrong(file, btf, at, d) :
	      unloadable(d, at, file, *why ? why : strerror(errno));
	free(why);
	btf__free(btf);
	said_end(&said);
	return err;
}

int object_types_unread(const char *file, const struct buf *bytes, struct span at,
			struct diags *d)
{
	struct buf why = BUF_INIT;
	const Elf_Data *data;
	int err = 0;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_memory(bytes->data, bytes->len);
	data = elf ? btf_elf_section(elf, &why) : NULL;
	if (data)
		err = check_bytes(data, file, at, d);
	else if (why.len)
		err = unloadable(d, at, file, buf_str(&why));
	elf_end(elf);
	buf_free(&why);
	return err;
}

/* NULL with a diagnostic where libbpf could not copy them. */
static struct btf *copy_checked(const struct btf *whole, const char *file, struct span at,
				struct diags *d)
{
	struct buf why = BUF_INIT;
	struct btf *types = NULL;

	if (!btf_check(whole, &why)) {
		unreadable(d, at, file, buf_str(&why));
	} else {
		types = copy_types(whole, ANY_AGE);
		if (!types)
			kern_error(d, at, errno, "read the types of '%s'", file);
	}
	buf_free(&why);
	return types;
}

struct btf *kern_btf_file(const char *file, struct span at, struct diags *d)
{
	struct btf *whole = kern_btf_read(file, NULL, at, d), *types;

	if (!whole)
		return NULL;
	types = copy_checked(whole, file, at, d);
	btf__free(whole);
	return types;
}

/* Names that are looked for where no word says which kind is meant, in this order. */
static const struct {
	const char *word;
	__u32 kind;
} kinds[] = {
	{ "struct", BTF_KIND_STRUCT },
	{ "union", BTF_KIND_UNION },
	{ "enum", BTF_KIND_ENUM },
	{ "enum", BTF_KIND_ENUM64 },
	{ NULL, BTF_KIND_TYPEDEF },
	{ NULL, BTF_KIND_INT },
	{ NULL, BTF_KIND_FLOAT },
};

__s64 kern_btf_find(const struct btf *btf, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		size_t len = kinds[i].word ? strlen(kinds[i].word) : 0;
		const char *wanted = name;
		__s32 id;

		if (len && !strncmp(name, kinds[i].word, len) && name[len] == ' ')
			wanted += len + 1;
		id = btf__find_by_name_kind(btf, wanted, kinds[i].kind);
		if (id > 0)
			return id;
	}
	return -ENOENT;
}
