// SPDX-License-Identifier: BSD-2-Clause
/* What programs are made for by BTF: named in place of what their sections say. */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/kern/btf.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/load.h"
#include "shell/kern/loading.h"
#include "shell/kern/names.h"
#include "shell/kern/object.h"

#define ANY (-1)

/* The first that fits is meant. Facts: kernel/bpf/verifier.c, bpf_check_attach_target(). */
static const struct target_kind {
	int prog_type, attach_type;
	const char *prefix;		/* of the name that BTF has */
	const char *what;
	bool of_kernel, of_prog;	/* which of them it can be of */
} kinds[] = {
	{ BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP, "btf_trace_", "tracepoint", true, false },
	{ BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER, "bpf_iter_", "iterator", true, false },
	{ BPF_PROG_TYPE_TRACING, BPF_MODIFY_RETURN, "", "function", true, false },
	{ BPF_PROG_TYPE_TRACING, ANY, "", "function", true, true },
	{ BPF_PROG_TYPE_LSM, ANY, "bpf_lsm_", "hook of LSM", true, false },
	{ BPF_PROG_TYPE_EXT, ANY, "", "function", false, true },
};

static const struct target_kind *kind_of(const struct bpf_program *prog)
{
	int type = bpf_program__type(prog), attach = bpf_program__expected_attach_type(prog);

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].prog_type == type &&
		    (kinds[i].attach_type == ANY || kinds[i].attach_type == attach))
			return &kinds[i];
	return NULL;
}

bool load_takes_target(const struct bpf_program *prog)
{
	return kind_of(prog);
}

static int no_target(const struct bpf_program *prog, const struct load_request *req,
		     struct diags *d)
{
	const char *type = kern_prog_type_name(bpf_program__type(prog));

	diag_error(d, req->target.span, "program '%s' of '%s' takes no target: its type is %s",
		   bpf_program__name(prog), req->file, type ? type : "unknown");
	diag_hint(d, "fentry, fexit, fmod_ret, freplace, lsm, tp_btf and iter take one");
	return -1;
}

/* The name of a type that programs like this can be made for, or NULL. */
static const char *target_name(const struct btf *btf, __u32 id, const struct target_kind *kind)
{
	const struct btf_type *t = btf__type_by_id(btf, id);
	const char *name = t ? btf__name_by_offset(btf, t->name_off) : NULL;
	size_t len = strlen(kind->prefix);

	if (!name || strncmp(name, kind->prefix, len) ||
	    !(btf_is_func(t) || (kind->attach_type == BPF_TRACE_RAW_TP && btf_is_typedef(t))))
		return NULL;
	return name + len;
}

/* Which of the types' names was probably meant, of those there are. */
static void suggest(struct diags *d, const char *wanted, const struct btf *btf,
		    const struct target_kind *kind)
{
	const char **names = NULL, *name;
	size_t nr = 0;

	for (__u32 id = 1; btf && id < btf__type_cnt(btf); id++) {
		name = target_name(btf, id, kind);
		if (!name)
			continue;
		GROW(names, nr);
		names[nr++] = name;
	}
	GROW(names, nr);
	names[nr] = NULL;
	diag_suggest(d, wanted, names);
	free(names);
}

/* The types of the program whose function is meant, to be freed; NULL with a diagnostic. */
static struct btf *types_of(const struct load_target *t, struct diags *d)
{
	struct bpf_prog_info info;
	int err = kern_prog_info(t->prog->fd, &info);

	if (err) {
		kern_error(d, t->span, err, "read program '%s'", t->prog->title);
		return NULL;
	}
	if (!info.btf_id) {
		diag_error(d, t->span, "program '%s' has no types that tell its functions",
			   t->prog->title);
		diag_hint(d, "it is to be compiled with -g");
		return NULL;
	}
	return kern_btf_object(info.btf_id, t->span, d);
}

static int of_prog(struct bpf_program *prog, const struct load_request *req,
		   const struct target_kind *kind, bool planned, struct diags *d)
{
	const struct load_target *t = &req->target;
	struct btf *btf;
	int err = 0;

	if (t->prog->fd < 0)	/* only planned */
		return 0;
	btf = types_of(t, d);
	if (!btf)
		return -1;
	if (btf__find_by_name_kind(btf, t->name, BTF_KIND_FUNC) <= 0) {
		err = diag_error(d, t->span, "no function '%s' in program '%s'", t->name,
				 t->prog->title);
		suggest(d, t->name, btf, kind);
	} else if (!planned && bpf_program__set_attach_target(prog, t->prog->fd, t->name)) {
		err = diag_error(d, t->span, "function '%s' of program '%s' cannot be a target",
				 t->name, t->prog->title);
	}
	btf__free(btf);
	return err;
}

/* Whether the kernel's own types have it. */
static bool in_kernel(const struct target_kind *kind, const char *name)
{
	char *full = xasprintf("%s%s", kind->prefix, name);
	bool typedefs = kind->attach_type == BPF_TRACE_RAW_TP;
	const struct btf *btf = kern_vmlinux_btf();
	__u32 wanted = typedefs ? BTF_KIND_TYPEDEF : BTF_KIND_FUNC;
	int id = btf ? btf__find_by_name_kind(btf, full, wanted) : 0;

	free(full);
	return id > 0;
}

/* Whether modules have types, among which libbpf looks, too. */
static bool has_modules(void)
{
	DIR *dir = opendir("/sys/kernel/btf");
	struct dirent *e;
	bool found = false;

	while (dir && !found && (e = readdir(dir)))
		found = e->d_name[0] != '.' && strcmp(e->d_name, "vmlinux");
	if (dir)
		closedir(dir);
	return found;
}

/* Libbpf 1.1 never frees what it looks in where nothing is loaded: it is asked for what is there. */
static int of_kernel(struct bpf_program *prog, const struct load_request *req,
		     const struct target_kind *kind, bool planned, struct diags *d)
{
	const struct load_target *t = &req->target;

	if ((in_kernel(kind, t->name) || has_modules()) &&
	    (planned || !bpf_program__set_attach_target(prog, 0, t->name)))
		return 0;
	if (!kern_vmlinux_btf()) {
		diag_error(d, t->span, "%s '%s' cannot be looked up: the kernel's types are hidden",
			   kind->what, t->name);
		return -1;
	}
	diag_error(d, t->span, "no %s '%s' in the kernel's types", kind->what, t->name);
	suggest(d, t->name, kern_vmlinux_btf(), kind);
	return -1;
}

int load_set_target(struct bpf_program *prog, const struct load_request *req, bool planned,
		    struct diags *d)
{
	const struct target_kind *kind = kind_of(prog);
	const struct load_target *t = &req->target;

	if (!kind)
		return no_target(prog, req, d);
	if (t->prog && !kind->of_prog)
		return diag_error(d, t->span, "the target of program '%s' is a %s of the kernel",
				  bpf_program__name(prog), kind->what);
	if (!t->prog && !kind->of_kernel) {
		diag_error(d, t->span, "the target of program '%s' is a function of a program",
			   bpf_program__name(prog));
		diag_hint(d, "as in: target prog PROG func %s", t->name);
		return -1;
	}
	return t->prog ? of_prog(prog, req, kind, planned, d) :
	       of_kernel(prog, req, kind, planned, d);
}
