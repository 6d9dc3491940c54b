// SPDX-License-Identifier: BSD-2-Clause
/* Counted handles of kernel objects. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/kern/handle.h"
#include "shell/kern/maptypes.h"

const char *const object_names[OBJ_KINDS] = {
	[OBJ_PROG] = "program",
	[OBJ_MAP] = "map",
	[OBJ_LINK] = "link",
	[OBJ_BTF] = "BTF object",
};

const char *const object_words[OBJ_KINDS] = {
	[OBJ_PROG] = "prog", [OBJ_MAP] = "map", [OBJ_LINK] = "link", [OBJ_BTF] = "btf",
};

struct handle *handle_new(enum object_kind kind, int fd, __u32 id, const char *name)
{
	struct handle *h = xcalloc(1, sizeof(*h));

	h->kind = kind;
	h->fd = fd;
	h->refs = 1;
	h->id = id;
	h->name = xstrdup(name);
	h->title = *name || !id ? xstrdup(*name ? name : "(new)") : xasprintf("%u", id);
	return h;
}

struct handle *handle_get(struct handle *h)
{
	h->refs++;
	return h;
}

void handle_put(struct handle *h)
{
	if (!h || --h->refs)
		return;
	if (h->prev)
		*h->prev = h->next;
	if (h->next)
		h->next->prev = h->prev;
	map_types_free(h->types);
	if (h->fd >= 0)
		close(h->fd);
	free(h->name);
	free(h->title);
	free(h);
}

/* A descriptor for reading only is not as good as one for writing. */
static int access_mode(int fd)
{
	return fcntl(fd, F_GETFL) & O_ACCMODE;
}

struct handle *handle_share(struct handle **list, struct handle *h)
{
	for (struct handle *old = *list; old; old = old->next) {
		if (old->kind == h->kind && old->id == h->id &&
		    access_mode(old->fd) == access_mode(h->fd)) {
			handle_put(h);
			return handle_get(old);
		}
	}
	h->next = *list;
	if (h->next)
		h->next->prev = &h->next;
	h->prev = list;
	*list = h;
	return h;
}
