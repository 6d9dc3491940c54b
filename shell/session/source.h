/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading a script. */
#ifndef BPFSH_SOURCE_H
#define BPFSH_SOURCE_H

#include "shell/base/diag.h"

/* Reads @path ("-": standard input) into @src, whose parent is kept; source_free() ends it. */
int source_read(struct source *src, const char *path, struct span at, struct diags *d);
void source_free(struct source *src);

#endif
