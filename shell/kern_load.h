/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What libbpf and the verifier say while an object is loaded. Inside the
 * kernel layer only. Texts that are returned belong to the caller.
 */
#ifndef BPFSH_KERN_LOAD_H
#define BPFSH_KERN_LOAD_H

#include "shell/value.h"

struct bpf_object;

/*
 * Opens an object file; NULL with a diagnostic, also for files that would crash
 * libbpf. @bytes is filled with the file and must outlive the object.
 */
struct bpf_object *object_open(const char *file, struct span at, struct buf *bytes,
			       struct diags *d);

/* Forgets what was said, and listens. */
void said_begin(void);
/* The line that tells most about a failure; "" where nothing was said. */
char *said_reason(void);
/* The program that could not be loaded, the map that could not be created; NULL: none was named. */
char *said_program(void);
char *said_map(void);
/* Keeps a verifier's log for kern_load_log(), and shows it where all is to be shown: then true. */
bool said_verifier(const char *log);
/* Appends why a verifier's log says no, and below where and how: see vlog_explain(). */
void verifier_reason(struct buf *out, const char *log);

/*
 * Appends which of a new map's attributes the kernel refuses, and why; false
 * where none of them is known to be wrong.
 */
bool shape_error(struct buf *out, const struct map_facts *map);

#endif
