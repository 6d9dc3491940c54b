/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Integers to text where printf() would be most of the work. Each function
 * writes at @p, without a NUL, and returns where the text ends; NUMBER_MAX
 * bytes of room are always enough.
 */
#ifndef BPFSH_NUMBER_H
#define BPFSH_NUMBER_H

#include <stdint.h>

#define NUMBER_MAX 40

char *number_u64(char *p, uint64_t v);
/* Hexadecimal with 0x, without leading zeros; @high are bits 64..127. */
char *number_hex(char *p, uint64_t high, uint64_t low);
/*
 * The shortest decimal that reads back to the same float or double (@size 4 or
 * 8, at @data). What JSON has no number for is quoted: "inf", "-inf", "nan(0xBITS)".
 * LC_NUMERIC must be C.
 */
char *number_float(char *p, const void *data, uint32_t size);

/* Small values are most: one or two digits need no call. */
static inline char *number_unsigned(char *p, uint64_t v)
{
	if (v >= 10)
		return number_u64(p, v);
	*p = (char)('0' + v);
	return p + 1;
}

static inline char *number_signed(char *p, int64_t v)
{
	uint64_t u = v;

	if (v < 0) {
		*p++ = '-';
		u = -u;
	}
	return number_unsigned(p, u);
}

#endif
