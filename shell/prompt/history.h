/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was typed at the prompt, kept in $XDG_STATE_HOME/bpfsh/history.
 *
 * The file is plain text that is only appended to, an entry a line, in one
 * write(2), so that sessions side by side do not harm each other. A newline
 * inside of an entry is written "\n" and a backslash "\\".
 */
#ifndef BPFSH_HISTORY_H
#define BPFSH_HISTORY_H

#define HISTORY_MAX 10000

typedef void (*history_fn)(void *arg, const char *entry);

/* Calls @fn with the newest HISTORY_MAX entries, the oldest first; 0 or -errno. */
int history_read(history_fn fn, void *arg);
/* Appends an entry, and makes the file where it is missing; 0 or -errno. */
int history_add(const char *entry);

#endif
