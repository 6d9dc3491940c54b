/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Snapshots of a host: what it has of programs, maps, links, pins, hooks and settings, taken of
 * the running kernel, written to files, read back, and compared.
 *
 * A thing is known by its name and facts, as texts: IDs differ after each load, and are
 * there only to find it. A snapshot is zeroed before it is taken or read; snapshot_free() ends
 * it in any case.
 */
#ifndef BPFSH_SNAPSHOT_H
#define BPFSH_SNAPSHOT_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "shell/base/diag.h"

struct buf;
struct out;

enum snap_kind { SNAP_PROG, SNAP_MAP, SNAP_LINK, SNAP_PIN, SNAP_HOOK, SNAP_SETTING, SNAP_KINDS };

/* What is told of things of a kind, in the order in which it is shown. */
struct snap_fact {
	const char *key;		/* in files and differences */
	enum { SNAP_TEXT, SNAP_NUMBER } type;
	const char *usual;		/* where this is its value, it goes without saying; or NULL */
	bool counts;			/* it changes while programs run: compared on request alone */
};

struct snap_kind_info {
	const char *list, *name;	/* in files, in differences */
	const struct snap_fact *facts;	/* up to a zero row */
};

extern const struct snap_kind_info snap_kinds[SNAP_KINDS];

enum { SNAP_PROG_TYPE, SNAP_PROG_TAG, SNAP_PROG_TARGET, SNAP_PROG_MAPS, SNAP_PROG_GPL, SNAP_PROG_JITED, SNAP_PROG_RUN_CNT,
       SNAP_PROG_RUN_TIME, SNAP_PROG_MISSES, SNAP_FACTS_MAX };
enum { SNAP_MAP_TYPE, SNAP_MAP_KEY, SNAP_MAP_VALUE, SNAP_MAP_ENTRIES, SNAP_MAP_FLAGS, SNAP_MAP_EXTRA, SNAP_MAP_FROZEN };
/* Of links, pins and hooks alike; a pin's object may be of another kind, and then has no tag. */
enum { SNAP_RUNS_PROG, SNAP_RUNS_TAG, SNAP_RUNS_MORE };
enum { SNAP_PIN_OBJECT, SNAP_PIN_NAME, SNAP_PIN_TAG };
enum { SNAP_HOOK_MODE = SNAP_RUNS_MORE, SNAP_HOOK_FLAGS, SNAP_HOOK_FILTER, SNAP_HOOK_ACTIONS };
enum { SNAP_SETTING_VALUE };

struct snap_entry {
	char *name;			/* "" where it has none; not to be trusted */
	__u32 id;			/* 0: it has none */
	char *facts[SNAP_FACTS_MAX];	/* by the kind's own list; NULL: not told */
};

struct snap_list {
	struct snap_entry *rows;
	size_t nr;
};

struct snapshot {
	struct snap_list lists[SNAP_KINDS];
	bool contents;			/* the maps' elements are part of it */
	const char *path;		/* of the file, the caller's; NULL: it is the host as it is */
	struct span at;			/* whom messages about it point to */
	int fd;				/* of the file */
	off_t elements_at;		/* where they begin in it */
	size_t nr_elements;		/* there */
};

/* A part of the text of a snapshot, JSON. */
struct snap_text {
	const char *s;
	size_t len;
};

/* An element of a map; its texts hold until the function that gets it returns. */
struct snap_element {
	size_t map;			/* index in the list of maps */
	struct snap_text key, key_hex, value, value_hex;	/* "_hex": s is NULL where it is not needed */
	off_t at;			/* in the file */
};

/* Returns nonzero to stop. */
typedef int (*snap_element_fn)(void *arg, const struct snap_element *e);

/* The host as it is; -1 with a diagnostic. What could not be looked at is noted. */
int snapshot_take(struct snapshot *s, struct diags *d);
/* The document; elements are read as they are written. -1 with a diagnostic. */
int snapshot_write(const struct snapshot *s, struct out *out, struct diags *d);
/* Reads s->path whole, elements excepted, whose form alone is looked at; -1 with a diagnostic. */
int snapshot_read(struct snapshot *s, struct diags *d);
/* All elements, one after the other: 0, what @fn returned, or -1 with a diagnostic. */
int snapshot_elements(const struct snapshot *s, snap_element_fn fn, void *arg, struct diags *d);
void snapshot_free(struct snapshot *s);

/* What came ("+"), went ("-"), or is another ("~"). */
struct snap_difference {
	char change;
	enum snap_kind kind;
	const struct snap_entry *old, *new;	/* NULL: it is not there */
	const struct snap_fact *fact;	/* '~' of a thing: the one that differs, at this index */
	size_t at;
	const struct snap_text *key;	/* not NULL: it is about an element of a map */
	struct snap_text old_value, new_value;	/* of it */
};

typedef int (*snap_difference_fn)(void *arg, const struct snap_difference *d);

/* Appends name, ID and facts as an object of JSON. */
void snap_put_facts(struct buf *b, enum snap_kind kind, const struct snap_entry *e);

/*
 * Calls @fn for all that differs, kind by kind; elements only where both have them. @counters: also
 * for how often programs ran. @old is read from a file. 0; nonzero where @fn returned that, or
 * -1 with a diagnostic.
 */
int snapshot_compare(const struct snapshot *old, const struct snapshot *new, bool counters,
		     snap_difference_fn fn, void *arg, struct diags *d);

/* Inside snapshots only */

/* A new entry at the end of its list, which holds until the next is added; facts by printf. */
struct snap_entry *snap_add(struct snapshot *s, enum snap_kind kind, const char *name, __u32 id);
void snap_fact(struct snap_entry *e, size_t at, const char *fmt, ...) printf_like(3, 4);
/* The entry with this ID, in a list that was taken, and so is in their order; NULL: none. */
const struct snap_entry *snap_by_id(const struct snap_list *l, __u32 id);
/* Name and tag of a program, as facts. */
void snap_program(struct snapshot *s, struct snap_entry *e, __u32 id);
/* What of links and hooks there is. */
int snap_take_hooks(struct snapshot *s, struct diags *d);
/* snapshot_elements() of the two sorts of snapshots. */
int snap_live_elements(const struct snapshot *s, snap_element_fn fn, void *arg, struct diags *d);
int snap_file_elements(const struct snapshot *s, snap_element_fn fn, void *arg, struct diags *d);

/*
 * Length of the JSON value that @text begins with, by its brackets and quotes; 0: it goes on behind
 * the end, -1: it is none, or nested beyond reason.
 */
ssize_t snap_json_span(const char *text, size_t len);
/* The members of an object of that form, in their order; false behind the last. *@pos begins as 1. */
bool snap_json_member(struct snap_text object, size_t *pos, struct snap_text *name,
		      struct snap_text *value);

#endif
