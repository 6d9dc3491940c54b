/* SPDX-License-Identifier: BSD-2-Clause */
/* What the verifier's log comes down to. */
#ifndef BPFSH_KERN_LOAD_H
#define BPFSH_KERN_LOAD_H

#include "shell/buf.h"

/* Appends why a verifier's log says no, and on further lines where; without a newline at the end. */
void kern_log_summary(struct buf *out, const char *log);

#endif
