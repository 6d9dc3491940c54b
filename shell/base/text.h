/* SPDX-License-Identifier: BSD-2-Clause */
/* Text whose bytes need not be UTF-8: measured, escaped for terminals and for JSON. */
#ifndef BPFSH_TEXT_H
#define BPFSH_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

#include "shell/base/buf.h"

/* Length of the UTF-8 character (RFC 3629) at the begin of @len bytes; 0: there is none. */
size_t utf8_len(const void *text, size_t len);
/* Code point of a valid UTF-8 character of @n bytes. */
wchar_t utf8_decode(const void *text, size_t n);
/* True where a code point may go to a terminal: no C0/C1 controls, no bidi overrides. */
bool text_printable(wchar_t c);
/* Columns that the bytes take on a terminal, escaped where need be; a tab counts one. */
int text_columns(const char *s, size_t len);
/*
 * From now on characters are as wide as the user's locale says. Whoever measures
 * text calls this first: most commands do without, and it takes a while.
 */
void use_locale(void);
/* Text for a person: kernel and file names may hold control characters, which become \xNN. */
void buf_escaped(struct buf *out, const char *s, size_t len);
/* The same for text of several lines: its line ends and tabs are meant. */
void buf_escaped_lines(struct buf *out, const char *s, size_t len);
/* A JSON string, quotes included; bytes that are not UTF-8 become U+FFFD. */
void buf_json_string(struct buf *out, const char *s, size_t len);

#endif
