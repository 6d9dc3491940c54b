// SPDX-License-Identifier: BSD-2-Clause
/* Numbers of BTF that programs are attached to, looked up in the types that they belong to. */
#include <bpf/btf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/kern/btf.h"
#include "shell/kern/object.h"
#include "shell/kern/target.h"

/* A BTF object that was read; those of the kernel and its modules are kept, as many look there. */
struct types {
	__u32 id;
	bool kernel;
	struct btf *btf;		/* NULL: it cannot be read */
	char module[MODULE_NAME_MAX];
};

static bool read_types(__u32 id, struct types *types)
{
	int fd = kern_open_id(OBJ_BTF, id), err;
	struct bpf_btf_info info;
	char name[KERN_NAME_MAX];

	if (fd < 0)
		return false;
	err = kern_btf_info(fd, &info, name, sizeof(name));
	close(fd);
	if (err)
		return false;
	*types = (struct types){ .id = id, .kernel = info.kernel_btf };
	if (info.kernel_btf && !strcmp(name, "vmlinux")) {
		types->btf = kern_vmlinux_btf();
		return true;
	}
	types->btf = kern_btf(id);
	if (info.kernel_btf)
		snprintf(types->module, sizeof(types->module), "%.*s", MODULE_NAME_MAX - 1, name);
	return true;
}

/* Borrowed until the next call; NULL where there is no such object. */
static const struct types *types_of(__u32 id)
{
	static struct types *kept, last;
	static size_t nr_kept;

	for (size_t i = 0; i < nr_kept; i++)
		if (kept[i].id == id)
			return &kept[i];
	if (id == last.id)
		return &last;
	btf__free(last.btf);
	last = (struct types){ 0 };
	if (!read_types(id, &last))
		return NULL;
	if (!last.kernel)
		return &last;
	GROW(kept, nr_kept);
	kept[nr_kept] = last;
	last = (struct types){ 0 };
	return &kept[nr_kept++];
}

/* Tracepoints are typedefs of their functions' types. */
#define TRACEPOINT_PREFIX "btf_trace_"

/* False where that is nothing that a program can be attached to. */
static bool name_type(__u32 object, __u32 id, struct kern_target *target)
{
	const struct types *types = object && id ? types_of(object) : NULL;
	const struct btf_type *t = types && types->btf ? btf__type_by_id(types->btf, id) : NULL;
	const char *name = t ? btf__name_by_offset(types->btf, t->name_off) : NULL;
	size_t prefix = strlen(TRACEPOINT_PREFIX);

	if (!name || !(btf_is_func(t) || btf_is_struct(t) || btf_is_typedef(t)))
		return false;
	target->tracepoint = btf_is_typedef(t) && !strncmp(name, TRACEPOINT_PREFIX, prefix);
	if (target->tracepoint)
		name += prefix;
	snprintf(target->name, sizeof(target->name), "%s", name);
	memcpy(target->module, types->module, sizeof(target->module));
	return true;
}

bool kern_prog_target(const struct bpf_prog_info *info, struct kern_target *target)
{
	*target = (struct kern_target){ 0 };
	switch (info->type) {
	case BPF_PROG_TYPE_TRACING:
	case BPF_PROG_TYPE_LSM:
	case BPF_PROG_TYPE_EXT:
	case BPF_PROG_TYPE_STRUCT_OPS:
		name_type(info->attach_btf_obj_id, info->attach_btf_id, target);
		return true;
	}
	return false;
}

/* The info of a program, zero where it is gone. */
static void read_prog(__u32 id, struct bpf_prog_info *info)
{
	int fd = kern_open_id(OBJ_PROG, id);

	*info = (struct bpf_prog_info){ 0 };
	if (fd < 0)
		return;
	if (kern_prog_info(fd, info))
		*info = (struct bpf_prog_info){ 0 };
	close(fd);
}

static bool name_function(__u32 prog_id, __u32 id, struct kern_target *target)
{
	struct bpf_prog_info info;

	read_prog(prog_id, &info);
	if (!name_type(info.btf_id, id, target))
		return false;
	target->prog_id = prog_id;
	return true;
}

/*
 * A link tells the ID of a BTF object or of a program, and not which. Of its
 * program a kernel since 6.0 tells only the first; an older one neither: then
 * it is what exists, if the other does not.
 */
static void name_target(const struct bpf_link_info *info, const struct bpf_prog_info *prog,
			struct kern_target *target)
{
	__u32 object = info->tracing.target_obj_id, id = info->tracing.target_btf_id;
	bool by_prog = prog->type == BPF_PROG_TYPE_EXT ||
		       (prog->attach_btf_id && !prog->attach_btf_obj_id);
	bool by_types = !by_prog && (prog->attach_btf_obj_id || prog->type == BPF_PROG_TYPE_LSM);
	struct kern_target other = { 0 };

	if (by_prog)
		target->prog_id = object;
	if (by_prog)
		name_function(object, id, target);
	else if (!name_type(object, id, target) && !by_types)
		name_function(object, id, target);
	else if (!by_types && name_function(object, id, &other))
		*target = (struct kern_target){ 0 };
}

bool kern_link_target(const struct bpf_link_info *info, struct bpf_prog_info *prog,
		      struct kern_target *target)
{
	*target = (struct kern_target){ 0 };
	switch (info->type) {
	case BPF_LINK_TYPE_TRACING:
		read_prog(info->prog_id, prog);
		name_target(info, prog, target);
		return true;
	case BPF_LINK_TYPE_CGROUP:
		if (info->cgroup.attach_type != BPF_LSM_CGROUP)
			return false;
		read_prog(info->prog_id, prog);
		kern_prog_target(prog, target);
		return true;
	}
	return false;
}
