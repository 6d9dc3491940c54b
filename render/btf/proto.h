/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Function prototypes out of BTF, spelled as bpftool spells them:
 * "int xdp_main(struct xdp_md * ctx)".
 */
#ifndef BPFSH_RENDER_PROTO_H
#define BPFSH_RENDER_PROTO_H

#include <stdint.h>

struct btf;

/*
 * Both are NULL where @type_id is no function of @btf, or no prototype, which has no name:
 * "int (struct xdp_md *)"; printable, the caller frees.
 */
char *btf_func_name(const struct btf *btf, uint32_t type_id);
char *btf_func_proto(const struct btf *btf, uint32_t type_id);

#endif
