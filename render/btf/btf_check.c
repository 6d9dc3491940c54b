// SPDX-License-Identifier: BSD-2-Clause
/* IDs, names and circles of BTF, looked at before libbpf follows them. */
#include <bpf/btf.h>
#include <stdint.h>

#include "render/btf/btf_check.h"
#include "shell/base/buf.h"

struct checker {
	const struct btf *btf;
	uint32_t nr_types, id;		/* @id: of the type that is looked at */
	struct buf *why;
};

static bool check_id(struct checker *c, uint32_t id)
{
	if (id < c->nr_types)
		return true;
	buf_printf(c->why, "type %u refers to type %u, which is not there", c->id, id);
	return false;
}

static bool check_name(struct checker *c, uint32_t offset)
{
	if (btf__str_by_offset(c->btf, offset))
		return true;
	buf_printf(c->why, "type %u has a name that is not there", c->id);
	return false;
}

static bool check_members(struct checker *c, const struct btf_type *t)
{
	const struct btf_member *m = btf_members(t);

	for (uint32_t i = 0; i < btf_vlen(t); i++)
		if (!check_name(c, m[i].name_off) || !check_id(c, m[i].type))
			return false;
	return true;
}

static bool check_params(struct checker *c, const struct btf_type *t)
{
	const struct btf_param *p = btf_params(t);

	for (uint32_t i = 0; i < btf_vlen(t); i++)
		if (!check_name(c, p[i].name_off) || !check_id(c, p[i].type))
			return false;
	return check_id(c, t->type);
}

static bool check_values(struct checker *c, const struct btf_type *t)
{
	for (uint32_t i = 0; i < btf_vlen(t); i++)
		if (!check_name(c, btf_is_enum64(t) ? btf_enum64(t)[i].name_off :
				   btf_enum(t)[i].name_off))
			return false;
	return true;
}

static bool check_vars(struct checker *c, const struct btf_type *t)
{
	const struct btf_var_secinfo *v = btf_var_secinfos(t);

	for (uint32_t i = 0; i < btf_vlen(t); i++)
		if (!check_id(c, v[i].type))
			return false;
	return true;
}

static bool check_type(struct checker *c, const struct btf_type *t)
{
	switch (btf_kind(t)) {
	case BTF_KIND_PTR:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_FUNC:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
	case BTF_KIND_TYPE_TAG:
		return check_id(c, t->type);
	case BTF_KIND_ARRAY:
		return check_id(c, btf_array(t)->type) && check_id(c, btf_array(t)->index_type);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return check_members(c, t);
	case BTF_KIND_FUNC_PROTO:
		return check_params(c, t);
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return check_values(c, t);
	case BTF_KIND_DATASEC:
		return check_vars(c, t);
	}
	return true;
}

/* Names, qualifiers and tags of a type that stand before another; the kernel follows no more. */
#define CHAIN_MAX 32

/* Whether what @t stands for is found: readers go from one to the next until it is. */
static bool check_chain(struct checker *c, const struct btf_type *t)
{
	for (int i = 0; i < CHAIN_MAX; i++) {
		if (!t || !(btf_is_mod(t) || btf_is_typedef(t)))
			return true;
		t = btf__type_by_id(c->btf, t->type);
	}
	buf_printf(c->why, "type %u leads from name to name without end", c->id);
	return false;
}

bool btf_check(const struct btf *btf, struct buf *why)
{
	struct checker c = { .btf = btf, .nr_types = btf__type_cnt(btf), .why = why };

	for (c.id = 1; c.id < c.nr_types; c.id++) {
		const struct btf_type *t = btf__type_by_id(btf, c.id);

		if (!check_name(&c, t->name_off) || !check_type(&c, t) || !check_chain(&c, t))
			return false;
	}
	return true;
}
