// SPDX-License-Identifier: BSD-2-Clause
/* What operations on elements share: what is lost, what values hold, who changed them. */
#include <string.h>

#include "render/typed/typed.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/wire.h"
#include "shell/kern/handle.h"
#include "shell/kern/map.h"
#include "shell/kern/map_traits.h"
#include "shell/kern/maptypes.h"
#include "shell/kern/object.h"
#include "shell/op/describe.h"
#include "shell/op/element.h"

enum undo_class map_undo_class(struct handle *map, const char **why)
{
	const struct map_traits *traits = map_traits(map->map.type);

	*why = traits->lost;
	if (*why)
		return traits->is & MAP_EVICTS ? UNDO_LOSSY : UNDO_NONE;
	if (map_format(map)->value && typed_has_special(map_format(map)->value)) {
		*why = "timers, locks and kernel pointers in the value are reset";
		return UNDO_LOSSY;
	}
	return UNDO_FULL;
}

void map_target(struct buf *out, const struct handle *map)
{
	buf_puts(out, "map ");
	wire_put_u32(out, map->id);
}

/* Where the values of a per-CPU map first differ, in CPUs. */
static __u32 first_difference(const struct element_format *f, const char *a, const char *b)
{
	__u32 cpu = 0;

	while (a && b && cpu + 1 < f->cpus &&
	       !memcmp(a + cpu * element_stride(f), b + cpu * element_stride(f), f->value_size))
		cpu++;
	return cpu;
}

void say_conflict(struct diags *d, struct span at, struct handle *map, const char *key,
		  const char *now, const char *expected)
{
	const struct element_format *f = map_format(map);
	__u32 cpu = first_difference(f, now, expected);
	size_t skip = cpu * element_stride(f);
	struct buf text = BUF_INIT;

	describe_handle(&text, map);
	buf_putc(&text, ' ');
	describe_key(&text, map, key);
	buf_puts(&text, now ? " is " : " is gone, expected ");
	if (now)
		describe_value(&text, map, now + skip);
	if (now)
		buf_puts(&text, expected ? ", expected " : ", expected none");
	if (expected)
		describe_value(&text, map, expected + skip);
	if (f->cpus)
		buf_printf(&text, " on CPU %u", cpu);
	diag_error(d, at, "%s: left alone", buf_str(&text));
	diag_hint(d, "somebody else changed it during the transaction");
	buf_free(&text);
}
