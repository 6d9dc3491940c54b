// SPDX-License-Identifier: BSD-2-Clause
/* How many edits lie between words, and which is near. */
#include <stddef.h>
#include <string.h>

#include "shell/base/near.h"

/*
 * Edits between two words: insertion, deletion, change, and swap of neighbours (optimal
 * string alignment).
 */
static int distance(const char *a, const char *b)
{
	enum { MAX = 32 };
	int la = strlen(a), lb = strlen(b), rows[3][MAX + 1];

	if (la > MAX || lb > MAX)
		return MAX;
	for (int j = 0; j <= lb; j++)
		rows[0][j] = j;
	for (int i = 1; i <= la; i++) {
		int *cur = rows[i % 3], *prev = rows[(i + 2) % 3], *prev2 = rows[(i + 1) % 3];

		cur[0] = i;
		for (int j = 1; j <= lb; j++) {
			int best = prev[j - 1] + (a[i - 1] != b[j - 1]);

			if (prev[j] + 1 < best)
				best = prev[j] + 1;
			if (cur[j - 1] + 1 < best)
				best = cur[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    prev2[j - 2] + 1 < best)
				best = prev2[j - 2] + 1;
			cur[j] = best;
		}
	}
	return rows[la % 3][lb];
}

const char *nearest_word(const char *word, const char *const *words)
{
	int len = strlen(word), best = len < 4 ? 2 : len / 3 + 2;
	const char *found = NULL;

	for (; *words; words++) {
		int d = distance(word, *words);

		if (d < best) {
			best = d;
			found = *words;
		}
	}
	return found;
}
