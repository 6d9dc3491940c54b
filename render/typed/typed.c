// SPDX-License-Identifier: BSD-2-Clause
/* BTF types compiled to plans: everything that can be wrong with a type is found here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/typed/typed_plan.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/search.h"
#include "shell/base/text.h"

/* A plan may print this many values whatever its size, and so many more a byte. */
#define VALUES_MIN (1 << 16)
#define VALUES_PER_BYTE 16

#define NODE_OPEN UINT32_MAX

/* Lengths of texts that no value exceeds, as printed in any style. */
enum {
	WIDTH_BOOL = 5,		/* of one byte */
	WIDTH_CHAR = 8,
};

struct compiler {
	struct typed *t;
	struct diags *d;
	uint32_t *memo;		/* by type id: node + 1, or NODE_OPEN while it is compiled */
	uint32_t nr_types;
};

/* Structs that the kernel keeps to itself inside map values (its own list is btf_field_type). */
static const char *const special_structs[] = {
	"bpf_spin_lock", "bpf_res_spin_lock", "bpf_timer", "bpf_wq", "bpf_task_work",
	"bpf_list_head", "bpf_list_node", "bpf_rb_root", "bpf_rb_node", "bpf_refcount",
};

/* Tags of pointers that are objects held by the map. */
static const char *const kptr_tags[] = { "kptr", "kptr_untrusted", "percpu_kptr" };

static int compile(struct compiler *c, uint32_t type_id, int depth);

static const char *name_of(const struct btf *btf, uint32_t name_off)
{
	const char *name = btf__name_by_offset(btf, name_off);

	return name ? name : "";
}

static bool in_list(const char *word, const char *const *list, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (!strcmp(word, list[i]))
			return true;
	return false;
}

static uint64_t add_sat(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static uint64_t mul_sat(uint64_t a, uint64_t b)
{
	uint64_t product;

	return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

/* Queues the error that type @type_id deserves. */
static int bad_type(struct compiler *c, uint32_t type_id, const char *why)
{
	struct buf name = BUF_INIT, shown = BUF_INIT;

	btf_type_text(&name, c->t->btf, type_id);
	buf_escaped(&shown, buf_str(&name), name.len);
	diag_error(c->d, NO_SPAN, "cannot use BTF type '%s' (id %u): %s", buf_str(&shown), type_id,
		   why);
	buf_free(&name);
	buf_free(&shown);
	return -1;
}

static struct text pool_add(struct typed *t, const char *s, size_t len)
{
	struct text text = { t->pool.len, len };

	buf_add(&t->pool, s, len);
	return text;
}

/* A name as it is; a NUL that does not count follows. */
static struct text pool_name(struct typed *t, const char *name)
{
	struct text text = pool_add(t, name, strlen(name));

	buf_putc(&t->pool, '\0');
	return text;
}

/* @before"name"@after with JSON's escapes. */
static struct text pool_quoted(struct typed *t, const char *before, const char *name,
			       const char *after)
{
	struct text text = { t->pool.len };

	buf_puts(&t->pool, before);
	buf_json_string(&t->pool, name, strlen(name));
	buf_puts(&t->pool, after);
	text.len = t->pool.len - text.at;
	return text;
}

/* Follows typedefs, qualifiers and tags; NULL where the BTF is damaged. */
static const struct btf_type *resolve(const struct btf *btf, uint32_t *type_id)
{
	int i;

	for (i = 0; i < TYPED_DEPTH_MAX; i++) {
		const struct btf_type *type = btf__type_by_id(btf, *type_id);

		if (!type || !(btf_is_mod(type) || btf_is_typedef(type)))
			return type;
		*type_id = type->type;
	}
	return NULL;
}

static bool is_char(const struct btf *btf, const struct btf_type *type)
{
	return type && btf_is_int(type) && type->size == 1 &&
	       ((btf_int_encoding(type) & BTF_INT_CHAR) ||
		!strcmp(name_of(btf, type->name_off), "char"));
}

/* The kinds of whole integers, by size and sign. */
static int int_kind(uint32_t size, bool is_signed)
{
	switch (size) {
	case 1:
		return is_signed ? NODE_S8 : NODE_U8;
	case 2:
		return is_signed ? NODE_S16 : NODE_U16;
	case 4:
		return is_signed ? NODE_S32 : NODE_U32;
	case 8:
		return is_signed ? NODE_S64 : NODE_U64;
	case 16:
		return NODE_WIDE;
	default:
		return -1;
	}
}

static uint64_t int_width(uint32_t size)
{
	return size == 1 ? 4 : size == 2 ? 6 : size == 4 ? 11 : size == 8 ? 20 : WIDTH_BITS;
}

static int compile_int(struct compiler *c, struct node *n, const struct btf_type *type)
{
	unsigned int encoding = btf_int_encoding(type), bits = btf_int_bits(type);
	unsigned int bit = btf_int_offset(type);
	int kind;

	n->is_signed = encoding & BTF_INT_SIGNED;
	n->text = is_char(c->t->btf, type);
	kind = int_kind(type->size, n->is_signed);
	if (kind < 0 || !bits || bit + bits > 8 * type->size)
		return bad_type(c, n->type_id, "an integer of odd size");
	n->width = int_width(type->size);
	n->kind = kind;
	if (bits != 8 * type->size) {
		n->kind = NODE_BITS;
		n->bit = bit;
		n->bits = bits;
		n->width = WIDTH_BITS;
	} else if ((encoding & BTF_INT_BOOL) && type->size <= 8) {
		n->kind = NODE_BOOL;
		n->width = type->size > 1 ? n->width : WIDTH_BOOL;
	} else if ((encoding & BTF_INT_CHAR) && type->size == 1) {
		n->kind = NODE_CHAR;
		n->width = WIDTH_CHAR;
	}
	return 0;
}

static int compare_enumerators(const void *a, const void *b)
{
	const struct enumerator *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	/* The one declared first wins. */
	return x->name.at < y->name.at ? -1 : x->name.at > y->name.at;
}

static void add_enumerator(struct typed *t, struct node *n, uint32_t name_off, int64_t key)
{
	const char *name = name_of(t->btf, name_off);
	struct enumerator *e;

	if (!*name)
		return;
	GROW(t->enums, t->nr_enums);
	e = &t->enums[t->nr_enums++];
	*e = (struct enumerator){ .key = key };
	e->name = pool_name(t, name);
	e->label = pool_quoted(t, "", name, "");
	if (e->label.len > n->width)
		n->width = e->label.len;
	n->nr++;
}

static int compile_enum(struct compiler *c, struct node *n, const struct btf_type *type)
{
	uint32_t i, nr = btf_vlen(type);

	if (int_kind(type->size, false) < 0 || type->size > 8)
		return bad_type(c, n->type_id, "an enum of odd size");
	n->kind = NODE_ENUM;
	n->enum64 = btf_kind(type) == BTF_KIND_ENUM64;
	n->is_signed = btf_kflag(type);
	n->width = int_width(8);
	n->first = c->t->nr_enums;
	for (i = 0; i < nr; i++) {
		if (n->enum64)
			add_enumerator(c->t, n, btf_enum64(type)[i].name_off,
				       btf_enum64_value(&btf_enum64(type)[i]));
		else
			add_enumerator(c->t, n, btf_enum(type)[i].name_off,
				       btf_enum(type)[i].val);
	}
	if (n->nr)
		qsort(c->t->enums + n->first, n->nr, sizeof(*c->t->enums),
		      compare_enumerators);
	return 0;
}

static int compile_float(struct compiler *c, struct node *n, const struct btf_type *type)
{
	n->kind = type->size == 4 || type->size == 8 ? NODE_FLOAT : NODE_RAW;
	n->width = WIDTH_BITS;
	if (!type->size || type->size > 16)
		return bad_type(c, n->type_id, "a float of odd size");
	return 0;
}

/* <mark> is printed in place of what user space cannot read. */
static void set_mark(struct typed *t, struct node *n, const char *name)
{
	char *mark = xasprintf("<%s>", name);

	n->special = true;
	n->mark = pool_quoted(t, "", mark, "");
	n->width = add_sat(n->width, n->mark.len);
	free(mark);
}

/* A pointer, or an object held by the map where a tag says so. */
static int compile_ptr(struct compiler *c, struct node *n, const struct btf_type *type)
{
	const struct btf *btf = c->t->btf;
	const struct btf_type *to = btf__type_by_id(btf, type->type);

	n->kind = NODE_PTR;
	n->size = btf__pointer_size(btf) == 4 ? 4 : 8;
	n->width = int_width(8) + 2;
	if (to && btf_is_type_tag(to) &&
	    in_list(name_of(btf, to->name_off), kptr_tags, ARRAY_SIZE(kptr_tags)))
		set_mark(c->t, n, name_of(btf, to->name_off));
	return 0;
}

/* Whether @type_id is char behind qualifiers (and typedefs, unless @strict). */
static bool is_text(const struct btf *btf, uint32_t type_id, bool strict)
{
	const struct btf_type *type = btf__type_by_id(btf, type_id);
	int i;

	for (i = 0; strict && type && btf_is_mod(type) && i < TYPED_DEPTH_MAX; i++)
		type = btf__type_by_id(btf, type->type);
	return is_char(btf, strict ? type : resolve(btf, &type_id));
}

static void set_elements(const struct typed *t, struct node *n, uint32_t nr)
{
	const struct node *e = &t->nodes[n->first];

	n->nr = nr;
	n->size = e->size * nr;
	n->width = add_sat(2, mul_sat(e->width + 1, nr));
	n->lines = add_sat(1, mul_sat(e->lines, nr));
}

static int compile_array(struct compiler *c, struct node *n, const struct btf_type *type, int depth)
{
	const struct btf_array *array = btf_array(type);
	int elem = compile(c, array->type, depth + 1);

	if (elem < 0)
		return -1;
	if ((uint64_t)c->t->nodes[elem].size * array->nelems > UINT32_MAX)
		return bad_type(c, n->type_id, "too large");
	n->kind = NODE_ARRAY;
	n->first = elem;
	n->special = c->t->nodes[elem].special;
	n->height = c->t->nodes[elem].height + 1;
	n->text = is_text(c->t->btf, array->type, false);
	n->text_strict = is_text(c->t->btf, array->type, true);
	set_elements(c->t, n, array->nelems);
	return 0;
}

/* Makes room for @nr members side by side; returns the index of the first. */
static uint32_t add_members(struct typed *t, uint32_t nr)
{
	uint32_t first = t->nr_members;

	while (nr--) {
		GROW(t->members, t->nr_members);
		t->members[t->nr_members++] = (struct member){ 0 };
	}
	return first;
}

static void name_member(struct typed *t, struct member *m, const char *name, uint32_t index)
{
	char number[16];

	m->name = pool_name(t, name);
	m->label = pool_quoted(t, ",", name, ":");
	m->nice_label = m->label;
	if (!m->nameless)
		return;
	snprintf(number, sizeof(number), "#%u", index);
	m->name = pool_name(t, number);
	m->nice_label = pool_quoted(t, ",", number, ":");
}

/* Turns a field that begins between bytes, or is of an odd integer type, into a bit-field. */
static void normalise_bits(struct member *m, const struct node *n, uint32_t bit_offset)
{
	if (!m->bits && n->kind == NODE_BITS) {
		bit_offset += n->bit;
		m->bits = n->bits;
	}
	m->offset = bit_offset / 8;
	m->bit = bit_offset % 8;
}

/* Where the bytes of a member end in its struct. */
static uint64_t member_end(const struct typed *t, const struct member *m)
{
	return (uint64_t)m->offset + (m->bits ? (m->bit + m->bits + 7u) / 8 :
						t->nodes[m->node].size);
}

static int check_member(struct compiler *c, const struct node *n, const struct member *m)
{
	const struct node *type = &c->t->nodes[m->node];

	if (member_end(c->t, m) > n->size)
		return bad_type(c, n->type_id, "a field lies outside");
	if (!m->bits && m->bit)
		return bad_type(c, n->type_id, "a field begins between bytes");
	if (m->bits && (type->kind >= NODE_FLOAT || m->bits > 8 * type->size ||
			m->bit + m->bits > 128))
		return bad_type(c, n->type_id, "a bit-field of odd type or width");
	return 0;
}

/* A struct's @nr members stand at @first, and are to be counted by account(). */
static void set_empty(struct node *n, uint32_t first, uint32_t nr)
{
	n->first = first;
	n->nr = nr;
	n->height = 1;
	n->width = 2;
	n->lines = 1;
}

/* Counts a member into what its struct needs to be printed. */
static void account(struct typed *t, struct node *n, const struct member *m)
{
	const struct node *type = &t->nodes[m->node];
	uint64_t width = m->bits && type->width < WIDTH_BITS ? WIDTH_BITS : type->width;
	uint32_t label = m->nice_label.len > m->label.len ? m->nice_label.len : m->label.len;

	n->width = add_sat(n->width, add_sat(width, label + 3));
	n->lines = add_sat(n->lines, add_sat(type->lines, 2));
	n->special |= type->special;
	if (n->height < type->height + 1)
		n->height = type->height + 1;
}

static int compile_struct(struct compiler *c, struct node *n, const struct btf_type *type,
			  int depth)
{
	struct typed *t = c->t;
	uint32_t i, nr = btf_vlen(type), first = add_members(t, nr);

	n->kind = btf_is_union(type) ? NODE_UNION : NODE_STRUCT;
	set_empty(n, first, nr);
	for (i = 0; i < nr; i++) {
		struct member m = { .type_id = btf_members(type)[i].type };
		const char *name = name_of(t->btf, btf_members(type)[i].name_off);
		int node = compile(c, m.type_id, depth + 1);

		if (node < 0)
			return -1;
		m.node = node;
		m.bits = btf_member_bitfield_size(type, i);
		m.anonymous = !*name && is_compound(&t->nodes[node]) && !t->nodes[node].mark.len;
		m.nameless = !*name && !m.anonymous;
		normalise_bits(&m, &t->nodes[node], btf_member_bit_offset(type, i));
		if (check_member(c, n, &m) < 0)
			return -1;
		name_member(t, &m, name, i);
		account(t, n, &m);
		t->members[first + i] = m;
	}
	return 0;
}

/* Text of every value of the plan must stay in proportion to its bytes. */
static bool too_wide(const struct node *n)
{
	return n->width / WIDTH_BITS > VALUES_MIN + (uint64_t)VALUES_PER_BYTE * n->size;
}

static int stretch(struct compiler *c, int index, uint32_t room);

/* False where the last member of @n does not grow, or another one ends behind @room. */
static bool stretch_struct(struct compiler *c, struct node *n, uint32_t room)
{
	struct typed *t = c->t;
	struct member last = t->members[n->first + n->nr - 1];
	uint32_t i, old = n->first, node = last.node;

	if (last.bits || last.offset > room)
		return false;
	last.node = stretch(c, node, room - last.offset);
	if (last.node == node)
		return false;
	for (i = 0; i + 1 < n->nr; i++)
		if (member_end(t, &t->members[old + i]) > room)
			return false;
	set_empty(n, add_members(t, n->nr), n->nr);
	n->size = room;
	for (i = 0; i < n->nr; i++) {
		t->members[n->first + i] = i + 1 < n->nr ? t->members[old + i] : last;
		account(t, n, &t->members[n->first + i]);
	}
	return true;
}

static int add_node(struct typed *t, const struct node *n)
{
	GROW(t->nodes, t->nr_nodes);
	t->nodes[t->nr_nodes++] = *n;
	return t->nr_nodes - 1;
}

/*
 * The node of a value that has @room bytes: where a flexible array ends it, one
 * in which that has all elements that there is room for; else node @index itself.
 */
static int stretch(struct compiler *c, int index, uint32_t room)
{
	struct node n = c->t->nodes[index];
	bool grown = false;

	if (n.kind == NODE_ARRAY && !n.nr && c->t->nodes[n.first].size) {
		set_elements(c->t, &n, room / c->t->nodes[n.first].size);
		grown = true;
	} else if (n.kind == NODE_STRUCT && n.nr && !n.mark.len) {
		grown = stretch_struct(c, &n, room);
	}
	return grown && !too_wide(&n) ? add_node(c->t, &n) : index;
}

/* A section of global variables: a struct whose members are its VARs. */
static int compile_datasec(struct compiler *c, struct node *n, const struct btf_type *type,
			   int depth)
{
	struct typed *t = c->t;
	const struct btf_var_secinfo *vars = btf_var_secinfos(type);
	uint32_t i, nr = btf_vlen(type), first = add_members(t, nr);

	n->kind = NODE_DATASEC;
	n->first = first;
	n->nr = nr;
	n->height = 3;
	n->label = pool_quoted(t, "", name_of(t->btf, type->name_off), ":");
	n->width = n->label.len + 6;
	n->lines = 5;
	for (i = 0; i < nr; i++) {
		const struct btf_type *var = btf__type_by_id(t->btf, vars[i].type);
		struct member m = { .offset = vars[i].offset };
		int node;

		if (!var || !btf_is_var(var))
			return bad_type(c, n->type_id, "it holds more than variables");
		m.type_id = var->type;
		node = compile(c, var->type, depth + 1);
		if (node < 0)
			return -1;
		m.node = stretch(c, node, vars[i].size);
		if (check_member(c, n, &m) < 0)
			return -1;
		name_member(t, &m, name_of(t->btf, var->name_off), i);
		account(t, n, &m);
		if (n->height < t->nodes[m.node].height + 3)
			n->height = t->nodes[m.node].height + 3;
		t->members[first + i] = m;
	}
	return 0;
}

static bool is_special_struct(const struct btf *btf, const struct btf_type *type)
{
	return btf_is_struct(type) && in_list(name_of(btf, type->name_off), special_structs,
					      ARRAY_SIZE(special_structs));
}

static int compile_node(struct compiler *c, struct node *n, const struct btf_type *type, int depth)
{
	n->size = btf_is_array(type) ? 0 : type->size;
	switch (btf_kind(type)) {
	case BTF_KIND_INT:
		return compile_int(c, n, type);
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return compile_enum(c, n, type);
	case BTF_KIND_FLOAT:
		return compile_float(c, n, type);
	case BTF_KIND_PTR:
		return compile_ptr(c, n, type);
	case BTF_KIND_ARRAY:
		return compile_array(c, n, type, depth);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		if (compile_struct(c, n, type, depth) < 0)
			return -1;
		if (is_special_struct(c->t->btf, type))
			set_mark(c->t, n, name_of(c->t->btf, type->name_off));
		return 0;
	case BTF_KIND_DATASEC:
		return compile_datasec(c, n, type, depth);
	default:
		return bad_type(c, n->type_id, "it has no values");
	}
}

/* Returns the index of @type_id's node, made now if need be, or -1 with a diagnostic. */
static int compile(struct compiler *c, uint32_t type_id, int depth)
{
	struct typed *t = c->t;
	const struct btf_type *type = resolve(t->btf, &type_id);
	struct node n = { .type_id = type_id };

	if (!type || type_id >= c->nr_types)
		return bad_type(c, type_id, "the BTF is damaged");
	if (c->memo[type_id] == NODE_OPEN)
		return bad_type(c, type_id, "it contains itself");
	if (c->memo[type_id])
		return c->memo[type_id] - 1;
	if (depth >= TYPED_DEPTH_MAX)
		return bad_type(c, type_id, "nested too deeply");
	c->memo[type_id] = NODE_OPEN;
	if (compile_node(c, &n, type, depth) < 0)
		return -1;
	if (too_wide(&n))
		return bad_type(c, type_id, "too many fields share its bytes");
	return (c->memo[type_id] = add_node(t, &n) + 1) - 1;
}

struct typed *typed_new(const struct btf *btf, uint32_t type_id, uint32_t size, struct diags *d)
{
	struct typed *t = xcalloc(1, sizeof(*t));
	struct compiler c = { .t = t, .d = d, .nr_types = btf__type_cnt(btf) };
	int root;

	t->btf = btf;
	t->type_id = type_id;
	/* None of them is NULL, as C adds nothing, not even 0, to that. */
	t->members = xcalloc(1, sizeof(*t->members));
	t->enums = xcalloc(1, sizeof(*t->enums));
	t->gaps = xcalloc(1, sizeof(*t->gaps));
	c.memo = xcalloc(c.nr_types, sizeof(*c.memo));
	root = compile(&c, type_id, 0);
	free(c.memo);
	if (root < 0) {
		typed_free(t);
		return NULL;
	}
	/* Both are there, as the empty list of a struct or enum without any lies in them, too. */
	GROW(t->members, t->nr_members);
	GROW(t->enums, t->nr_enums);
	t->root = stretch(&c, root, size ? size : t->nodes[root].size);
	buf_pad(&t->pool, '\0', TYPED_SLACK);
	typed_find_gaps(t);
	return t;
}

void typed_free(struct typed *t)
{
	if (!t)
		return;
	free(t->nodes);
	free(t->members);
	free(t->enums);
	free(t->gaps);
	buf_free(&t->pool);
	free(t);
}

size_t typed_size(const struct typed *t)
{
	return typed_root(t)->size;
}

bool typed_has_special(const struct typed *t)
{
	return typed_root(t)->special;
}

static bool enumerator_before(const void *record, const void *key)
{
	const struct enumerator *e = record;

	return e->key < *(const int64_t *)key;
}

const struct enumerator *typed_enumerator(const struct typed *t, const struct node *n, int64_t key)
{
	const struct enumerator *list = t->enums + n->first;
	size_t at;

	/* Most enums count up from their first enumerator. */
	if (n->nr && key >= list[0].key && (uint64_t)key - list[0].key < n->nr) {
		at = (uint64_t)key - list[0].key;
		if (list[at].key == key && (!at || list[at - 1].key != key))
			return &list[at];
	}
	at = lower_bound(list, n->nr, sizeof(*list), enumerator_before, &key);
	return at < n->nr && list[at].key == key ? &list[at] : NULL;
}

/* The text of what a modifier, pointer or array wraps, and where that type is. */
static uint32_t peel(struct buf *out, struct buf *after, const struct btf_type *type)
{
	switch (btf_kind(type)) {
	case BTF_KIND_CONST:
		buf_puts(out, "const ");
		return type->type;
	case BTF_KIND_ARRAY:
		buf_printf(after, "[%u]", btf_array(type)->nelems);
		return btf_array(type)->type;
	default:
		return type->type;
	}
}

void btf_type_text(struct buf *out, const struct btf *btf, uint32_t type_id)
{
	const struct btf_type *type = NULL;
	struct buf after = BUF_INIT;
	const char *prefix = "", *name;
	int i, stars = 0;

	for (i = 0; i < TYPED_DEPTH_MAX; i++) {
		type = btf__type_by_id(btf, type_id);
		if (!type || !(btf_is_mod(type) || btf_is_ptr(type) || btf_is_array(type)))
			break;
		if (btf_is_ptr(type))
			stars++;
		type_id = peel(out, &after, type);
	}
	name = type ? name_of(btf, type->name_off) : "";
	if (!type || btf_kind(type) == BTF_KIND_UNKN)
		name = "void";
	else if (btf_is_struct(type) || (btf_is_fwd(type) && !btf_kflag(type)))
		prefix = "struct";
	else if (btf_is_union(type) || btf_is_fwd(type))
		prefix = "union";
	else if (btf_is_any_enum(type))
		prefix = "enum";
	else if (btf_is_func_proto(type))
		prefix = "function";
	buf_puts(out, prefix);
	if (*prefix && *name)
		buf_putc(out, ' ');
	buf_puts(out, name);
	if (stars) {
		buf_putc(out, ' ');
		buf_pad(out, '*', stars);
	}
	buf_add(out, after.data, after.len);
	buf_free(&after);
}

void typed_type_name(struct buf *out, const struct typed *t)
{
	btf_type_text(out, t->btf, t->type_id);
}
