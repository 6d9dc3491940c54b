// SPDX-License-Identifier: BSD-2-Clause
/* A type of BTF in lines and as a JSON object, by tables of its kinds. */
#include <bpf/btf.h>
#include <string.h>

#include "render/btf/btf_raw.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/number.h"
#include "shell/base/text.h"

/* A type that is being written: "key=value" behind blanks, or members of a JSON object. */
struct writer {
	struct buf *out;
	const struct btf *btf;
	bool json, escape;
	bool fresh;		/* nothing stands before the next field */
};

static const char *const kind_names[] = {
	[BTF_KIND_UNKN] = "UNKNOWN",
	[BTF_KIND_INT] = "INT",
	[BTF_KIND_PTR] = "PTR",
	[BTF_KIND_ARRAY] = "ARRAY",
	[BTF_KIND_STRUCT] = "STRUCT",
	[BTF_KIND_UNION] = "UNION",
	[BTF_KIND_ENUM] = "ENUM",
	[BTF_KIND_FWD] = "FWD",
	[BTF_KIND_TYPEDEF] = "TYPEDEF",
	[BTF_KIND_VOLATILE] = "VOLATILE",
	[BTF_KIND_CONST] = "CONST",
	[BTF_KIND_RESTRICT] = "RESTRICT",
	[BTF_KIND_FUNC] = "FUNC",
	[BTF_KIND_FUNC_PROTO] = "FUNC_PROTO",
	[BTF_KIND_VAR] = "VAR",
	[BTF_KIND_DATASEC] = "DATASEC",
	[BTF_KIND_FLOAT] = "FLOAT",
	[BTF_KIND_DECL_TAG] = "DECL_TAG",
	[BTF_KIND_TYPE_TAG] = "TYPE_TAG",
	[BTF_KIND_ENUM64] = "ENUM64",
};

static const char *kind_name(const struct btf_type *t)
{
	return btf_kind(t) < ARRAY_SIZE(kind_names) ? kind_names[btf_kind(t)] : kind_names[0];
}

static const char *name_at(const struct btf *btf, uint32_t offset)
{
	const char *name = offset ? btf__str_by_offset(btf, offset) : "(anon)";

	return name ? name : "(invalid)";
}

static const char *int_encoding(uint32_t encoding)
{
	switch (encoding) {
	case 0:
		return "(none)";
	case BTF_INT_SIGNED:
		return "SIGNED";
	case BTF_INT_CHAR:
		return "CHAR";
	case BTF_INT_BOOL:
		return "BOOL";
	}
	return "UNKN";
}

/* BTF_VAR_* and BTF_FUNC_* are the same numbers for the same linkages. */
static const char *linkage_name(uint32_t linkage)
{
	static const char *const names[] = {
		[BTF_FUNC_STATIC] = "static",
		[BTF_FUNC_GLOBAL] = "global",
		[BTF_FUNC_EXTERN] = "extern",
	};

	return linkage < ARRAY_SIZE(names) ? names[linkage] : "(unknown)";
}

/* What stands before a value: " size=" or ,"size": */
static void put_key(struct writer *w, const char *key)
{
	if (!w->fresh)
		buf_putc(w->out, w->json ? ',' : ' ');
	w->fresh = false;
	if (w->json)
		buf_putc(w->out, '"');
	buf_puts(w->out, key);
	buf_puts(w->out, w->json ? "\":" : "=");
}

static void add_unsigned(struct buf *out, uint64_t v)
{
	char *start = buf_reserve(out, NUMBER_MAX);

	buf_commit(out, number_unsigned(start, v) - start);
}

static void put_unsigned(struct writer *w, const char *key, uint64_t v)
{
	put_key(w, key);
	add_unsigned(w->out, v);
}

static void put_signed(struct writer *w, const char *key, int64_t v)
{
	put_key(w, key);
	if (v < 0)
		buf_putc(w->out, '-');
	add_unsigned(w->out, v < 0 ? -(uint64_t)v : v);
}

/* A word that is known here, and needs no escapes. */
static void put_word(struct writer *w, const char *key, const char *word)
{
	put_key(w, key);
	if (w->json)
		buf_putc(w->out, '"');
	buf_puts(w->out, word);
	if (w->json)
		buf_putc(w->out, '"');
}

static void put_quoted(struct writer *w, uint32_t name_off)
{
	const char *name = name_at(w->btf, name_off);

	buf_putc(w->out, '\'');
	if (w->escape)
		buf_escaped(w->out, name, strlen(name));
	else
		buf_puts(w->out, name);
	buf_putc(w->out, '\'');
}

static void put_name(struct writer *w, uint32_t name_off)
{
	const char *name = name_at(w->btf, name_off);

	if (w->json) {
		put_key(w, "name");
		buf_json_string(w->out, name, strlen(name));
	} else {
		put_quoted(w, name_off);
	}
	w->fresh = false;
}

/* Lists: in plain each entry is a line of its own, without an end. */

static void begin_list(struct writer *w, const char *key)
{
	if (!w->json)
		return;
	put_key(w, key);
	buf_putc(w->out, '[');
}

static void begin_entry(struct writer *w, uint32_t i)
{
	buf_puts(w->out, !w->json ? "\n\t" : i ? ",{" : "{");
	w->fresh = true;
}

static void end_entry(struct writer *w)
{
	if (w->json)
		buf_putc(w->out, '}');
}

static void end_list(struct writer *w)
{
	if (w->json)
		buf_putc(w->out, ']');
	w->fresh = false;
}

static void put_int(struct writer *w, const struct btf_type *t)
{
	put_unsigned(w, "size", t->size);
	put_unsigned(w, "bits_offset", btf_int_offset(t));
	put_unsigned(w, "nr_bits", btf_int_bits(t));
	put_word(w, "encoding", int_encoding(btf_int_encoding(t)));
}

static void put_array(struct writer *w, const struct btf_type *t)
{
	const struct btf_array *a = btf_array(t);

	put_unsigned(w, "type_id", a->type);
	put_unsigned(w, "index_type_id", a->index_type);
	put_unsigned(w, "nr_elems", a->nelems);
}

static void put_members(struct writer *w, const struct btf_type *t)
{
	const struct btf_member *m = btf_members(t);

	put_unsigned(w, "size", t->size);
	put_unsigned(w, "vlen", btf_vlen(t));
	begin_list(w, "members");
	for (uint32_t i = 0; i < btf_vlen(t); i++, m++) {
		begin_entry(w, i);
		put_name(w, m->name_off);
		put_unsigned(w, "type_id", m->type);
		put_unsigned(w, "bits_offset", btf_member_bit_offset(t, i));
		if (btf_member_bitfield_size(t, i))
			put_unsigned(w, "bitfield_size", btf_member_bitfield_size(t, i));
		end_entry(w);
	}
	end_list(w);
}

static void put_value(struct writer *w, const struct btf_type *t, uint32_t i)
{
	bool wide = btf_is_enum64(t);
	int64_t value = wide ? (int64_t)btf_enum64_value(&btf_enum64(t)[i]) : btf_enum(t)[i].val;

	put_name(w, wide ? btf_enum64(t)[i].name_off : btf_enum(t)[i].name_off);
	if (btf_kflag(t))
		put_signed(w, "val", value);
	else
		put_unsigned(w, "val", wide ? (uint64_t)value : (uint32_t)value);
	if (wide && !w->json)
		buf_puts(w->out, btf_kflag(t) ? "LL" : "ULL");
}

static void put_values(struct writer *w, const struct btf_type *t)
{
	put_word(w, "encoding", btf_kflag(t) ? "SIGNED" : "UNSIGNED");
	put_unsigned(w, "size", t->size);
	put_unsigned(w, "vlen", btf_vlen(t));
	begin_list(w, "values");
	for (uint32_t i = 0; i < btf_vlen(t); i++) {
		begin_entry(w, i);
		put_value(w, t, i);
		end_entry(w);
	}
	end_list(w);
}

static void put_params(struct writer *w, const struct btf_type *t)
{
	const struct btf_param *p = btf_params(t);

	put_unsigned(w, "ret_type_id", t->type);
	put_unsigned(w, "vlen", btf_vlen(t));
	begin_list(w, "params");
	for (uint32_t i = 0; i < btf_vlen(t); i++, p++) {
		begin_entry(w, i);
		put_name(w, p->name_off);
		put_unsigned(w, "type_id", p->type);
		end_entry(w);
	}
	end_list(w);
}

/* In plain, what a section's entry is, as far as there is such a type. */
static void put_target(struct writer *w, uint32_t id)
{
	const struct btf_type *t = btf__type_by_id(w->btf, id);

	if (w->json || !t)
		return;
	buf_printf(w->out, " (%s ", kind_name(t));
	put_quoted(w, t->name_off);
	buf_putc(w->out, ')');
}

static void put_vars(struct writer *w, const struct btf_type *t)
{
	const struct btf_var_secinfo *v = btf_var_secinfos(t);

	put_unsigned(w, "size", t->size);
	put_unsigned(w, "vlen", btf_vlen(t));
	begin_list(w, "vars");
	for (uint32_t i = 0; i < btf_vlen(t); i++, v++) {
		begin_entry(w, i);
		put_unsigned(w, "type_id", v->type);
		put_unsigned(w, "offset", v->offset);
		put_unsigned(w, "size", v->size);
		put_target(w, v->type);
		end_entry(w);
	}
	end_list(w);
}

static void put_var(struct writer *w, const struct btf_type *t)
{
	put_unsigned(w, "type_id", t->type);
	if (!w->json)
		buf_putc(w->out, ',');
	put_word(w, "linkage", linkage_name(btf_var(t)->linkage));
}

static void put_func(struct writer *w, const struct btf_type *t)
{
	put_unsigned(w, "type_id", t->type);
	put_word(w, "linkage", linkage_name(btf_vlen(t)));
}

static void put_decl_tag(struct writer *w, const struct btf_type *t)
{
	put_unsigned(w, "type_id", t->type);
	put_signed(w, "component_idx", btf_decl_tag(t)->component_idx);
}

static void put_fwd(struct writer *w, const struct btf_type *t)
{
	put_word(w, "fwd_kind", btf_kflag(t) ? "union" : "struct");
}

static void put_size(struct writer *w, const struct btf_type *t)
{
	put_unsigned(w, "size", t->size);
}

static void put_reference(struct writer *w, const struct btf_type *t)
{
	put_unsigned(w, "type_id", t->type);
}

/* What follows kind and name. */
static void (*const bodies[])(struct writer *w, const struct btf_type *t) = {
	[BTF_KIND_INT] = put_int,
	[BTF_KIND_PTR] = put_reference,
	[BTF_KIND_ARRAY] = put_array,
	[BTF_KIND_STRUCT] = put_members,
	[BTF_KIND_UNION] = put_members,
	[BTF_KIND_ENUM] = put_values,
	[BTF_KIND_FWD] = put_fwd,
	[BTF_KIND_TYPEDEF] = put_reference,
	[BTF_KIND_VOLATILE] = put_reference,
	[BTF_KIND_CONST] = put_reference,
	[BTF_KIND_RESTRICT] = put_reference,
	[BTF_KIND_FUNC] = put_func,
	[BTF_KIND_FUNC_PROTO] = put_params,
	[BTF_KIND_VAR] = put_var,
	[BTF_KIND_DATASEC] = put_vars,
	[BTF_KIND_FLOAT] = put_size,
	[BTF_KIND_DECL_TAG] = put_decl_tag,
	[BTF_KIND_TYPE_TAG] = put_reference,
	[BTF_KIND_ENUM64] = put_values,
};

static void put_body(struct writer *w, const struct btf_type *t)
{
	if (btf_kind(t) < ARRAY_SIZE(bodies) && bodies[btf_kind(t)])
		bodies[btf_kind(t)](w, t);
}

void btf_raw_plain(struct buf *out, const struct btf *btf, uint32_t id, bool escape)
{
	struct writer w = { .out = out, .btf = btf, .escape = escape };
	const struct btf_type *t = btf__type_by_id(btf, id);

	buf_putc(out, '[');
	add_unsigned(out, id);
	buf_puts(out, "] ");
	buf_puts(out, kind_name(t));
	buf_putc(out, ' ');
	put_name(&w, t->name_off);
	put_body(&w, t);
	buf_putc(out, '\n');
}

void btf_raw_json(struct buf *out, const struct btf *btf, uint32_t id)
{
	struct writer w = { .out = out, .btf = btf, .json = true, .fresh = true };
	const struct btf_type *t = btf__type_by_id(btf, id);

	buf_putc(out, '{');
	put_unsigned(&w, "id", id);
	put_word(&w, "kind", kind_name(t));
	put_name(&w, t->name_off);
	put_body(&w, t);
	buf_putc(out, '}');
}

static void cell_lines(struct buf *out, const void *what, unsigned how)
{
	const struct btf_raw *type = what;

	btf_raw_plain(out, type->btf, type->id, how & DRAW_ESCAPED);
}

static void cell_object(struct buf *out, const void *what, unsigned how)
{
	const struct btf_raw *type = what;

	btf_raw_json(out, type->btf, type->id);
}

struct cell btf_raw_cell(const struct btf_raw *type)
{
	static const struct drawing drawing = { cell_lines, cell_object, false };

	return CELL(.kind = CELL_DRAWN, .drawn = { &drawing, type });
}
