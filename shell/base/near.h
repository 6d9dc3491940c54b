/* SPDX-License-Identifier: BSD-2-Clause */
/* Which word was meant. */
#ifndef BPFSH_NEAR_H
#define BPFSH_NEAR_H

/*
 * Of @words (NULL-ended), the one that @word most probably was meant to be, or
 * NULL where nothing is near enough to be worth saying.
 */
const char *nearest_word(const char *word, const char *const *words);

#endif
