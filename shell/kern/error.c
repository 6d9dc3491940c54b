// SPDX-License-Identifier: BSD-2-Clause
/* Errors of the kernel as people read them: what failed, for which reason, and what to do. */
#include <bpf/libbpf.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shell/base/buf.h"
#include "shell/base/compat.h"
#include "shell/base/diag.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/inner.h"
#include "shell/kern/loading.h"
#include "shell/kern/map_traits.h"
#include "shell/kern/names.h"
#include "shell/kern/object.h"
#include "shell/kern/reason.h"
#include "shell/kern/rights.h"

/* How callers name an action, and what the message makes of it. */
static const struct {
	const char *what;
	enum op op;
	const char *phrase;		/* the map's name follows */
} actions[] = {
	{ "update", UPDATE, "update element in" },
	{ "lookup", LOOKUP, "look up element in" },
	{ "delete", DELETE, "delete element from" },
	{ "next", NEXT, "get the next key of" },
	{ "getnext", NEXT, "get the next key of" },
	{ "dump", LIST, "list the elements of" },
	{ "list", LIST, "list the elements of" },
	{ "push", PUSH, "push a value to" },
	{ "enqueue", PUSH, "push a value to" },
	{ "pop", POP, "pop a value from" },
	{ "dequeue", POP, "pop a value from" },
	{ "peek", LOOKUP | POP, "peek into" },
	{ "freeze", FREEZE, "freeze" },
	{ "create", CREATE, "create" },
};

/* What is general, where strerror() would mislead or is not there. */
static const struct {
	int err;
	const char *text, *hint;
} general[] = {
	{ ENOTSUPP, "not supported by this kernel" },
	{ EOPNOTSUPP, "not supported" },
	{ E2BIG, "this kernel is too old for it, or a limit is exceeded" },
	{ EINTR, "interrupted" },
	{ ELIBACC, "the library libmnl is missing", "install it (Debian: libmnl0)" },
	{ EXDEV, "it lies on another mount" },
	{ KERN_EDOT, "names in a bpffs cannot have a dot" },
	{ KERN_ENAME, "names have at most 15 letters, digits, '_' and '.'" },
	{ KERN_ENOTPIN, "it is no pinned BPF object" },
	{ KERN_ENOTBPFFS, "its folder is not on a bpffs", "mount one: mount -t bpf bpf FOLDER" },
	{ KERN_EOTHERFS, "another bpffs is mounted there now" },
	{ KERN_ENORENAME, "renameat2(2) is refused as if the kernel had none",
	  "a filter of system calls (seccomp), such as a container's, forbids it" },
	{ KERN_ENOEXCHANGE, "this kernel's bpffs cannot exchange two pins (Linux 5.17 can)",
	  "'unpin' the old one first, then 'pin'" },
};

/* A kernel that has the call has its file system, too. */
static bool kernel_has_bpf(void)
{
	FILE *f = fopen("/proc/filesystems", "re");
	bool found = false;
	char line[128];

	while (f && !found && fgets(line, sizeof(line), f))
		found = !strcmp(line, "nodev\tbpf\n");
	if (f)
		fclose(f);
	return found;
}

static bool general_reason(struct buf *text, struct buf *hint, int err)
{
	for (size_t i = 0; i < ARRAY_SIZE(general); i++) {
		if (general[i].err != err)
			continue;
		buf_puts(text, general[i].text);
		if (general[i].hint)
			buf_puts(hint, general[i].hint);
		return true;
	}
	return false;
}

void call_reason(struct buf *text, struct buf *hint, enum kern_call call, __u32 type, int err)
{
	struct rights rights;
	char msg[256];

	if (general_reason(text, hint, err))
		return;
	if (err == EPERM || err == ENOSYS || (err == EACCES && call == KERN_EVENTS)) {
		rights_read(&rights);
		if (err == ENOSYS)
			no_call_reason(text, hint, &rights, kernel_has_bpf());
		else
			rights_reason(text, hint, &rights, call, type);
		return;
	}
	libbpf_strerror(err, msg, sizeof(msg));
	if (isupper((unsigned char)msg[0]) && !isupper((unsigned char)msg[1]))
		msg[0] = tolower((unsigned char)msg[0]);
	buf_puts(text, msg);
}

void kern_reason(struct buf *text, struct buf *hint, enum kern_call call, int err)
{
	call_reason(text, hint, call, 0, err);
}

/* Queues "HEAD: WHY" with the hint, if there is one, and frees all three. */
static int say(struct diags *d, struct span at, struct buf *head, struct buf *why, struct buf *hint)
{
	diag_error(d, at, "%s: %s", buf_str(head), buf_str(why));
	if (hint->len)
		diag_hint(d, "%s", buf_str(hint));
	buf_free(head);
	buf_free(why);
	buf_free(hint);
	return -1;
}

static int typed_error(struct diags *d, struct span at, enum kern_call call, __u32 type, int err,
		       const char *fmt, va_list ap)
{
	struct buf head = BUF_INIT, why = BUF_INIT, hint = BUF_INIT;

	buf_puts(&head, "cannot ");
	buf_vprintf(&head, fmt, ap);
	call_reason(&why, &hint, call, type, abs(err));
	return say(d, at, &head, &why, &hint);
}

int kern_error(struct diags *d, struct span at, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	typed_error(d, at, KERN_OTHER, 0, err, fmt, ap);
	va_end(ap);
	return -1;
}

int kern_call_error(struct diags *d, struct span at, enum kern_call call, int err,
		    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	typed_error(d, at, call, 0, err, fmt, ap);
	va_end(ap);
	return -1;
}

int kern_typed_error(struct diags *d, struct span at, enum kern_call call, __u32 type, int err,
		     const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	typed_error(d, at, call, type, err, fmt, ap);
	va_end(ap);
	return -1;
}

static bool is_frozen(int fd)
{
	char value[8];

	return kern_fdinfo(fd, "frozen", value, sizeof(value)) && !strcmp(value, "1");
}

/*
 * Why a map refuses with EPERM: its own state comes before privileges. The
 * flags rdonly and wronly belong to the descriptor, as does a pin's mode.
 */
static const char *map_permission(const struct handle *map, unsigned op)
{
	int opened = fcntl(map->fd, F_GETFL), mode = opened < 0 ? O_RDWR : opened & O_ACCMODE;

	if (op & (UPDATE | DELETE | PUSH | POP | FREEZE)) {
		if (is_frozen(map->fd))
			return op & FREEZE ? "map is frozen already" :
			       "map is frozen, user space cannot change it any more";
		if (mode == O_RDONLY)
			return "it is open for reading only (flag 'rdonly', or its pin's mode)";
	}
	if ((op & (LOOKUP | NEXT | LIST | POP)) && mode == O_WRONLY)
		return "it is open for writing only (flag 'wronly', or its pin's mode)";
	return NULL;
}

static unsigned begin_head(struct buf *head, const char *what)
{
	static const char undo[] = "undo: ";

	if (!strncmp(what, undo, sizeof(undo) - 1)) {
		buf_puts(head, "undo: ");
		what += sizeof(undo) - 1;
	}
	buf_puts(head, "cannot ");
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		if (!strcmp(what, actions[i].what)) {
			buf_puts(head, actions[i].phrase);
			return actions[i].op;
		}
	}
	buf_puts(head, what);
	return 0;
}

/* Errnos that the kernel has for wrong attributes of a new map. */
static bool blames_shape(int err)
{
	return err == EINVAL || err == E2BIG || err == ENOTSUPP || err == EOPNOTSUPP;
}

/* A map of programs is bound to the type of those that use it. */
static bool program_differs(struct buf *why, const struct handle *map, const struct handle *prog)
{
	struct bpf_prog_info info;
	const char *have, *want;
	char owner[16];

	if (!kern_fdinfo(map->fd, "owner_prog_type", owner, sizeof(owner)) ||
	    kern_prog_info(prog->fd, &info) || strtoul(owner, NULL, 10) == info.type)
		return false;
	have = kern_prog_type_name(info.type);
	want = kern_prog_type_name(strtoul(owner, NULL, 10));
	buf_printf(why, "the program has type %s, and those that use the map have type %s",
		   have ? have : "unknown", want ? want : "unknown");
	return true;
}

/* What the object is in which the kernel's EINVAL finds fault. */
static bool value_reason(struct buf *why, struct buf *hint, const struct handle *map,
			 const struct handle *value)
{
	struct inner_facts facts;

	if (map->map.type == BPF_MAP_TYPE_PROG_ARRAY)
		return program_differs(why, map, value);
	if (!map_is(map->map.type, MAP_OF_MAPS))
		return false;
	inner_read(map, &facts);
	return inner_difference(why, hint, &facts, &value->map);
}

static void map_reason(struct buf *why, struct buf *hint, unsigned op, const struct handle *map,
		       int err)
{
	/* Older kernels say of a second freeze that the map is busy. */
	bool again = err == EBUSY && (op & FREEZE) && is_frozen(map->fd);
	const char *text = err == EPERM || again ? map_permission(map, op) : NULL;
	const struct reason *r = err == EPERM ? NULL : reason_find(op, map->map.type, err);

	if (text) {
		buf_puts(why, text);
	} else if (op == CREATE && blames_shape(err) && shape_error(why, &map->map)) {
		return;
	} else if (r) {
		reason_put(why, r->text, map->map.max_entries);
		if (r->hint)
			buf_puts(hint, r->hint);
	} else {
		call_reason(why, hint, op == CREATE ? KERN_MAP_CREATING : KERN_USING,
			    map->map.type, err);
	}
}

int kern_map_error(struct diags *d, struct span at, const char *what, const struct handle *map,
		   int err)
{
	return kern_map_value_error(d, at, what, map, NULL, err);
}

int kern_map_plan(struct diags *d, struct span at, const struct handle *map)
{
	struct buf why = BUF_INIT;
	bool wrong = shape_error(&why, &map->map);

	buf_free(&why);
	return wrong ? kern_map_error(d, at, "create", map, EINVAL) : 0;
}

int kern_map_value_error(struct diags *d, struct span at, const char *what,
			 const struct handle *map, const struct handle *value, int err)
{
	struct buf head = BUF_INIT, why = BUF_INIT, hint = BUF_INIT;
	unsigned op = begin_head(&head, what);

	if (map->name[0])
		buf_printf(&head, " map '%s'", map->name);
	else if (map->id)
		buf_printf(&head, " map %u", map->id);
	else
		buf_puts(&head, " map");
	if (!value || op != UPDATE || abs(err) != EINVAL || !value_reason(&why, &hint, map, value))
		map_reason(&why, &hint, op, map, abs(err) == KERN_EPERM ? EPERM : abs(err));
	return say(d, at, &head, &why, &hint);
}
