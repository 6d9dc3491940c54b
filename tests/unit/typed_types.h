/* SPDX-License-Identifier: BSD-2-Clause */
/* BTF made here, of every kind, for the tests of typed data. */
#ifndef BPFSH_TESTS_UNIT_TYPED_TYPES_H
#define BPFSH_TESTS_UNIT_TYPED_TYPES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "render/typed/typed.h"

#define BITS8(n) ((n) * 8)
#define LITTLE (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)

/* struct bits with a = 1, b = -2, v = V_TX, long = 0x0102030405, low = -2, lower = -3. */
#define BITS_BYTES (LITTLE ? "\x7d\5\4\3\2\1\xde" : "\xee\1\2\3\4\5\xed")

/* A number as one of @size bytes, as the host stores it. */
static inline void put_number(void *to, size_t size, unsigned __int128 v)
{
	memcpy(to, (char *)&v + (LITTLE ? 0 : sizeof(v) - size), size);
}

/* Ids of the types that most tests use. */
struct types {
	struct btf *btf;
	int u8, u16, u32, u64, s8, s16, s32, s64, wide, swide, boolean, c, raw_char;
	int verdict, big, sbig, f, d, ld, ptr, kptr, u32_array, chars, letters, bytes6;
	int ports, empty, minus;
	int point, flow, either, bits, nested, lock, locked, flexible, datasec;
};

static inline int field(struct btf *btf, const char *name, int type, int byte)
{
	return btf__add_field(btf, name, type, BITS8(byte), 0);
}

static inline void add_ints(struct types *t)
{
	struct btf *btf = t->btf;

	t->u8 = btf__add_int(btf, "u8", 1, 0);
	t->u16 = btf__add_int(btf, "u16", 2, 0);
	t->u32 = btf__add_int(btf, "u32", 4, 0);
	t->u64 = btf__add_int(btf, "u64", 8, 0);
	t->s8 = btf__add_int(btf, "s8", 1, BTF_INT_SIGNED);
	t->s16 = btf__add_int(btf, "s16", 2, BTF_INT_SIGNED);
	t->s32 = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	t->s64 = btf__add_int(btf, "s64", 8, BTF_INT_SIGNED);
	t->wide = btf__add_int(btf, "u128", 16, 0);
	t->swide = btf__add_int(btf, "s128", 16, BTF_INT_SIGNED);
	t->boolean = btf__add_int(btf, "_Bool", 1, BTF_INT_BOOL);
	t->c = btf__add_int(btf, "char", 1, BTF_INT_SIGNED);
	t->raw_char = btf__add_int(btf, "raw_char", 1, BTF_INT_CHAR);
}

static inline void add_scalars(struct types *t)
{
	struct btf *btf = t->btf;

	t->verdict = btf__add_enum(btf, "verdict", 4);
	btf__add_enum_value(btf, "V_PASS", 0);
	btf__add_enum_value(btf, "V_DROP", 1);
	btf__add_enum_value(btf, "V_TX", 7);
	t->big = btf__add_enum64(btf, "big", 8, false);
	btf__add_enum64_value(btf, "BIG_ONE", 1);
	btf__add_enum64_value(btf, "BIG_TOP", UINT64_MAX);
	t->sbig = btf__add_enum64(btf, "sbig", 8, true);
	btf__add_enum64_value(btf, "SBIG_LOW", (uint64_t)INT64_MIN);
	t->minus = btf__add_enum(btf, "minus", 4);
	btf__add_enum_value(btf, "MINUS_TWO", -2);
	t->f = btf__add_float(btf, "float", 4);
	t->d = btf__add_float(btf, "double", 8);
	t->ld = btf__add_float(btf, "long double", 16);
	t->ptr = btf__add_ptr(btf, t->u32);
	t->kptr = btf__add_ptr(btf, btf__add_type_tag(btf, "kptr", t->u32));
	t->u32_array = btf__add_array(btf, t->u32, t->u32, 4);
	t->chars = btf__add_array(btf, t->u32, t->c, 8);
	t->letters = btf__add_array(btf, t->u32, btf__add_typedef(btf, "letter", t->c), 4);
	t->ports = btf__add_array(btf, t->u32, t->u16, 2);
	t->empty = btf__add_array(btf, t->u32, t->u8, 0);
	t->bytes6 = btf__add_array(btf, t->u32, t->u8, 6);
}

static inline void add_structs(struct types *t)
{
	struct btf *btf = t->btf;
	int anon, var;

	t->point = btf__add_struct(btf, "point", 4);
	field(btf, "x", t->s16, 0);
	field(btf, "y", t->s16, 2);
	t->flow = btf__add_struct(btf, "flow", 40);
	field(btf, "pkts", t->u64, 0);
	field(btf, "v", t->verdict, 8);
	field(btf, "tag", t->chars, 12);
	field(btf, "at", t->point, 20);
	field(btf, "ports", t->ports, 24);
	field(btf, "small", t->u8, 28);
	field(btf, "ok", t->boolean, 29);
	t->either = btf__add_union(btf, "either", 4);
	field(btf, "word", t->u32, 0);
	field(btf, "at", t->point, 0);
	t->bits = btf__add_struct(btf, "bits", 8);
	btf__add_field(btf, "a", t->u32, 0, 1);
	btf__add_field(btf, "b", t->s32, 1, 3);
	btf__add_field(btf, "v", t->verdict, 4, 3);
	btf__add_field(btf, "long", t->u64, 8, 40);
	btf__add_field(btf, "low", t->minus, 48, 4);
	btf__add_field(btf, "lower", t->minus, 52, 4);
	anon = btf__add_union(btf, NULL, 4);
	field(btf, "either_word", t->u32, 0);
	field(btf, "either_half", t->u16, 0);
	t->nested = btf__add_struct(btf, "nested", 8);
	field(btf, "first", t->u32, 0);
	field(btf, NULL, anon, 4);
	t->lock = btf__add_struct(btf, "bpf_spin_lock", 4);
	field(btf, "val", t->u32, 0);
	t->locked = btf__add_struct(btf, "locked", 16);
	field(btf, "lock", t->lock, 0);
	field(btf, "n", t->u32, 4);
	field(btf, "task", t->kptr, 8);
	t->flexible = btf__add_struct(btf, "flexible", 4);
	field(btf, "len", t->u32, 0);
	field(btf, "data", t->empty, 4);
	var = btf__add_var(btf, "counter", BTF_VAR_GLOBAL_ALLOCATED, t->u32);
	anon = btf__add_var(btf, "where", BTF_VAR_GLOBAL_ALLOCATED, t->point);
	t->datasec = btf__add_datasec(btf, ".data", 8);
	btf__add_datasec_var_info(btf, var, 0, 4);
	btf__add_datasec_var_info(btf, anon, 4, 4);
}

static inline int setup(void **state)
{
	struct types *t = calloc(1, sizeof(*t));

	libbpf_set_print(NULL);
	t->btf = btf__new_empty();
	add_ints(t);
	add_scalars(t);
	add_structs(t);
	*state = t;
	return 0;
}

static inline int teardown(void **state)
{
	struct types *t = *state;

	btf__free(t->btf);
	free(t);
	return 0;
}

static inline struct typed *compile(const struct types *t, int id)
{
	struct diags d = { 0 };
	struct typed *typed = typed_new(t->btf, id, 0, &d);

	if (!typed)
		fail_msg("%s", d.list[0].msg);
	return typed;
}

#endif
