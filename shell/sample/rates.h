/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What elements counted when they were last looked at, so that the next look
 * tells how much it changed.
 *
 * An element is known by a 64-bit hash of its key, with a seed of its own: of a
 * million elements the chance that two are taken for one is 3 in 100 million.
 * It takes 12 bytes and 8 for each counter, in a table that is a third to
 * three quarters full; elements that two looks did not see are forgotten.
 */
#ifndef BPFSH_COMMANDS_RATES_H
#define BPFSH_COMMANDS_RATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rates;

struct rates *rates_new(size_t key_size, size_t counters);
/* Begins a look at all elements. */
void rates_begin(struct rates *r);
/*
 * Notes what the element counts now, and fills in @change, modulo 2^64: since
 * the last look, or since zero where it was not there. True where some counter
 * changed; false in the first look.
 */
bool rates_change(struct rates *r, const void *key, const uint64_t *counts, int64_t *change);
void rates_free(struct rates *r);

#endif
