// SPDX-License-Identifier: BSD-2-Clause
/* Numbers written as digits. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shell/base/number.h"

static const char hex_digits[] = "0123456789abcdef";

#define TENS(t)	t "0" t "1" t "2" t "3" t "4" t "5" t "6" t "7" t "8" t "9"

/* "00" to "99", two characters each. */
static const char pairs[] = TENS("0") TENS("1") TENS("2") TENS("3") TENS("4")
			    TENS("5") TENS("6") TENS("7") TENS("8") TENS("9");

static char *put_pair(char *p, unsigned int v)
{
	memcpy(p, pairs + 2 * v, 2);
	return p + 2;
}

static char *put_four(char *p, uint32_t v)
{
	p = put_pair(p, v / 100);
	return put_pair(p, v % 100);
}

/* Exactly eight digits. */
static char *put_eight(char *p, uint32_t v)
{
	p = put_four(p, v / 10000);
	return put_four(p, v % 10000);
}

/* One to four digits. */
static inline char *put_upto_four(char *p, uint32_t v)
{
	uint32_t high = v / 100;

	if (v < 10) {
		*p = '0' + v;
		return p + 1;
	}
	if (!high)
		return put_pair(p, v);
	if (high < 10)
		*p++ = '0' + high;
	else
		p = put_pair(p, high);
	return put_pair(p, v % 100);
}

/* One to eight digits. */
static char *put_upto_eight(char *p, uint32_t v)
{
	if (v < 10000)
		return put_upto_four(p, v);
	p = put_upto_four(p, v / 10000);
	return put_four(p, v % 10000);
}

char *number_u64(char *p, uint64_t v)
{
	if (v < 100000000)
		return put_upto_eight(p, v);
	if (v < 10000000000000000ULL) {
		p = put_upto_eight(p, v / 100000000);
		return put_eight(p, v % 100000000);
	}
	p = put_upto_eight(p, v / 10000000000000000ULL);
	v %= 10000000000000000ULL;
	p = put_eight(p, v / 100000000);
	return put_eight(p, v % 100000000);
}

/* The low @digits hexadecimal digits of @v. */
static char *put_hex(char *p, uint64_t v, int digits)
{
	int i;

	for (i = digits - 1; i >= 0; i--, v >>= 4)
		p[i] = hex_digits[v & 15];
	return p + digits;
}

static int hex_length(uint64_t v)
{
	return (67 - __builtin_clzll(v | 1)) / 4;
}

char *number_hex(char *p, uint64_t high, uint64_t low)
{
	*p++ = '0';
	*p++ = 'x';
	if (!high)
		return put_hex(p, low, hex_length(low));
	p = put_hex(p, high, hex_length(high));
	return put_hex(p, low, 16);
}

/* Infinities and NaNs, whose bits are kept. */
static char *put_special(char *p, double v, uint64_t bits)
{
	if (isinf(v))
		return p + sprintf(p, v < 0 ? "\"-inf\"" : "\"inf\"");
	p = mempcpy(p, "\"nan(", 5);
	p = number_hex(p, 0, bits);
	return mempcpy(p, ")\"", 2);
}

char *number_float(char *p, const void *data, uint32_t size)
{
	int digits = size == 4 ? 6 : 15, most = size == 4 ? 9 : 17, len;
	uint32_t bits32 = 0;
	uint64_t bits = 0;
	float f = 0;
	double v;

	if (size == 4) {
		memcpy(&f, data, sizeof(f));
		memcpy(&bits32, data, sizeof(bits32));
		bits = bits32;
		v = f;
	} else {
		memcpy(&v, data, sizeof(v));
		memcpy(&bits, data, sizeof(bits));
	}
	if (!isfinite(v))
		return put_special(p, v, bits);
	do {
		len = snprintf(p, NUMBER_MAX, "%.*g", digits, v);
	} while (digits++ < most && (size == 4 ? strtof(p, NULL) != f : strtod(p, NULL) != v));
	return p + len;
}
