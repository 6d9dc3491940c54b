/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BTF types as "bpftool btf dump" has them, a type each. The BTF may be damaged
 * in anything but its layout, which libbpf checks when it reads it: IDs that
 * mean nothing are shown as they are. Facts: linux/btf.h.
 */
#ifndef BPFSH_BTF_RAW_H
#define BPFSH_BTF_RAW_H

#include <stdbool.h>
#include <stdint.h>

#include "render/sink/record.h"

struct buf;

struct btf;

/*
 * Lines, the last newline included: the type, and one for each member, value,
 * parameter or variable. Names are escaped where a terminal reads this.
 */
void btf_raw_plain(struct buf *out, const struct btf *btf, uint32_t id, bool escape);
/* The same as a JSON object. Values of enumerators are exact, where bpftool 7.1 extends signs. */
void btf_raw_json(struct buf *out, const struct btf *btf, uint32_t id);

struct btf_raw {
	const struct btf *btf;
	uint32_t id;
};

/* Both as a cell, which borrows @type. */
struct cell btf_raw_cell(const struct btf_raw *type);

#endif
