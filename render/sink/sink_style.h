/* SPDX-License-Identifier: BSD-2-Clause */
/* What the styles of a sink have in common: sink.c calls them. */
#ifndef BPFSH_RENDER_SINK_STYLE_H
#define BPFSH_RENDER_SINK_STYLE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "render/sink/sink.h"

struct buf;

struct libscols_table;
struct scols;

struct sink_ops {
	void (*begin)(struct sink *s);
	void (*row)(struct sink *s, const struct cell *cells);
	void (*end)(struct sink *s);
	/*
	 * A list @key of @rec begins inside the row of @cells, or (NULL) inside the
	 * one whose list just ended; it ends, and so does that row.
	 */
	void (*open)(struct sink *s, const struct cell *cells, const char *key,
		     const struct record *rec);
	void (*close)(struct sink *s);
};

/* A list, or the one record that is shown. */
struct level {
	const struct record *rec;
	enum sink_shape shape;
	__u64 rows;
	bool objects;			/* plain: the elements of this list are objects, in [] */
};

/* Rows that are laid out together. */
struct table {
	const struct scols *scols;	/* set where lines is */
	struct libscols_table *lines;
	unsigned nr_lines;
	bool shown;			/* lines before these are written already, with the headings */
	const struct record *inner;	/* whose rows stand behind the outer row's texts, or NULL */
	struct buf *outer;		/* those texts, by column */
	size_t nr_outer;
};

struct sink {
	const struct sink_ops *ops;
	enum sink_style style;
	struct out *out;
	struct level levels[SINK_DEPTH + 1], *at;	/* @at: the innermost one */
	bool open, used;
	struct out_mark mark;		/* where the list or record begins */
	bool mid_line;			/* plain, below the outermost level: no line ends here */
	struct table table;
	struct sink *tee;
};

/* Whether rows go into a list inside of a row. */
static inline bool is_nested(const struct sink *s)
{
	return s->at > s->levels;
}

extern const struct sink_ops sink_plain, sink_table, sink_json, sink_jsonl;

/* Writes what is laid out so far; later rows go below, without headings. */
void sink_table_flush(struct sink *s);
void sink_table_free(struct table *t);

#endif
