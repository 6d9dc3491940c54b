// SPDX-License-Identifier: BSD-2-Clause
/* BTF of an object file, made fit for the kernel: for maps that are created with types. */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>

#include "shell/fault.h"
#include "shell/kern.h"

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
