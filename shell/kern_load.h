/* SPDX-License-Identifier: BSD-2-Clause */
/* What the verifier's log comes down to. */
#ifndef BPFSH_KERN_LOAD_H
#define BPFSH_KERN_LOAD_H

#include "shell/buf.h"

/* Appends the last words of a verifier's log: where it stood, and why it refused. No newline at the end. */
void kern_log_summary(struct buf *out, const char *log);

#endif
