/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records to text, tables or JSON.
 *
 * A command says once what its records are made of (struct record: columns
 * with their JSON key and their place in plain output), and pushes rows of
 * cells. It cannot know what becomes of them.
 */
#ifndef BPFSH_SINK_H
#define BPFSH_SINK_H

#include "render/sink/out.h"
#include "render/sink/record.h"
#include "shell/base/alloc.h"
#include "shell/base/diag.h"

enum sink_style { SINK_PLAIN, SINK_TABLE, SINK_JSON, SINK_JSONL };
enum sink_shape { SINK_LIST, SINK_ONE };

extern const char *const sink_styles[];	/* names, NULL-ended, in the order of enum sink_style */

struct sink;

/* A sink writes to @out, which it borrows. */
struct sink *sink_new(enum sink_style style, struct out *out);
/* Rows also go, as JSON, to memory: for $_ and $v = COMMAND. NULL ends that. */
void sink_tee(struct sink *s, struct out *memory);
void sink_free(struct sink *s);

/*
 * begin, rows, end; SINK_ONE for a command that shows exactly one record.
 * sink_row() returns -1 where output failed: the command should stop, and
 * need not say why.
 */
void sink_begin(struct sink *s, const struct record *rec, enum sink_shape shape);
int sink_row(struct sink *s, const struct cell *cells);
int sink_end(struct sink *s);
/*
 * A row with a list inside: pushes the row, as sink_row() does, and has the rows
 * that follow be entries of its list @key, up to sink_close(). In plain they
 * stand below it, elements indented; in a table the row's columns stand before
 * theirs. At most SINK_DEPTH lists are open.
 */
#define SINK_DEPTH 4
int sink_open(struct sink *s, const struct cell *cells, const char *key, const struct record *rec);
/* Another list of the same row, in place of the one that is open. */
int sink_next(struct sink *s, const char *key, const struct record *rec);
int sink_close(struct sink *s);
/*
 * For errors: takes back what was begun and not ended, where none of it is
 * written out yet; else ends it, so that JSON parses. True where the errors of
 * @d have become the last entry of a list in JSON, as they could not stand alone.
 */
bool sink_abort(struct sink *s, const struct diags *d);
/* All rows so far go out now, for commands that wait for the next ones. */
int sink_flush(struct sink *s);
/* True where a command has begun a list or record. */
bool sink_used(const struct sink *s);
/* True where it has not ended that yet. */
bool sink_is_open(const struct sink *s);
/* Where the sink writes, if that is text for a terminal; else NULL. */
struct out *sink_terminal(const struct sink *s);
/* Free text, a line: dropped by JSON sinks. */
void sink_note(struct sink *s, const char *fmt, ...) printf_like(2, 3);
/* For a command that shows nothing: "null" in JSON. */
void sink_null(struct sink *s);

#endif
