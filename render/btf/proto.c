// SPDX-License-Identifier: BSD-2-Clause
/* Names and prototypes of functions, in bpftool's spelling. */
#include <bpf/btf.h>
#include <string.h>

#include "render/btf/proto.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/text.h"

/* BTF may refer to itself: no honest type is nested deeper. */
#define DEPTH_MAX 32

static void put_name(struct buf *out, const struct btf *btf, uint32_t offset)
{
	const char *s = btf__str_by_offset(btf, offset);

	if (s && *s)
		buf_escaped(out, s, strlen(s));
	else
		buf_puts(out, "(anon)");
}

static void put_type(struct buf *out, const struct btf *btf, uint32_t id, int depth);

/* Without its name a parameter would end in a blank. */
static void drop_blank(struct buf *out)
{
	if (out->len && out->data[out->len - 1] == ' ')
		out->len--;
}

static void put_params(struct buf *out, const struct btf *btf, const struct btf_type *proto,
		       int depth)
{
	const struct btf_param *p = btf_params(proto);

	buf_putc(out, '(');
	for (int i = 0; i < btf_vlen(proto); i++, p++) {
		const char *name = btf__str_by_offset(btf, p->name_off);

		if (i)
			buf_puts(out, ", ");
		if (!p->type) {
			buf_puts(out, "...");
			continue;
		}
		put_type(out, btf, p->type, depth);
		if (name && *name)
			buf_escaped(out, name, strlen(name));
		else
			drop_blank(out);
	}
	buf_putc(out, ')');
}

static const char *tag_keyword(const struct btf_type *t)
{
	switch (btf_kind(t)) {
	case BTF_KIND_STRUCT:
		return "struct ";
	case BTF_KIND_UNION:
		return "union ";
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return "enum ";
	case BTF_KIND_FWD:
		return btf_kflag(t) ? "union " : "struct ";
	case BTF_KIND_CONST:
		return "const ";
	case BTF_KIND_VOLATILE:
		return "volatile ";
	case BTF_KIND_RESTRICT:
		return "restrict ";
	}
	return "";
}

/* Writes a type and a blank. */
static void put_type(struct buf *out, const struct btf *btf, uint32_t id, int depth)
{
	const struct btf_type *t = id ? btf__type_by_id(btf, id) : NULL;

	if (!id) {
		buf_puts(out, "void ");
		return;
	}
	if (!t || depth > DEPTH_MAX) {
		buf_puts(out, "? ");
		return;
	}
	buf_puts(out, tag_keyword(t));
	switch (btf_kind(t)) {
	case BTF_KIND_CONST:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
		put_type(out, btf, t->type, depth + 1);
		break;
	case BTF_KIND_PTR:
		put_type(out, btf, t->type, depth + 1);
		buf_puts(out, "* ");
		break;
	case BTF_KIND_ARRAY:
		put_type(out, btf, btf_array(t)->type, depth + 1);
		buf_printf(out, "[%u] ", btf_array(t)->nelems);
		break;
	case BTF_KIND_FUNC_PROTO:
		put_type(out, btf, t->type, depth + 1);
		put_params(out, btf, t, depth + 1);
		buf_putc(out, ' ');
		break;
	default:
		put_name(out, btf, t->name_off);
		buf_putc(out, ' ');
	}
}

static const struct btf_type *func_type(const struct btf *btf, uint32_t type_id)
{
	const struct btf_type *t = type_id ? btf__type_by_id(btf, type_id) : NULL;

	return t && btf_is_func(t) ? t : NULL;
}

char *btf_func_name(const struct btf *btf, uint32_t type_id)
{
	const struct btf_type *t = func_type(btf, type_id);
	struct buf name = BUF_INIT;

	if (!t)
		return NULL;
	put_name(&name, btf, t->name_off);
	return buf_detach(&name);
}

char *btf_func_proto(const struct btf *btf, uint32_t type_id)
{
	const struct btf_type *t = func_type(btf, type_id), *proto;
	struct buf out = BUF_INIT;

	proto = btf__type_by_id(btf, t ? t->type : type_id);
	if (!proto || !btf_is_func_proto(proto))
		return NULL;
	put_type(&out, btf, proto->type, 0);
	if (t)
		put_name(&out, btf, t->name_off);
	put_params(&out, btf, proto, 0);
	return buf_detach(&out);
}
