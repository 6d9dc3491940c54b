// SPDX-License-Identifier: BSD-2-Clause
/* Object files: what is none is told apart in own words, before libbpf sees it. */
#include <bpf/libbpf.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/child.h"
#include "shell/base/diag.h"
#include "shell/base/file.h"
#include "shell/base/interrupt.h"
#include "shell/kern/error.h"
#include "shell/kern/loading.h"
#include "shell/kern/sections.h"

/* No object file that the kernel could take is near this. */
#define FILE_MAX (256u << 20)

/* A file that keeps libbpf busy for longer is damaged as well. */
#define TRIAL_SECONDS 10

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define OWN_ORDER ELFDATA2LSB
#else
#define OWN_ORDER ELFDATA2MSB
#endif

/* What keeps the bytes from being an object file for BPF; NULL: nothing that the header tells. */
static const char *wrong_header(const struct buf *bytes, const char **hint)
{
	Elf64_Ehdr head = { 0 };

	*hint = "compile it with: clang -target bpf -g -O2 -c";
	memcpy(&head, bytes->data, bytes->len < sizeof(head) ? bytes->len : sizeof(head));
	if (bytes->len < EI_NIDENT || memcmp(head.e_ident, ELFMAG, SELFMAG))
		return "not an ELF object file";
	if (bytes->len < sizeof(head))
		return "damaged: it ends within its header";
	if (head.e_ident[EI_CLASS] != ELFCLASS64)
		return "not a 64-bit ELF file";
	if (head.e_ident[EI_DATA] != OWN_ORDER)
		return "built for the other byte order";
	if (head.e_machine != EM_BPF && head.e_machine != EM_NONE)
		return "built for a processor, not for BPF";
	return NULL;
}

/* What libbpf would call the object: the file's name up to the first dot. */
static char *object_name(const char *file)
{
	const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;

	return xstrndup(name, strcspn(name, "."));
}

/* NULL with errno set. */
static struct bpf_object *open_bytes(const char *file, const char *kernel_btf,
				     const struct buf *bytes)
{
	char *name = object_name(file);
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = name,
		    .btf_custom_path = kernel_btf);
	struct bpf_object *obj = bpf_object__open_mem(bytes->data, bytes->len, &opts);
	int err = errno;

	free(name);
	errno = err;
	return obj;
}

struct trial {
	const char *file;
	const struct buf *bytes;
};

static int try_to_open(void *arg, int to)
{
	const struct trial *t = arg;
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	alarm(TRIAL_SECONDS);
	dup2(null, STDERR_FILENO);
	open_bytes(t->file, NULL, t->bytes);
	return 0;
}

/*
 * libbpf trusts what compilers write, and crashes on files that are damaged in
 * the right place. A child tries first.
 */
static bool survives(const char *file, const struct buf *bytes)
{
	struct trial trial = { file, bytes };
	pid_t pid = child_work(try_to_open, &trial, NULL);
	int status;

	if (pid < 0)
		return true;
	child_wait(&pid, 1, false, &status);
	return !status;
}

static struct bpf_object *open_read(const char *file, const char *kernel_btf, struct buf *bytes,
				    struct span at, struct said *s, struct diags *d)
{
	struct bpf_object *obj = NULL;
	const char *wrong, *hint;
	bool linked;
	char *why;
	int err;

	wrong = wrong_header(bytes, &hint);
	linked = !wrong && sections_rename(bytes);
	if (!wrong && !survives(file, bytes)) {
		if (interrupted()) {
			diag_error(d, at, "interrupted");
			return NULL;
		}
		if (object_types_unread(file, bytes, at, d))
			return NULL;
		wrong = "damaged";
	}
	if (wrong) {
		diag_error(d, at, "cannot load '%s': it is %s", file, wrong);
		diag_hint(d, "%s", hint);
		return NULL;
	}
	obj = open_bytes(file, kernel_btf, bytes);
	if (obj)
		section_apply_structures(obj, linked);
	if (obj && !object_types_wrong(file, bpf_object__btf(obj), at, d))
		return obj;
	if (obj) {
		bpf_object__close(obj);
		return NULL;
	}
	err = errno;
	why = said_reason(s);
	if (object_types_unread(file, bytes, at, d)) {
		free(why);
		return NULL;
	}
	if (*why)
		said_failure(d, at, file, why);
	else
		kern_error(d, at, err, "load '%s'", file);
	free(why);
	return NULL;
}

struct bpf_object *object_open(const char *file, const char *kernel_btf, struct span at,
			       struct said *s, struct buf *bytes, struct diags *d)
{
	int err = file_read(file, bytes, FILE_MAX);

	if (!err)
		return open_read(file, kernel_btf, bytes, at, s, d);
	kern_error(d, at, err, "open object file '%s'", file);
	return NULL;
}
