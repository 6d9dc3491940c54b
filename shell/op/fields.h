/* SPDX-License-Identifier: BSD-2-Clause */
/* Fields of operations that speak of the kernel's objects; see shell/txn/field.h. */
#ifndef BPFSH_OP_FIELDS_H
#define BPFSH_OP_FIELDS_H

#include "shell/kern/handle.h"
#include "shell/txn/field.h"

extern const struct field_type field_handle, field_map, field_keys, field_values, field_bits,
			       field_spot;

/* A handle, which is not in the journal. */
#define F_HANDLE(m)	{ FIELD(field_handle, m, struct handle *) }
/*
 * A map, in the journal by its ID and facts. Where it is no more, a stand-in that has no
 * descriptor is read: there is nothing to undo, but what was kept for that must go.
 */
#define F_MAP(m)	{ FIELD(field_map, m, struct handle *) }
/*
 * Keys or values of the map @map, which stands before them, as many as the operation's nr
 * says (0: one); of values, kern_value_bytes() each. Where they may be NULL: all or none.
 */
#define F_KEYS(m, map)		{ FIELD(field_keys, m, char *), OF_MAP(map) }
#define F_VALUES(m, map)	{ FIELD(field_values, m, char *), OF_MAP(map) }
#define F_VALUES_OR_NULL(m, map) { FIELD(field_values, m, char *), OF_MAP(map), \
				   .may_be_null = true }
#define OF_MAP(map) .of = offsetof(FIELDS_OF, map) + FIELD_CHECK(map, struct handle *)
/* A bit for each of them, or NULL. */
#define F_BITS(m)	{ FIELD(field_bits, m, unsigned char *), .may_be_null = true }
/* Where a link is attached; what is read has no descriptor. */
#define F_SPOT(m)	{ FIELD(field_spot, m, struct link_spot) }

#endif
