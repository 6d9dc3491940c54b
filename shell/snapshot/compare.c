// SPDX-License-Identifier: BSD-2-Clause
/* Two snapshots compared: which thing of the one is which of the other, and in what it differs. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/interrupt.h"
#include "shell/snapshot/pair.h"
#include "shell/snapshot/snapshot.h"

#define TRIES_MAX (1u << 20)	/* pairs of things of one name that are looked at */

/* A thing of one side, and the other side's that it is. */
struct row {
	const struct snap_entry *e;
	size_t index;			/* in its list */
	struct row *other;		/* NULL: none */
};

struct side {
	struct row *rows;		/* by name, facts and place in the list */
	size_t nr;
};

static int compare_text(const char *a, const char *b)
{
	if (!a || !b)
		return !!a - !!b;
	return strcmp(a, b);
}

static int compare_facts(const struct snap_entry *a, const struct snap_entry *b,
			 const struct snap_fact *facts)
{
	int order = strcmp(a->name, b->name);

	for (size_t i = 0; !order && facts[i].key; i++)
		if (!facts[i].counts)
			order = compare_text(a->facts[i], b->facts[i]);
	return order;
}

static int compare_rows(const void *a, const void *b, void *facts)
{
	const struct row *x = a, *y = b;
	int order = compare_facts(x->e, y->e, facts);

	return order ? order : x->index < y->index ? -1 : 1;
}

static struct side side_of(const struct snap_list *l, const struct snap_fact *facts)
{
	struct side side = { xcalloc(l->nr ? l->nr : 1, sizeof(struct row)), l->nr };

	for (size_t i = 0; i < l->nr; i++)
		side.rows[i] = (struct row){ .e = &l->rows[i], .index = i };
	if (l->nr)
		qsort_r(side.rows, l->nr, sizeof(*side.rows), compare_rows, (void *)facts);
	return side;
}

static void pair(struct row *a, struct row *b)
{
	a->other = b;
	b->other = a;
}

/* Pairs what is the same on both sides. */
static void pair_same(struct side *a, struct side *b, const struct snap_fact *facts)
{
	for (size_t i = 0, j = 0; i < a->nr && j < b->nr;) {
		int order = compare_facts(a->rows[i].e, b->rows[j].e, facts);

		if (!order)
			pair(&a->rows[i], &b->rows[j]);
		i += order <= 0;
		j += order >= 0;
	}
}

/* How many facts are the same. */
static int likeness(const struct row *a, const struct row *b, const struct snap_fact *facts)
{
	int same = 0;

	for (size_t i = 0; facts[i].key; i++)
		same += !facts[i].counts && !compare_text(a->e->facts[i], b->e->facts[i]);
	return same;
}

static size_t same_name(const struct side *s, size_t first, const char *name)
{
	size_t end = first;

	while (end < s->nr && !strcmp(s->rows[end].e->name, name))
		end++;
	return end;
}

/* Of one name, what is left is paired with what is most alike; without a name, nothing is known. */
static void pair_alike(struct side *a, size_t i, size_t i_end, struct side *b, size_t j,
		       size_t j_end, const struct snap_fact *facts)
{
	size_t tries = 0;

	for (; i < i_end && *a->rows[i].e->name; i++) {
		struct row *best = NULL;
		int most = -1;

		for (size_t n = j; !a->rows[i].other && n < j_end && tries < TRIES_MAX; n++, tries++) {
			int same = b->rows[n].other ? -1 : likeness(&a->rows[i], &b->rows[n], facts);

			if (same > most) {
				most = same;
				best = &b->rows[n];
			}
		}
		if (best)
			pair(&a->rows[i], best);
	}
}

static void pair_changed(struct side *a, struct side *b, const struct snap_fact *facts)
{
	for (size_t i = 0, j = 0; i < a->nr && j < b->nr;) {
		const char *name = a->rows[i].e->name;
		int order = strcmp(name, b->rows[j].e->name);
		size_t i_end = order <= 0 ? same_name(a, i, name) : i;
		size_t j_end = order >= 0 ? same_name(b, j, b->rows[j].e->name) : j;

		if (!order)
			pair_alike(a, i, i_end, b, j, j_end, facts);
		i = i_end;
		j = j_end;
	}
}

/* What is told */

struct comparison {
	enum snap_kind kind;
	bool counters;
	snap_difference_fn fn;
	void *arg;
};

static int tell_facts(const struct comparison *c, const struct row *a)
{
	const struct snap_fact *facts = snap_kinds[c->kind].facts;
	int err = 0;

	for (size_t i = 0; facts[i].key && !err; i++) {
		struct snap_difference d = { '~', c->kind, a->e, a->other->e, &facts[i], i };

		if ((!facts[i].counts || c->counters) &&
		    compare_text(a->e->facts[i], a->other->e->facts[i]))
			err = c->fn(c->arg, &d);
	}
	return err;
}

static int tell_all(const struct comparison *c, const struct side *a, const struct side *b)
{
	int err = 0;

	for (size_t i = 0; i < a->nr && !err; i++) {
		struct snap_difference gone = { '-', c->kind, .old = a->rows[i].e };

		err = a->rows[i].other ? tell_facts(c, &a->rows[i]) : c->fn(c->arg, &gone);
	}
	for (size_t i = 0; i < b->nr && !err; i++) {
		struct snap_difference come = { '+', c->kind, .new = b->rows[i].e };

		if (!b->rows[i].other)
			err = c->fn(c->arg, &come);
	}
	return err;
}

/* Which map is which, by the indices of both. */
static void keep_pairs(const struct side *a, const struct side *b, struct snap_pairs *p)
{
	*p = (struct snap_pairs){ xcalloc(a->nr ? a->nr : 1, sizeof(size_t)),
				  xcalloc(b->nr ? b->nr : 1, sizeof(size_t)) };
	for (size_t i = 0; i < a->nr; i++)
		p->new_of[a->rows[i].index] = a->rows[i].other ? a->rows[i].other->index : SNAP_UNPAIRED;
	for (size_t i = 0; i < b->nr; i++)
		p->old_of[b->rows[i].index] = b->rows[i].other ? b->rows[i].other->index : SNAP_UNPAIRED;
}

static int compare_kind(const struct comparison *c, const struct snapshot *old,
			const struct snapshot *new, struct snap_pairs *pairs)
{
	const struct snap_fact *facts = snap_kinds[c->kind].facts;
	struct side a = side_of(&old->lists[c->kind], facts);
	struct side b = side_of(&new->lists[c->kind], facts);
	int err;

	pair_same(&a, &b, facts);
	pair_changed(&a, &b, facts);
	if (c->kind == SNAP_MAP)
		keep_pairs(&a, &b, pairs);
	err = tell_all(c, &a, &b);
	free(a.rows);
	free(b.rows);
	return err;
}

int snapshot_compare(const struct snapshot *old, const struct snapshot *new, bool counters,
		     snap_difference_fn fn, void *arg, struct diags *d)
{
	struct comparison c = { .counters = counters, .fn = fn, .arg = arg };
	struct snap_pairs pairs = { 0 };
	int err = 0;

	for (; c.kind < SNAP_KINDS && !err; c.kind++) {
		err = compare_kind(&c, old, new, &pairs);
		if (c.kind == SNAP_MAP && !err && old->contents && new->contents)
			err = snap_compare_elements(old, new, &pairs, fn, arg, d);
	}
	free(pairs.new_of);
	free(pairs.old_of);
	return interrupted() ? -1 : err;
}
