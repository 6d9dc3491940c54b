/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fields of an operation, as a table: it says what goes to the journal, in its order,
 * how that is read back and checked, and what is let go of at the operation's end.
 *
 *	#define FIELDS_OF struct op_folder
 *	static const struct field fields[] = { F_PATH(path), F_BPFFS(at), { 0 } };
 *
 * Types that speak of the kernel's objects are in shell/op/fields.h.
 *
 * What a journal has is not trusted: what makes no such field sets the reader's bad.
 * Then, too, all pointers are ones that can be let go of.
 */
#ifndef BPFSH_FIELD_H
#define BPFSH_FIELD_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "shell/base/wire.h"

struct buf;

struct field;

/* In each, @in is what has the field: an operation, or an element of a list. */
struct field_type {
	/* To the journal and back; NULL: it does not go there, and is zero in what is read. */
	void (*put)(const struct field *f, const void *in, struct buf *out);
	void (*get)(const struct field *f, void *in, struct wire_reader *r);
	/* NULL: nothing is to be let go of. */
	void (*release)(const struct field *f, void *in);
	/* Of bytes: how many there must be, by fields before it; SIZE_MAX: more than can be. */
	size_t (*length)(const struct field *f, const void *in);
};

struct field {
	const struct field_type *type;
	size_t at;			/* its place in what has it */
	size_t of;			/* the place of what says how long it is */
	size_t size;			/* enum: the first value that is none; list: bytes of one */
	bool may_be_null;
	const struct field *list;	/* the fields of one */
};

/* The address of a field, and the pointer that stands there. */
static inline void *field_in(const struct field *f, const void *in)
{
	return (char *)in + f->at;
}

void *field_pointer(const struct field *f, const void *in);
void field_set_pointer(const struct field *f, void *in, void *p);

/* Bytes, as many as length() says, or none where they may be NULL; and free(). */
void field_put_bytes(const struct field *f, const void *in, struct buf *out);
void field_get_bytes(const struct field *f, void *in, struct wire_reader *r);
void field_free(const struct field *f, void *in);

extern const struct field_type field_u32, field_u64, field_bool, field_enum, field_str, field_path,
			       field_bytes, field_list, field_own;

/* Ends the compilation where the member is not of this C type. */
#define FIELD_CHECK(m, ctype) \
	(0 * sizeof(char[_Generic(((FIELDS_OF *)0)->m, ctype: 1, default: -1)]))
#define FIELD(t, m, ctype) .type = &(t), .at = offsetof(FIELDS_OF, m) + FIELD_CHECK(m, ctype)

#define F_U32(m)	{ FIELD(field_u32, m, __u32) }
#define F_U64(m)	{ FIELD(field_u64, m, __u64) }
#define F_BOOL(m)	{ FIELD(field_bool, m, bool) }
/* An enum whose values are those below @end. */
#define F_ENUM(m, enum_type, end) { FIELD(field_enum, m, enum_type), .size = (end) }
/* A string, never NULL; and one that is a path from the root. */
#define F_STR(m)	{ FIELD(field_str, m, char *) }
#define F_PATH(m)	{ FIELD(field_path, m, char *) }
/* Bytes, as many as the field @nr before them says, a __u32. */
#define F_BYTES(m, nr)	{ FIELD(field_bytes, m, char *), \
			  .of = offsetof(FIELDS_OF, nr) + FIELD_CHECK(nr, __u32) }
/* An array of @nr structs, a size_t, each with the fields of another table. */
#define F_LIST(m, nr, fields) { .type = &field_list, .at = offsetof(FIELDS_OF, m), \
				.of = offsetof(FIELDS_OF, nr) + FIELD_CHECK(nr, size_t), \
				.size = sizeof(*((FIELDS_OF *)0)->m), .list = (fields) }
/* What malloc() gave, which is not in the journal. */
#define F_OWN(m)	{ .type = &field_own, .at = offsetof(FIELDS_OF, m) }

/* All of a table, which ends with { 0 }; @fields NULL: none. */
void fields_encode(const struct field *fields, const void *in, struct buf *out);
void fields_decode(const struct field *fields, void *in, struct wire_reader *r);
void fields_release(const struct field *fields, void *in);

#endif
