// SPDX-License-Identifier: BSD-2-Clause
/* The child that draws: it loads graphviz where it has to. */
#include <math.h>
#include <stdio.h>

#include <graphviz/cgraph.h>
#include <graphviz/gvc.h>

#include "render/picture/dot.h"
#include "render/picture/image_child.h"
#include "render/picture/page.h"
#include "render/picture/svg.h"
#include "render/sink/out.h"
#include "shell/base/buf.h"
#include "shell/base/library.h"
#include "sonames.h"

/*
 * Graphviz is not linked, as merely loading it costs more than most commands
 * take. The types are those of its headers, so the compiler checks each call.
 */
#define CGRAPH_FUNCTIONS(X) X(agmemread)
#define GVC_FUNCTIONS(X) X(gvContext) X(gvLayout) X(gvRender)

LIBRARY_NOTE(gvc, LIBGVC, "pictures", "graphs as PNG and PDF", LIBRARY_RECOMMENDED);
LIBRARY_NOTE(cgraph, LIBCGRAPH, "pictures", "graphs as PNG and PDF", LIBRARY_RECOMMENDED);

struct graphviz {
	struct { CGRAPH_FUNCTIONS(LIBRARY_POINTER) } cgraph;
	struct { GVC_FUNCTIONS(LIBRARY_POINTER) } gvc;
};

static enum child_status open_graphviz(struct graphviz *gv)
{
	static const struct library_function cgraph[] = { CGRAPH_FUNCTIONS(LIBRARY_LEFT_OUT) };
	static const struct library_function gvc[] = { GVC_FUNCTIONS(LIBRARY_LEFT_OUT) };
	enum library_status status;

	status = library_open_global(LIBGVC, gvc, ARRAY_SIZE(gvc), &gv->gvc);
	if (status == LIBRARY_OPEN)
		status = library_open_global(LIBCGRAPH, cgraph, ARRAY_SIZE(cgraph), &gv->cgraph);
	if (status == LIBRARY_MISSING)
		fprintf(stderr, "%s\n", library_error());
	return status == LIBRARY_ABSENT ? CHILD_WITHOUT_GRAPHVIZ :
	       status == LIBRARY_MISSING ? CHILD_NO_GRAPHVIZ :
	       status == LIBRARY_OLD ? CHILD_OLD_GRAPHVIZ : CHILD_DONE;
}

/* What graphviz calls the format. */
static const char *const device_names[] = {
	[IMAGE_PNG] = "png",
	[IMAGE_PDF] = "pdf",
};

/* Sides from which on cairo scales a bitmap down by itself. */
#define PIXELS_MAX 32767

static enum child_status draw(struct graphviz *gv, const char *dot, enum image_format format,
			      int out)
{
	graph_t *g = gv->cgraph.agmemread(dot);
	GVC_t *gvc = gv->gvc.gvContext();
	FILE *f = fdopen(out, "wb");

	if (!g || !gvc || !f)
		return CHILD_BAD_GRAPH;
	if (gv->gvc.gvLayout(gvc, g, "nop2"))
		return CHILD_NO_LAYOUT;
	if (gv->gvc.gvRender(gvc, g, device_names[format], f))
		return CHILD_NO_FORMAT;
	return fflush(f) || ferror(f) ? CHILD_NO_ROOM : CHILD_DONE;
}

/*
 * How much is told of each block as graphs get larger, at text of no less than
 * 9 pixels (10 points at 66 dpi).
 */
static const struct level {
	uint32_t blocks;	/* formats without pixels: up to so many */
	uint32_t body, columns;
	int terse;
	double gap;
	int dpi;
} levels[] = {
	{ 300, 24, 72, 0, 1, 96 },
	{ 1000, 10, 56, 0, 1, 96 },
	{ UINT32_MAX, 6, 44, 0, 0.8, 84 },
	{ UINT32_MAX, 0, 32, 1, 0.6, 72 },
	{ UINT32_MAX, 0, 26, 1, 0.5, 66 },
	{ UINT32_MAX, 0, 24, 2, 0.5, 66 },
};

/* Points, without the margins: the format ends at 200 inches. */
#define PDF_SIDE_MAX (14400.0 - 72)

/* Encoding takes a second for about every 20 million pixels. */
#define PIXELS_WANTED 40e6
#define PIXELS_AT_MOST 120e6

static bool is_last(const struct level *level)
{
	return level == &levels[ARRAY_SIZE(levels) - 1];
}

/* Whether a bitmap of a page of that many points is one to write at @level. */
static bool fits_bitmap(const struct level *level, struct point size)
{
	double w = size.x * level->dpi / 72, h = size.y * level->dpi / 72;

	return w < PIXELS_MAX && h < PIXELS_MAX &&
	       w * h <= (is_last(level) ? PIXELS_AT_MOST : PIXELS_WANTED);
}

/* Not all programs show a larger page whole, but that is no reason for none. */
static bool fits_page(const struct level *level, struct point size)
{
	return is_last(level) || fmax(size.x, size.y) <= PDF_SIDE_MAX;
}

/* Whether a picture as @page, set for @level, says is no larger than it should be. */
static bool fits(const struct level *level, const struct cfg *cfg, const struct image_options *o,
		 const struct page_options *page)
{
	uint32_t blocks = o->one_func ? cfg->funcs[o->func].nr_blocks : cfg->nr_blocks;

	if (o->format == IMAGE_PNG)
		return fits_bitmap(level, page_size(cfg, page));
	if (blocks > level->blocks)
		return false;
	return o->format != IMAGE_PDF || fits_page(level, page_size(cfg, page));
}

/* Chooses how much is told of each block; false: nothing fits. */
static bool choose_level(const struct cfg *cfg, const struct image_options *o,
			 struct page_options *page)
{
	page->placed = true;
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		const struct level *level = &levels[i];

		page->body = level->body;
		page->columns = level->columns;
		page->terse = level->terse;
		page->gap = level->gap;
		page->dpi = o->format == IMAGE_PNG ? level->dpi : 0;
		if (fits(level, cfg, o, page))
			return true;
	}
	return false;
}

static enum child_status draw_with_graphviz(const struct cfg *cfg, const struct page_options *page,
					    enum image_format format, int out)
{
	struct buf text = BUF_INIT;
	struct graphviz gv;
	enum child_status status = open_graphviz(&gv);

	if (status)
		return status;
	dot_write(&text, cfg, page);
	return draw(&gv, buf_str(&text), format, out);
}

enum child_status child_draw(const struct cfg *cfg, const struct image_options *o, int out)
{
	struct page_options page = PAGE_DEFAULTS;
	struct buf text = BUF_INIT;

	page.func = o->one_func ? o->func : CFG_NONE;
	if (!choose_level(cfg, o, &page))
		return CHILD_TOO_LARGE;
	if (o->format != IMAGE_SVG)
		return draw_with_graphviz(cfg, &page, o->format, out);
	svg_write(&text, cfg, &page);
	return out_all(out, text.data, text.len) ? CHILD_NO_ROOM : CHILD_DONE;
}
