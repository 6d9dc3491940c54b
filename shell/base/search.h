/* SPDX-License-Identifier: BSD-2-Clause */
/* Search in what is sorted. Inline, so that the comparison is, too. */
#ifndef BPFSH_SEARCH_H
#define BPFSH_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

/* Whether a record lies before what is looked for. */
typedef bool (*before_fn)(const void *record, const void *key);

/* Of @nr records of @size bytes, the index of the first that does not lie before the key. */
static inline size_t lower_bound(const void *records, size_t nr, size_t size, before_fn before,
				 const void *key)
{
	size_t low = 0, high = nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (before((const char *)records + middle * size, key))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

#endif
