// SPDX-License-Identifier: BSD-2-Clause
/* BTF of files: to be read, and made fit for the kernel, for maps that are created with types. */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/fault.h"
#include "shell/kern.h"
#include "shell/kern/load.h"

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

/* The same types under the same IDs; what is no type is "void *". */
static struct btf *copy_types(const struct btf *from)
{
	struct btf *to = btf__new_empty();
	int err = to ? 0 : -errno;

	for (__u32 id = 1; !err && id < btf__type_cnt(from); id++) {
		const struct btf_type *t = btf__type_by_id(from, id);
		int ret = is_type(t) ? btf__add_type(to, from, t) : btf__add_ptr(to, 0);

		err = ret < 0 ? ret : 0;
	}
	if (!err)
		return to;
	btf__free(to);
	errno = -err;
	return NULL;
}

struct btf *kern_btf_file(const char *file)
{
	struct btf *whole = btf__parse(file, NULL), *types;

	if (!whole)
		return NULL;
	types = copy_types(whole);
	btf__free(whole);
	return types;
}

int kern_btf_load(struct btf *btf)
{
	int err = fault_error("btf load");

	if (!err)
		err = btf__load_into_kernel(btf);
	return err ? err : btf__fd(btf);
}

#define MODULES "/sys/kernel/btf/"

/* What keeps a file from being read at all: libbpf's errno might mean something else. */
static int check_readable(struct diags *d, struct span at, const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err = 0;
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		err = kern_error(d, at, errno, "read '%s'", file);
	else if (!S_ISREG(st.st_mode))
		err = diag_error(d, at, "cannot read '%s': not a regular file", file);
	if (fd >= 0)
		close(fd);
	return err;
}

/* Modules' types continue those of the kernel, in the files that the kernel shows too. */
static bool is_module(const char *file)
{
	return !strncmp(file, MODULES, strlen(MODULES)) && strcmp(file, MODULES "vmlinux");
}

/* Queues what libbpf, else what the errno, has against the types of @subject. */
static int malformed(struct diags *d, struct span at, const char *subject, int err, bool has_base)
{
	char *why = said_reason();

	if (*why)
		diag_error(d, at, "cannot read the types of %s: %s", subject, why);
	else
		kern_error(d, at, err, "read the types of %s", subject);
	if (strstr(why, "Unsupported BTF_KIND"))
		diag_hint(d, "they are damaged, or newer than the libbpf that is installed here");
	else if (strstr(why, "string section") && !has_base)
		diag_hint(d, "types that continue those of another file need it: base FILE");
	free(why);
	return -1;
}

/* What libbpf's errno means for a file that can be read. */
static int unusable(struct diags *d, struct span at, const char *file, int err, bool has_base)
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
	malformed(d, at, subject, err, has_base);
	free(subject);
	return -1;
}

struct btf *kern_btf_object(__u32 id, struct span at, struct diags *d)
{
	struct btf *btf;
	char *subject;
	int err;

	said_begin_btf();
	btf = kern_btf(id);
	if (btf)
		return btf;
	err = errno;
	subject = xasprintf("BTF object %u", id);
	malformed(d, at, subject, err, true);
	free(subject);
	return NULL;
}

struct btf *kern_btf_read(const char *file, struct btf *base, struct span at, struct diags *d)
{
	struct btf *btf;

	if (check_readable(d, at, file))
		return NULL;
	if (!base && is_module(file))
		base = kern_vmlinux_btf();
	said_begin_btf();
	btf = btf__parse_split(file, base);
	if (!btf)
		unusable(d, at, file, errno, base);
	return btf;
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
