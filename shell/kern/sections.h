/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sections of object files that libbpf does not know yet, so that all of its releases
 * load the same objects. Inside the kernel layer only. Facts: section_defs of the newest
 * libbpf, enum bpf_attach_type of linux/bpf.h.
 */
#ifndef BPFSH_KERN_SECTIONS_H
#define BPFSH_KERN_SECTIONS_H

#include <stdbool.h>

struct bpf_object;
struct bpf_program;
struct buf;

/*
 * Gives a program whose section libbpf does not know its type, attach type, flags and
 * target. 0, also where nobody knows the section, which leaves the program without a
 * type; -errno where the kernel has no such target.
 */
int section_apply(struct bpf_program *prog);

/*
 * Renames sections in the bytes of a whole object file to what the libbpf at hand takes
 * for the same. A file that does not fit together is left as it is. True where structures
 * lost the mark for links (.struct_ops.link) by that.
 */
bool sections_rename(struct buf *file);
/* Has an object's structures made, optional ones too, and for links where @linked. */
void section_apply_structures(struct bpf_object *obj, bool linked);

#endif
