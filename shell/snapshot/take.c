// SPDX-License-Identifier: BSD-2-Clause
/* The host as it is: programs, maps, pins, settings. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/file.h"
#include "shell/base/interrupt.h"
#include "shell/kern/bpffs.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/names.h"
#include "shell/kern/object.h"
#include "shell/kern/target.h"
#include "shell/snapshot/snapshot.h"

/* A type by its name, or its number where nobody knows one. */
static void put_type(struct snap_entry *e, size_t at, const char *name, __u32 type)
{
	if (name)
		snap_fact(e, at, "%s", name);
	else
		snap_fact(e, at, "%u", type);
}

/* Programs */

static void put_tag(struct snap_entry *e, const __u8 *tag)
{
	struct buf text = BUF_INIT;

	for (int i = 0; i < BPF_TAG_SIZE; i++)
		buf_printf(&text, "%02x", tag[i]);
	snap_fact(e, SNAP_PROG_TAG, "%s", buf_str(&text));
	buf_free(&text);
}

static void put_maps(const struct snapshot *s, struct snap_entry *e, const __u32 *ids, __u32 nr)
{
	struct buf text = BUF_INIT;

	for (__u32 i = 0; i < nr; i++) {
		const struct snap_entry *map = snap_by_id(&s->lists[SNAP_MAP], ids[i]);

		buf_printf(&text, "%s%s", i ? " " : "", map && *map->name ? map->name : "(unnamed)");
	}
	if (nr)
		snap_fact(e, SNAP_PROG_MAPS, "%s", buf_str(&text));
	buf_free(&text);
}

static void put_prog(struct snap_entry *e, const struct bpf_prog_info *info)
{
	struct kern_target target;

	put_tag(e, info->tag);
	if (kern_prog_target(info, &target) && *target.name)
		snap_fact(e, SNAP_PROG_TARGET, "%s", target.name);
	snap_fact(e, SNAP_PROG_GPL, "%u", info->gpl_compatible);
	/* The kernel hides both lengths from those who lack CAP_BPF. */
	if (info->xlated_prog_len)
		snap_fact(e, SNAP_PROG_JITED, "%u", info->jited_prog_len != 0);
	snap_fact(e, SNAP_PROG_RUN_CNT, "%llu", info->run_cnt);
	snap_fact(e, SNAP_PROG_RUN_TIME, "%llu", info->run_time_ns);
	snap_fact(e, SNAP_PROG_MISSES, "%llu", info->recursion_misses);
}

static int take_prog(struct snapshot *s, int fd)
{
	struct bpf_prog_info info;
	char name[KERN_NAME_MAX];
	struct snap_entry *e;
	__u32 *maps;
	int err = kern_prog_info_maps(fd, &info, &maps);

	if (!err || err == -ENODEV) {
		kern_prog_name(fd, &info, name, sizeof(name));
		e = snap_add(s, SNAP_PROG, name, info.id);
		put_type(e, SNAP_PROG_TYPE, kern_prog_type_name(info.type), info.type);
		/* Of one whose device is gone, no more is known. */
		if (!err)
			put_prog(e, &info);
		put_maps(s, e, maps, info.nr_map_ids);
		err = 0;
	}
	free(maps);
	return err;
}

/* Maps */

static void put_fdinfo(struct snap_entry *e, int fd)
{
	char *text = kern_fdinfo_text(fd), value[32];

	if (text && kern_fdinfo_value(text, "frozen", value, sizeof(value)))
		snap_fact(e, SNAP_MAP_FROZEN, "%u", strtoul(value, NULL, 0) != 0);
	if (text && kern_fdinfo_value(text, "map_extra", value, sizeof(value)))
		snap_fact(e, SNAP_MAP_EXTRA, "%s", value);
	free(text);
}

static int take_map(struct snapshot *s, int fd)
{
	struct bpf_map_info info;
	char name[KERN_NAME_MAX];
	struct snap_entry *e;
	int err = kern_map_info(fd, &info);

	if (err)
		return err;
	kern_map_name(&info, name, sizeof(name));
	e = snap_add(s, SNAP_MAP, name, info.id);
	put_type(e, SNAP_MAP_TYPE, kern_map_type_name(info.type), info.type);
	snap_fact(e, SNAP_MAP_KEY, "%u", info.key_size);
	snap_fact(e, SNAP_MAP_VALUE, "%u", info.value_size);
	snap_fact(e, SNAP_MAP_ENTRIES, "%u", info.max_entries);
	snap_fact(e, SNAP_MAP_FLAGS, "0x%x", info.map_flags);
	put_fdinfo(e, fd);
	return 0;
}

/* All of a kind, in the order of their IDs. */
static int take_all(struct snapshot *s, enum object_kind kind,
		    int (*take)(struct snapshot *s, int fd), struct diags *d)
{
	struct object_walk w = { .kind = kind };
	int fd, err = 0;

	while (!err && !interrupted() && (fd = kern_next_object(&w)) >= 0) {
		err = take(s, fd);
		close(fd);
	}
	if (interrupted())
		return -1;
	if (err)
		return kern_error(d, s->at, -err, "read %s %u", object_names[kind], w.id);
	if (w.err_id)
		return kern_call_error(d, s->at, KERN_LISTING, -w.err, "open %s %u",
				       object_names[kind], w.err_id);
	return w.err ? kern_call_error(d, s->at, KERN_LISTING, -w.err, "list all %ss",
				       object_names[kind]) : 0;
}

/* Pins */

static int take_pin(void *arg, const struct pin *pin)
{
	struct snapshot *s = arg;
	struct snap_entry *e = snap_add(s, SNAP_PIN, pin->path, pin->kind < OBJ_KINDS ? pin->id : 0);
	const struct snap_entry *object = NULL;

	if (pin->kind >= OBJ_KINDS)
		return 0;
	snap_fact(e, SNAP_PIN_OBJECT, "%s", object_names[pin->kind]);
	if (pin->kind == OBJ_PROG)
		object = snap_by_id(&s->lists[SNAP_PROG], pin->id);
	if (object && object->facts[SNAP_PROG_TAG])
		snap_fact(e, SNAP_PIN_TAG, "%s", object->facts[SNAP_PROG_TAG]);
	if (pin->kind == OBJ_MAP)
		object = snap_by_id(&s->lists[SNAP_MAP], pin->id);
	if (pin->kind == OBJ_LINK)
		object = snap_by_id(&s->lists[SNAP_LINK], pin->id);
	if (object)
		snap_fact(e, SNAP_PIN_NAME, "%s", object->name);
	return 0;
}

/* Settings */

static const char *const settings[] = {
	"kernel.osrelease", "kernel.bpf_stats_enabled", "kernel.unprivileged_bpf_disabled",
	"net.core.bpf_jit_enable", "net.core.bpf_jit_harden", "net.core.bpf_jit_kallsyms",
	"net.core.bpf_jit_limit",
};

/* What this kernel lacks, or shows to the first network namespace alone, is left out. */
static void take_setting(struct snapshot *s, const char *name)
{
	char *path = xasprintf("/proc/sys/%s", name);
	struct buf text = BUF_INIT;

	for (char *p = path; *p; p++)
		*p = *p == '.' ? '/' : *p;
	if (!file_read(path, &text, 256)) {
		while (text.len && text.data[text.len - 1] == '\n')
			text.len--;
		snap_fact(snap_add(s, SNAP_SETTING, name, 0), SNAP_SETTING_VALUE, "%.*s", (int)text.len,
			  text.len ? text.data : "");
	}
	buf_free(&text);
	free(path);
}

int snapshot_take(struct snapshot *s, struct diags *d)
{
	/* Programs name their maps, links their programs, pins all of them. */
	if (take_all(s, OBJ_MAP, take_map, d) || take_all(s, OBJ_PROG, take_prog, d) ||
	    snap_take_hooks(s, d))
		return -1;
	kern_pins(take_pin, s);
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		take_setting(s, settings[i]);
	return interrupted() ? -1 : 0;
}
