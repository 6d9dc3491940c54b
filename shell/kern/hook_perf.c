// SPDX-License-Identifier: BSD-2-Clause
/*
 * The hooks of perf events: tracepoints, and probes of functions in the kernel and in
 * files. Each link is of an event made for it (perf_event_open(2)), and ends with it.
 */
#include <bpf/bpf.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/base/diag.h"
#include "shell/kern/elf_symbol.h"
#include "shell/kern/error.h"
#include "shell/kern/hook.h"

static const char *const tracings[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };

/* The number in a small file, behind a prefix that is not one ("config:"); -errno. */
static int read_number(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[64], *digits = text;
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	int err = errno;

	if (fd >= 0)
		close(fd);
	if (n < 0)
		return -err;
	text[n] = '\0';
	while (*digits && !isdigit((unsigned char)*digits))
		digits++;
	return *digits ? atoi(digits) : -EINVAL;
}

/* An event of all processes, and its link; only the link stays. */
static int link_event(struct perf_event_attr *attr, int prog_fd)
{
	int event, link, err;

	attr->size = sizeof(*attr);
	attr->sample_period = 1;
	attr->wakeup_events = 1;
	event = syscall(SYS_perf_event_open, attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (event < 0)
		return -errno;
	link = bpf_link_create(prog_fd, event, BPF_PERF_EVENT, NULL);
	if (link >= 0 && ioctl(event, PERF_EVENT_IOC_ENABLE, 0)) {
		err = -errno;
		close(link);
		link = err;
	}
	close(event);
	return link;
}

/* Tracepoints: "sched:sched_switch" */

/* Its number, or -errno. */
static int tracepoint_id(const char *name)
{
	const char *colon = strchr(name, ':');
	int id = -ENOENT;

	/* It becomes part of a path. */
	if (!colon || strchr(name, '/') || strstr(name, ".."))
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(tracings) && id == -ENOENT; i++) {
		char *path = xasprintf("%s/events/%.*s/%s/id", tracings[i], (int)(colon - name), name,
				       colon + 1);

		id = read_number(path);
		free(path);
	}
	return id;
}

static int tracepoint_find(struct link_spot *spot, const struct link_def *def, struct span at,
			   struct diags *d)
{
	int id = tracepoint_id(def->target);

	if (id == -EINVAL) {
		diag_error(d, at, "'%s' is no name of a tracepoint", def->target);
		diag_hint(d, "it has its group before a colon: sched:sched_switch");
		return -1;
	}
	if (id == -ENOENT) {
		diag_error(d, at, "no tracepoint '%s'", def->target);
		diag_hint(d, access(tracings[0], F_OK) || access("/sys/kernel/tracing/events", F_OK) ?
			  "as root: mount -t tracefs none /sys/kernel/tracing" :
			  "/sys/kernel/tracing/available_events has them all");
		return -1;
	}
	if (id < 0)
		return kern_error(d, at, -id, "look for the tracepoint '%s'", def->target);
	spot->name = xstrdup(def->target);
	return 0;
}

static int tracepoint_create(int prog_fd, const struct link_spot *spot)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT };
	int id = tracepoint_id(spot->name);

	if (id < 0)
		return id;
	attr.config = id;
	return link_event(&attr, prog_fd);
}

/* Probes of the kernel's functions and of those in files: "do_sys_openat2+0x10" */

/* Splits "NAME+OFFSET", whose offset may be missing; false where it is no number. */
static bool split_offset(const char *text, char **name, __u64 *offset)
{
	const char *plus = strrchr(text, '+');
	char *end = NULL;

	*offset = 0;
	*name = plus ? xstrndup(text, plus - text) : xstrdup(text);
	if (!plus)
		return **name;
	errno = 0;
	*offset = strtoull(plus + 1, &end, 0);
	return **name && isdigit((unsigned char)plus[1]) && !*end && !errno;
}

static int function_find(struct link_spot *spot, const struct link_def *def, struct span at,
			 struct diags *d)
{
	__u64 offset;
	char *name;
	bool fits = split_offset(def->target, &name, &offset);

	free(name);
	if (!fits)
		return diag_error(d, at, "'%s' is no function, nor one with an offset",
				  def->target);
	spot->name = xstrdup(def->target);
	return 0;
}

/* An event of a unit of its own, whose number and bit for returns stand in files. */
static int link_probe(const char *unit, bool on_return, const char *name, __u64 offset, int prog_fd)
{
	struct perf_event_attr attr = {
		.config1 = (uintptr_t)name, .config2 = offset
	};
	char path[96];
	int type, bit;

	snprintf(path, sizeof(path), "/sys/bus/event_source/devices/%s/type", unit);
	type = read_number(path);
	if (type < 0)
		return type == -ENOENT ? -ENODEV : type;
	snprintf(path, sizeof(path), "/sys/bus/event_source/devices/%s/format/retprobe", unit);
	bit = on_return ? read_number(path) : 0;
	if (bit < 0 || bit > 63)
		return -ENODEV;
	attr.type = type;
	if (on_return)
		attr.config = 1ULL << bit;
	return link_event(&attr, prog_fd);
}

static int link_function(int prog_fd, const struct link_spot *spot, bool on_return)
{
	__u64 offset;
	char *name;
	int link = -EINVAL;

	if (split_offset(spot->name, &name, &offset))
		link = link_probe("kprobe", on_return, name, offset, prog_fd);
	free(name);
	return link;
}

static int kprobe_create(int prog_fd, const struct link_spot *spot)
{
	return link_function(prog_fd, spot, false);
}

static int kretprobe_create(int prog_fd, const struct link_spot *spot)
{
	return link_function(prog_fd, spot, true);
}

/* The spot keeps "FILE FUNCTION", of which the first may have blanks. */
static int file_find(struct link_spot *spot, const struct link_def *def, struct span at,
		     struct diags *d)
{
	const char *blank = strrchr(def->target, ' ');
	__u64 offset, place = 0;
	char *name, *file;
	int err;

	if (!split_offset(blank + 1, &name, &offset)) {
		free(name);
		return diag_error(d, at, "'%s' is no function, nor one with an offset", blank + 1);
	}
	file = xstrndup(def->target, blank - def->target);
	err = elf_symbol_offset(file, name, &place, at, d);
	if (!err)
		spot->name = xasprintf("%s %llu", file, place + offset);
	free(file);
	free(name);
	return err;
}

static int link_file(int prog_fd, const struct link_spot *spot, bool on_return)
{
	const char *blank = strrchr(spot->name, ' ');
	char *file = xstrndup(spot->name, blank - spot->name);
	int link = link_probe("uprobe", on_return, file, strtoull(blank + 1, NULL, 10), prog_fd);

	free(file);
	return link;
}

static int uprobe_create(int prog_fd, const struct link_spot *spot)
{
	return link_file(prog_fd, spot, false);
}

static int uretprobe_create(int prog_fd, const struct link_spot *spot)
{
	return link_file(prog_fd, spot, true);
}

static const struct hook_type tracepoint_types[] = {
	{ BPF_PERF_EVENT, BPF_PROG_TYPE_TRACEPOINT }
}, probe_types[] = {
	{ BPF_PERF_EVENT, BPF_PROG_TYPE_KPROBE }
};

static const struct refusal perf_refusals[] = {
	{ ENOENT, "there is no such function, or it cannot be probed" },
	{ EADDRNOTAVAIL, "there is no such function, or it cannot be probed" },
	{ ENODEV, "this kernel was built without such probes" },
	{ EINVAL, "it cannot be probed there" },
	{ EILSEQ, "no instruction begins there" },
	{ EACCES, "the program reads more than the tracepoint has" },
	{ 0 }
};

#define PERF .unnamed = "this kernel", .type_implied = true, .id = 5,			\
	.link_type = BPF_LINK_TYPE_PERF_EVENT, .refusals = perf_refusals
#define PROBE PERF, .types = probe_types, .nr_types = ARRAY_SIZE(probe_types)

const struct hook perf_hooks[] = {
	{ "tracepoint", "a tracepoint of the kernel", { "TRACEPOINT" }, PERF,
	  .place = "tracepoint", .types = tracepoint_types,
	  .nr_types = ARRAY_SIZE(tracepoint_types), .find = tracepoint_find,
	  .create = tracepoint_create },
	{ "kprobe", "calls of a function of the kernel", { "FUNCTION" }, PROBE,
	  .place = "function", .find = function_find, .create = kprobe_create },
	{ "kretprobe", "returns from a function of the kernel", { "FUNCTION" }, PROBE,
	  .place = "return from", .find = function_find, .create = kretprobe_create },
	{ "uprobe", "calls of a function of a program or library", { "FILE", "FUNCTION" }, PROBE,
	  .place = "function", .find = file_find, .create = uprobe_create },
	{ "uretprobe", "returns from a function of a program or library", { "FILE", "FUNCTION" },
	  PROBE, .place = "return from", .find = file_find, .create = uretprobe_create },
	{ 0 }
};
