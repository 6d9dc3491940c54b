// SPDX-License-Identifier: BSD-2-Clause
/* The functions or places of a probe that has several, for the listings that show such. */
#include <string.h>

#include "commands/places.h"
#include "shell/base/buf.h"
#include "shell/base/text.h"
#include "shell/kern/probe.h"
#include "shell/kern/symbols.h"

/* Plain output has so many places of a "..._multi", JSON all that were read. */
#define PLACES_SHOWN 8

/* The function that a place lies in: "" where it is a file's, or not told. */
static const char *function_at(const struct kern_probe *p, const struct probe_place *place)
{
	__u64 offset;

	return p->point == PROBE_FILE || !place->at ? "" : kern_symbol_near(place->at, &offset);
}

static void put_place(struct buf *b, const struct kern_probe *p, const struct probe_place *place)
{
	const char *function = function_at(p, place);

	if (p->point == PROBE_FILE)
		buf_printf(b, "offset %llu", place->at);
	else
		buf_puts(b, *function ? function : "unknown");
	if (place->cookie)
		buf_printf(b, " cookie %llu", place->cookie);
	if (place->counter)
		buf_printf(b, " ref_ctr_offset %llu", place->counter);
}

static void put_place_json(struct buf *b, const struct kern_probe *p,
			   const struct probe_place *place)
{
	const char *function = function_at(p, place);

	buf_printf(b, "{\"%s\":%llu", p->point == PROBE_FILE ? "offset" : "addr", place->at);
	if (*function) {
		buf_puts(b, ",\"func\":");
		buf_json_string(b, function, strlen(function));
	}
	if (place->cookie)
		buf_printf(b, ",\"cookie\":%llu", place->cookie);
	if (place->counter)
		buf_printf(b, ",\"ref_ctr_offset\":%llu", place->counter);
	buf_puts(b, "}");
}

void places_draw(const struct kern_probe *p, struct buf *text, struct buf *json)
{
	for (__u32 i = 0; i < p->nr_places; i++) {
		if (i < PLACES_SHOWN) {
			buf_puts(text, i ? ", " : "");
			put_place(text, p, &p->places[i]);
		}
		buf_puts(json, i ? "," : "[");
		put_place_json(json, p, &p->places[i]);
	}
	if (p->count > PLACES_SHOWN)
		buf_printf(text, ", and %u more", p->count - PLACES_SHOWN);
	buf_puts(json, "]");
}
