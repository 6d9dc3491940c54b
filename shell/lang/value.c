// SPDX-License-Identifier: BSD-2-Clause
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "shell/kern/maptypes.h"
#include "shell/lang/value.h"

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

struct value value_copy(const struct value *v)
{
	struct value copy = *v;

	switch (v->kind) {
	case VALUE_STR:
		copy.str = xstrdup(v->str);
		break;
	case VALUE_BYTES:
		copy.bytes.data = xmemdup(v->bytes.data, v->bytes.len);
		copy.bytes.fd = 0;
		break;
	case VALUE_JSON:
		copy.json = jv_copy(v->json);
		break;
	case VALUE_HANDLE:
		handle_get(v->handle);
		break;
	case VALUE_HANDLES:
		copy.handles.list = xmemdup(v->handles.list, v->handles.nr * sizeof(*v->handles.list));
		for (size_t i = 0; i < v->handles.nr; i++)
			handle_get(v->handles.list[i]);
		break;
	case VALUE_LIST:
		copy.values.list = xcalloc(v->values.nr, sizeof(*v->values.list));
		for (size_t i = 0; i < v->values.nr; i++)
			copy.values.list[i] = value_copy(&v->values.list[i]);
		break;
	case VALUE_NONE:
	case VALUE_NUM:
	case VALUE_WORDS:
	case VALUE_BLOCK:
		break;
	}
	return copy;
}

void value_free(struct value *v)
{
	switch (v->kind) {
	case VALUE_STR:
		free(v->str);
		break;
	case VALUE_BYTES:
		free(v->bytes.data);
		if (v->bytes.fd > 0)
			close(v->bytes.fd);
		break;
	case VALUE_JSON:
		jv_free(v->json);
		break;
	case VALUE_HANDLE:
		handle_put(v->handle);
		break;
	case VALUE_HANDLES:
		for (size_t i = 0; i < v->handles.nr; i++)
			handle_put(v->handles.list[i]);
		free(v->handles.list);
		break;
	case VALUE_LIST:
		for (size_t i = 0; i < v->values.nr; i++)
			value_free(&v->values.list[i]);
		free(v->values.list);
		break;
	case VALUE_NONE:
	case VALUE_NUM:
	case VALUE_WORDS:
	case VALUE_BLOCK:
		break;
	}
	*v = (struct value){ .kind = VALUE_NONE };
}
