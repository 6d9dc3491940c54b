/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records to text, tables or JSON.
 *
 * A command says once what its records are made of (struct record: columns
 * with their JSON key and their place in plain output), and pushes rows of
 * cells. It cannot know what becomes of them. Cells borrow what they point to
 * until sink_row() returns.
 *
 * Plain output is that of bpftool: each column has a template in which '%'
 * stands for the value, and is left out where the cell is CELL_NONE.
 */
#ifndef BPFSH_SINK_H
#define BPFSH_SINK_H

#include <jv.h>
#include <linux/types.h>

#include "shell/base/buf.h"
#include "shell/base/diag.h"

struct btf;
struct element_format;
struct typed_place;

enum cell_kind {
	CELL_NONE,		/* left out */
	CELL_NULL,		/* null in JSON, left out elsewhere */
	CELL_BOOL,
	CELL_U64,
	CELL_S64,
	CELL_STR,
	CELL_BYTES,
	CELL_U32S,		/* list of numbers */
	CELL_STRS,		/* list of strings */
	CELL_JSON,		/* anything small */
	CELL_JSON_TEXT,		/* finished JSON, on one line: exact where libjq rounds numbers */
	CELL_ELEMENT,		/* a map's element: the row itself, with what is beside it */
	CELL_TEXT,		/* finished text of several lines: the row itself, a string in JSON */
	CELL_TYPED,		/* a typed value or a part of one */
	CELL_BTF_TYPE,		/* a type of BTF: the row itself */
};

struct cell {
	enum cell_kind kind;
	union {
		bool b;
		__u64 u;
		__s64 s;
		struct {
			const char *s;
			size_t len;
		} str;
		struct {
			const __u32 *list;
			size_t nr;
		} u32s;
		struct {
			const char *const *list;
			size_t nr;
		} strs;
		jv json;	/* borrowed: the sink copies */
		struct {
			const struct element_format *format;
			const void *key, *value;
			bool nice;	/* as element_nice() has it, in plain a line each */
		} element;
		struct {
			const struct typed_place *place;
			const void *data;
		} typed;
		struct {
			const struct btf *btf;
			__u32 id;
		} type;
	};
};

#define CELL(...) ((struct cell){ __VA_ARGS__ })

static inline struct cell cell_u64(__u64 u)
{
	return (struct cell){ .kind = CELL_U64, .u = u };
}

static inline struct cell cell_bool(bool b)
{
	return (struct cell){ .kind = CELL_BOOL, .b = b };
}

static inline struct cell cell_json_text(const struct buf *json)
{
	return (struct cell){ .kind = CELL_JSON_TEXT, .str = { json->data, json->len } };
}

/* An empty or missing string is no cell. */
static inline struct cell cell_str(const char *s)
{
	return (struct cell){ .kind = s && *s ? CELL_STR : CELL_NONE,
			      .str = { s, s ? strlen(s) : 0 } };
}

static inline struct cell cell_u32s(const __u32 *list, size_t nr)
{
	return (struct cell){ .kind = nr ? CELL_U32S : CELL_NONE, .u32s = { list, nr } };
}

enum column_flags {
	COL_HEX = 1,		/* plain: hexadecimal */
	COL_TIME = 2,		/* plain: seconds since 1970 as a local date */
	COL_EACH = 4,		/* plain: the template once for each entry of a list */
	COL_WIDE = 8,		/* not in tables */
	COL_PLAIN_ONLY = 16,	/* not in JSON */
};

struct column {
	const char *key;	/* in JSON, and heading of the table */
	const char *plain;	/* template; of a bool: shown where it is true */
	const char *plain_false;	/* of a bool: shown where it is false */
	unsigned flags;
	size_t width;		/* plain: the value is filled up to as many bytes */
};

struct record {
	const char *name;	/* "map" */
	const struct column *columns;	/* ends with a zero row */
	/*
	 * Rows are a map's elements: the first cell is CELL_ELEMENT, and those
	 * behind it are further keys of its JSON, and follow it in plain.
	 */
	bool elements;
	const char *list;	/* in JSON, a list of rows is this member of an object; or NULL */
	/*
	 * Lines of plain output, or NULL: above the list, also where it is empty (an
	 * empty line ends a list inside of a row that has one, which tables show too);
	 * and above the first row.
	 */
	const char *title, *heading;
};

enum sink_style { SINK_PLAIN, SINK_TABLE, SINK_JSON, SINK_JSONL };
enum sink_shape { SINK_LIST, SINK_ONE };

extern const char *const sink_styles[];	/* names, NULL-ended, in the order of enum sink_style */

/* Where bytes go: a descriptor, through a buffer; or memory, where fd is -1. */
struct out {
	int fd;
	struct buf buf;
	unsigned long long done;	/* bytes that left the buffer */
	int error;		/* errno of the first write that failed; all later ones are dropped */
	bool told;		/* and the user knows */
	bool escape;		/* a terminal reads this: kernel text is escaped by the sinks */
	bool pretty;		/* JSON is indented on its way out */
	struct {
		struct buf raw;
		int depth;
		bool string, backslash, fresh;
	} indent;
	size_t limit;		/* memory: bytes kept; 0 for no limit */
	bool cut;		/* memory: more came than the limit */
};

void out_init(struct out *o, int fd);
void out_write(struct out *o, const void *data, size_t len);
/* The buffer to append to directly; out_pushed() says that something was appended. */
struct buf *out_buf(struct out *o);
void out_pushed(struct out *o);
/* A place in the output to come back to, while nothing behind it has left the buffer. */
struct out_mark {
	unsigned long long at;
	int depth;
	bool fresh;
};
struct out_mark out_mark(const struct out *o);
bool out_rewind(struct out *o, struct out_mark mark);
/* Writes out what is buffered; -1 where that or an earlier write failed. */
int out_flush(struct out *o);
/* The same before a wait: that nobody reads the pipe any more is known now, not at the next write. */
int out_flush_waiting(struct out *o);
void out_free(struct out *o);
/* Writes so many bytes to @fd, at once; returns 0 or an errno. */
int out_all(int fd, const void *data, size_t len);

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
