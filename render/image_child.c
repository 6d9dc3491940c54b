// SPDX-License-Identifier: BSD-2-Clause
#include <dlfcn.h>
#include <stdio.h>

#include <graphviz/cgraph.h>
#include <graphviz/gvc.h>

#include "render/dot.h"
#include "render/image_child.h"

/*
 * Graphviz is not linked, as merely loading it costs more than most commands
 * take. The types are those of its headers, so the compiler checks each call.
 */
#define GRAPHVIZ_FUNCTIONS(X) \
	X(cgraph, agmemread) \
	X(gvc, gvContext) \
	X(gvc, gvLayout) \
	X(gvc, gvRender)

struct graphviz {
#define MEMBER(lib, fn) __typeof__(fn) *fn;
	GRAPHVIZ_FUNCTIONS(MEMBER)
#undef MEMBER
};

static enum child_status open_graphviz(struct graphviz *gv)
{
	void *cgraph = dlopen(LIBCGRAPH, RTLD_NOW | RTLD_GLOBAL);
	void *gvc = dlopen(LIBGVC, RTLD_NOW | RTLD_GLOBAL);

	if (!cgraph || !gvc) {
		fprintf(stderr, "%s\n", dlerror());
		return CHILD_NO_GRAPHVIZ;
	}
#define LOOK_UP(lib, fn) \
	gv->fn = (__typeof__(fn) *)dlsym(lib, #fn); \
	if (!gv->fn) \
		return CHILD_OLD_GRAPHVIZ;
	GRAPHVIZ_FUNCTIONS(LOOK_UP)
#undef LOOK_UP
	return CHILD_DONE;
}

/* What graphviz calls the format. */
static const char *const device_names[] = {
	[IMAGE_PNG] = "png",
	[IMAGE_SVG] = "svg",
	[IMAGE_PDF] = "pdf",
};

/* Sides from which on cairo scales a bitmap down by itself. */
#define PIXELS_MAX 32767

/* Whether a bitmap of this graph, once laid out, keeps its scale. */
static bool fits_bitmap(graph_t *g)
{
	const double scale = 96 / 72.0, pad = 2 * 0.2 * 96;
	boxf bb = GD_bb(g);

	return (bb.UR.x - bb.LL.x) * scale + pad < PIXELS_MAX && (bb.UR.y - bb.LL.y) * scale + pad < PIXELS_MAX;
}

static enum child_status draw(struct graphviz *gv, const char *dot, const char *engine,
			      enum image_format format, int out)
{
	graph_t *g = gv->agmemread(dot);
	GVC_t *gvc = gv->gvContext();
	FILE *f = fdopen(out, "wb");

	if (!g || !gvc || !f)
		return CHILD_BAD_GRAPH;
	if (gv->gvLayout(gvc, g, engine))
		return CHILD_NO_LAYOUT;
	if (format == IMAGE_PNG && !fits_bitmap(g))
		return CHILD_TOO_LARGE;
	if (gv->gvRender(gvc, g, device_names[format], f))
		return CHILD_NO_FORMAT;
	return fflush(f) || ferror(f) ? CHILD_NO_ROOM : CHILD_DONE;
}

enum child_status child_draw(const struct cfg *cfg, const struct image_options *o, int out)
{
	struct dot_options dot = DOT_DEFAULTS;
	struct buf text = BUF_INIT;
	enum child_status status;
	struct graphviz gv;

	status = open_graphviz(&gv);
	if (status)
		return status;
	dot.func = o->one_func ? o->func : CFG_NONE;
	dot.tooltips = o->format == IMAGE_SVG;
	dot_write(&text, cfg, &dot);
	return draw(&gv, buf_str(&text), "dot", o->format, out);
}
