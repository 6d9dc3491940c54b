// SPDX-License-Identifier: BSD-2-Clause
/* What arguments and variables hold, copied and freed. */
#include <stdlib.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/lang/value.h"

struct value value_copy(const struct value *v)
{
	struct value copy = *v;

	switch (v->kind) {
	case VALUE_STR:
		copy.str = xstrdup(v->str);
		break;
	case VALUE_BYTES:
		copy.bytes.data = xmemdup(v->bytes.data, v->bytes.len);
		copy.bytes.mask = v->bytes.mask ? xmemdup(v->bytes.mask, v->bytes.len) : NULL;
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
		free(v->bytes.mask);
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
