/* SPDX-License-Identifier: BSD-2-Clause */
/* One cell as text: what all styles are made of. */
#ifndef BPFSH_RENDER_CELL_H
#define BPFSH_RENDER_CELL_H

#include <stddef.h>

#include "render/sink/record.h"

struct buf;

/* As people read it; @how: of enum draw_how. Of @col its flags count; NULL: none. */
void cell_plain(struct buf *b, const struct column *col, const struct cell *c, unsigned how);
void cell_json(struct buf *b, const struct cell *c, unsigned how);

/* Text from the kernel; on a terminal its control characters are shown, not obeyed. */
void cell_put_text(struct buf *b, const char *text, size_t len, unsigned how);
/* A value of libjq, which is freed. */
void cell_put_jv(struct buf *b, jv v);

#endif
