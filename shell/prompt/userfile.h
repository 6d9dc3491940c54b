/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of the user: where they are (XDG base directories), and whether they are to be trusted. */
#ifndef BPFSH_USERFILE_H
#define BPFSH_USERFILE_H

#include "shell/base/diag.h"

/*
 * $@variable/bpfsh/@file, or ~/@fallback/bpfsh/@file where the variable is not
 * an absolute path. False without a home.
 */
bool user_path(struct buf *out, const char *variable, const char *fallback, const char *file);

/*
 * Reads the commands to run at the prompt's start, and says from where. Without
 * such a file @text stays empty; -1 where it cannot be read, or where somebody
 * other than root and this user could have written it.
 */
int user_rc(struct buf *path, struct buf *text, struct diags *d);
/*
 * Says where the bindings of keys are, which can be bound to commands. False where
 * there are none, or, with a diagnostic, none that can be trusted.
 */
bool user_editrc(struct buf *path, struct diags *d);

#endif
