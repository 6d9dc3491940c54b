/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a command shows: rows of cells, and the columns that they stand in.
 * Cells borrow what they point to until sink_row() returns.
 *
 * Plain output is that of bpftool: each column has a template in which '%'
 * stands for the value, and is left out where the cell is CELL_NONE.
 */
#ifndef BPFSH_RENDER_RECORD_H
#define BPFSH_RENDER_RECORD_H

#include <jv.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "shell/base/buf.h"

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
	CELL_TEXT,		/* finished text of several lines, a string in JSON */
	CELL_DRAWN,		/* what only its own room can show: an element, a type of BTF */
};

/* How a cell is to be drawn. */
enum draw_how {
	DRAW_ESCAPED = 1,	/* plain: a terminal reads this */
	DRAW_LISTED = 2,	/* plain: as an entry of a list, where that looks different */
	DRAW_LINE = 4,		/* JSON: for a line of its own, with nothing left out */
};

/*
 * What a value is drawn by, in plain and in JSON. Plain of several lines ends
 * with its newline, but where the value is an @object: then it ends with a
 * brace, and in a list it stands in [], behind a comma.
 */
struct drawing {
	void (*plain)(struct buf *out, const void *what, unsigned how);
	void (*json)(struct buf *out, const void *what, unsigned how);
	bool object;
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
			const struct drawing *by;
			const void *what;
		} drawn;
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
	/* Ends with a zero row. NULL: a row is its first cell alone, as that has it. */
	const struct column *columns;
	/*
	 * Rows are a map's elements: the first cell is drawn, and those behind it are
	 * further keys of its JSON, and follow it in plain.
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

#endif
