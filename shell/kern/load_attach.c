// SPDX-License-Identifier: BSD-2-Clause
/* Programs of an object that was loaded, attached as their sections say: libbpf reads those. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/fault.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/load.h"
#include "shell/kern/loading.h"
#include "shell/kern/object.h"

/* Whether libbpf attaches such programs, where their section names a target. */
static bool attaches(const struct bpf_program *prog)
{
	switch (bpf_program__type(prog)) {
	case BPF_PROG_TYPE_KPROBE:
	case BPF_PROG_TYPE_TRACEPOINT:
	case BPF_PROG_TYPE_RAW_TRACEPOINT:
	case BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE:
	case BPF_PROG_TYPE_TRACING:
	case BPF_PROG_TYPE_EXT:
		return true;
	case BPF_PROG_TYPE_LSM:
		return bpf_program__expected_attach_type(prog) != BPF_LSM_CGROUP;
	default:
		return false;
	}
}

/* Those of USDT are attached by many links, of which none stands for all. */
#define USDT "usdt"

char *load_place(const struct bpf_program *prog, const struct load_request *req)
{
	const char *section = bpf_program__section_name(prog), *target = strchr(section, '/');
	enum bpf_attach_type attach;
	enum bpf_prog_type type;

	if (!attaches(prog) || !strncmp(section, USDT, strlen(USDT)) ||
	    libbpf_prog_type_by_name(section, &type, &attach) || type != bpf_program__type(prog))
		return NULL;
	if (req->target.name && load_takes_target(prog))
		return xasprintf("%.*s/%s", (int)strcspn(section, "/"), section, req->target.name);
	return target && target[1] ? xstrdup(section) : NULL;
}

struct load_object {
	struct bpf_object *obj;
	struct buf bytes;		/* the file, which the object refers to */
	char *file;
};

struct load_object *load_object_new(struct bpf_object *obj, struct buf *bytes, const char *file)
{
	struct load_object *o = xcalloc(1, sizeof(*o));

	*o = (struct load_object){ obj, *bytes, xstrdup(file) };
	*bytes = (struct buf)BUF_INIT;
	return o;
}

void kern_load_object_free(struct load_object *o)
{
	if (!o)
		return;
	bpf_object__close(o->obj);
	buf_free(&o->bytes);
	free(o->file);
	free(o);
}

static int refused(const struct bpf_program *prog, int err, struct said *s, struct span at,
		   struct diags *d)
{
	const char *section = bpf_program__section_name(prog);
	char *why = said_reason(s);

	kern_call_error(d, at, KERN_ATTACHING, err, "attach program '%s' at '%s'",
			bpf_program__name(prog), section);
	if (*why)
		diag_hint(d, "libbpf says: %s", why);
	free(why);
	return -1;
}

/* Descriptors of perf events that this process has; ends with -1, to be freed. */
static int *perf_events(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	int *fds = NULL;
	size_t nr = 0;

	while (dir && (entry = readdir(dir))) {
		char text[32] = "";

		if (readlinkat(dirfd(dir), entry->d_name, text, sizeof(text) - 1) < 0 ||
		    strcmp(text, "anon_inode:[perf_event]") != 0)
			continue;
		GROW(fds, nr);
		fds[nr++] = atoi(entry->d_name);
	}
	if (dir)
		closedir(dir);
	GROW(fds, nr);
	fds[nr] = -1;
	return fds;
}

static bool is_among(int fd, const int *fds)
{
	while (*fds >= 0 && *fds != fd)
		fds++;
	return *fds >= 0;
}

/*
 * Lets go of libbpf's link but for its descriptor. It would stop the event that a link of
 * the kernel's holds as well, and whoever prevents that has to close the event's descriptor.
 */
static void end_link(struct bpf_link *link, const int *events_before)
{
	int *events = perf_events();

	bpf_link__disconnect(link);
	bpf_link__destroy(link);
	for (int *fd = events; *fd >= 0; fd++)
		if (!is_among(*fd, events_before))
			close(*fd);
	free(events);
}

/* The descriptor of a link; kernels before 5.15 attach probes and tracepoints without one. */
static int link_fd(struct bpf_link *link, const struct bpf_program *prog, struct span at,
		   struct diags *d)
{
	enum object_kind kind;
	int fd = bpf_link__fd(link);

	if (fd >= 0 && !kern_kind(fd, &kind) && kind == OBJ_LINK)
		return fd;
	diag_error(d, at, "program '%s' cannot be attached by a link here: '%s'",
		   bpf_program__name(prog), bpf_program__section_name(prog));
	diag_hint(d, "kernels since 5.15 have links for probes and tracepoints");
	return -1;
}

static int attach(struct bpf_program *prog, struct span at, struct diags *d)
{
	int *events = perf_events(), fd, err;
	struct bpf_link *link;
	struct said s;

	said_begin(&s);
	err = fault_error("link create");
	link = err ? NULL : bpf_program__attach(prog);
	if (!err && !link)
		err = -errno;
	fault_point("link create done");
	fd = link ? link_fd(link, prog, at, d) : refused(prog, -err, &s, at, d);
	said_end(&s);
	if (fd >= 0)
		end_link(link, events);
	else
		bpf_link__destroy(link);
	free(events);
	return fd;
}

int kern_load_attach(struct load_object *o, const struct handle *h, struct span at, struct diags *d)
{
	struct bpf_program *prog = bpf_object__find_program_by_name(o->obj, h->name);

	return prog ? attach(prog, at, d) :
		      diag_error(d, at, "no program '%s' in '%s'", h->name, o->file);
}
