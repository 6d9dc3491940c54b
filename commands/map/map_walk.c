// SPDX-License-Identifier: BSD-2-Clause
/* What a walk over a map's elements came to, and whether there are any. */
#include <errno.h>
#include <stdlib.h>

#include "commands/map/map.h"
#include "shell/base/alloc.h"
#include "shell/base/diag.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/map.h"

bool map_is_empty(const struct handle *map)
{
	char *key = xcalloc(1, map->map.key_size);
	bool empty = map->fd >= 0 && kern_map_next(map->fd, NULL, key) == -ENOENT;

	free(key);
	return empty;
}

int map_walked(struct ctx *ctx, const struct handle *map, int err)
{
	if (err == -KERN_ECHANGED) {
		diag_note(ctx->diags, NO_SPAN, "map '%s' changed during this: the kernel may have "
			  "stepped over elements beside those that changed", map->title);
		return 0;
	}
	if (err < 0 && err != -1 && err != -EINTR)
		kern_map_error(ctx->diags, ctx->span, "dump", map, -err);
	return err ? -1 : 0;
}
