// SPDX-License-Identifier: BSD-2-Clause
/*
 * Where a program is attached: "xdp dev eth0", "cgroup PATH TYPE". Words are
 * checked here without the kernel; what they name is looked up when the link
 * is made, as a script may make it first.
 */
#include <linux/if_link.h>
#include <stdlib.h>

#include "shell/base/buf.h"
#include "shell/base/compat.h"
#include "shell/base/diag.h"
#include "shell/kern/error.h"
#include "shell/kern/link.h"
#include "shell/kern/names.h"
#include "shell/kern/net.h"
#include "shell/lang/args.h"
#include "shell/lang/cmd.h"

const struct hook hooks[] = {
	{ "xdp", "packets as they arrive, in the best mode there is",
	  LINK_ON_DEVICE, BPF_XDP },
	{ "xdpgeneric", "the same behind the driver, on any device",
	  LINK_ON_DEVICE, BPF_XDP, XDP_FLAGS_SKB_MODE },
	{ "xdpdrv", "the same in the driver", LINK_ON_DEVICE, BPF_XDP,
	  XDP_FLAGS_DRV_MODE },
	{ "xdpoffload", "the same in the device", LINK_ON_DEVICE, BPF_XDP,
	  XDP_FLAGS_HW_MODE },
	{ "tcx_ingress", "packets that come in, behind XDP", LINK_ON_DEVICE,
	  BPF_TCX_INGRESS },
	{ "tcx_egress", "packets that go out", LINK_ON_DEVICE, BPF_TCX_EGRESS },
	{ "cgroup", "what the processes of a cgroup do", LINK_ON_CGROUP },
	{ "netns", "this network namespace", LINK_ON_NETNS },
	{ "raw_tp", "a raw tracepoint", LINK_ON_TRACEPOINT, BPF_TRACE_RAW_TP },
	{ 0 }
};

/* All words of a hook, its name included. */
static const unsigned char nr_words[] = {
	[LINK_ON_DEVICE] = 3, [LINK_ON_CGROUP] = 3, [LINK_ON_NETNS] = 2, [LINK_ON_TRACEPOINT] = 2
};

/* Attach types of network namespaces. */
static const char *const netns_types[] = { "sk_lookup", "flow_dissector", NULL };

static const struct hook *find_hook(const char *name)
{
	for (const struct hook *h = hooks; h->name; h++)
		if (!strcmp(h->name, name))
			return h;
	return NULL;
}

static size_t hook_take(const struct match *m, const struct arg *a, const struct word *w, size_t nr)
{
	const struct hook *h = w->text ? find_hook(w->text) : NULL;

	/* What is no hook takes all words, so that the error is about its name. */
	if (!h)
		return w->text ? nr : 1;
	return nr_words[h->place] <= nr ? nr_words[h->place] : 0;
}

static int unknown_hook(struct ctx *ctx, const char *name, struct span at)
{
	const char *names[ARRAY_SIZE(hooks)];
	struct buf all = BUF_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++) {
		names[i] = hooks[i].name;
		if (names[i])
			buf_printf(&all, "%s%s", i ? ", " : "", names[i]);
	}
	diag_error(ctx->diags, at, "a program cannot be attached to '%s'", name);
	diag_suggest(ctx->diags, name, names);
	diag_hint(ctx->diags, "one of: %s", buf_str(&all));
	buf_free(&all);
	return -1;
}

/* Hints at the nearest name of an attach type that cgroups know. */
static void suggest_cgroup_type(struct diags *d, const char *text)
{
	const char *names[64];
	size_t nr = 0;

	for (__u32 type = 0; type <= BPF_CGROUP_INET_SOCK_RELEASE; type++)
		if (kern_attach_type_short(type) && nr < ARRAY_SIZE(names) - 1)
			names[nr++] = kern_attach_type_short(type);
	names[nr] = NULL;
	diag_suggest(d, text, names);
	diag_hint(d, "types are written as 'egress' or 'cgroup_inet_egress'");
}

static int unknown_type(struct diags *d, const struct hook *h, const char *text, struct span at)
{
	diag_error(d, at, "unknown attach type '%s'", text);
	if (h->place != LINK_ON_NETNS) {
		suggest_cgroup_type(d, text);
		return -1;
	}
	diag_suggest(d, text, netns_types);
	diag_hint(d, "one of: sk_lookup, flow_dissector");
	return -1;
}

static int type_parse(struct ctx *ctx, const struct hook *h, const struct word *w,
		      struct value *out)
{
	char *text = word_text(ctx, w);
	int type;

	if (!text)
		return -1;
	type = kern_attach_type(text);
	if (type < 0)
		unknown_type(ctx->diags, h, text, w->span);
	free(text);
	*out = (struct value){ .kind = VALUE_NUM, .num = type, .span = w->span };
	return type < 0 ? -1 : 0;
}

/* The word behind the hook's name that says where, or NULL. */
static const struct word *target_word(struct ctx *ctx, const struct hook *h, const struct word *w)
{
	switch (h->place) {
	case LINK_ON_DEVICE:
		if (word_is(&w[1], "dev"))
			return &w[2];
		diag_error(ctx->diags, w[1].span, "'dev' expected behind '%s'", h->name);
		return NULL;
	case LINK_ON_CGROUP:
	case LINK_ON_TRACEPOINT:
		return &w[1];
	case LINK_ON_NETNS:
		break;
	}
	return NULL;
}

static int target_parse(struct ctx *ctx, const struct hook *h, const struct word *w,
			struct value *out)
{
	const struct word *target = target_word(ctx, h, w);
	char *text;

	if (!target)
		return h->place == LINK_ON_NETNS ? 0 : -1;
	text = word_text(ctx, target);
	if (!text)
		return -1;
	*out = (struct value){ .kind = VALUE_STR, .str = text, .span = target->span };
	return 0;
}

static int hook_parse(struct ctx *ctx, const struct arg *a, const struct word *w, size_t nr,
		      struct value *out)
{
	char *name = word_text(ctx, w);
	const struct hook *h = name ? find_hook(name) : NULL;
	struct value *parts;
	int err = -1;

	if (h && nr == nr_words[h->place]) {
		parts = xcalloc(3, sizeof(*parts));
		parts[0] = (struct value){ .kind = VALUE_NUM, .num = h - hooks, .span = w->span };
		parts[2] = (struct value){ .kind = VALUE_NUM, .num = h->attach_type };
		*out = (struct value){ .kind = VALUE_LIST, .values = { parts, 3 } };
		err = target_parse(ctx, h, w, &parts[1]);
		if (!err && (h->place == LINK_ON_CGROUP || h->place == LINK_ON_NETNS))
			err = type_parse(ctx, h, &w[nr - 1], &parts[2]);
	} else if (h) {
		diag_error(ctx->diags, w->span, "'%s' must be written as a word here", name);
	} else if (name) {
		unknown_hook(ctx, name, w->span);
	}
	free(name);
	return err;
}

static void add_device(void *arg, const char *name, const char *device)
{
	candidate_add(arg, name, device, false);
}

static void device_complete(struct ctx *ctx, const struct match *m, const struct arg *a,
			    const struct word *w, size_t nr, struct candidates *c)
{
	struct buf why = BUF_INIT, hint = BUF_INIT;
	int err = kern_device_names(add_device, c);

	if (err && !c->trouble) {
		kern_reason(&why, &hint, KERN_OTHER, -err);
		buf_free(&hint);
		buf_str(&why);
		c->trouble = buf_detach(&why);
	}
}

static void complete_cgroup_types(struct candidates *c)
{
	for (__u32 type = 0; type <= BPF_CGROUP_INET_SOCK_RELEASE; type++)
		if (kern_attach_type_short(type))
			candidate_add(c, kern_attach_type_short(type), kern_attach_type_name(type),
				      false);
}

static void hook_complete(struct ctx *ctx, const struct match *m, const struct arg *a,
			  const struct word *w, size_t nr, struct candidates *c)
{
	const struct hook *h = nr && w->text ? find_hook(w->text) : NULL;

	if (!nr)
		for (h = hooks; h->name; h++)
			candidate_add(c, h->name, h->help, false);
	else if (h && h->place == LINK_ON_DEVICE && nr == 1)
		candidate_add(c, "dev", NULL, false);
	else if (h && h->place == LINK_ON_DEVICE)
		device_complete(ctx, m, a, w, nr, c);
	else if (h && h->place == LINK_ON_CGROUP && nr == 1)
		arg_file.complete(ctx, m, a, w, nr, c);
	else if (h && h->place == LINK_ON_CGROUP)
		complete_cgroup_types(c);
	else if (h && h->place == LINK_ON_NETNS)
		for (const char *const *t = netns_types; *t; t++)
			candidate_add(c, *t, NULL, false);
}

struct link_def hook_def(const struct value *hook)
{
	const struct value *parts = hook->values.list;
	const struct hook *h = &hooks[parts[0].num];

	return (struct link_def){
		.place = h->place, .attach_type = parts[2].num, .flags = h->flags,
		.target = parts[1].kind == VALUE_STR ? parts[1].str : NULL,
	};
}

static int hook_look(struct ctx *ctx, const struct value *v)
{
	const struct value *target = &v->values.list[1];
	struct link_def def = hook_def(v);

	return place_look(ctx, &def, target->kind == VALUE_STR ? target->span : v->span);
}

int place_look(struct ctx *ctx, const struct link_def *def, struct span at)
{
	struct link_spot spot;
	int err = kern_link_find(def, &spot, at, ctx->diags);

	link_spot_free(&spot);
	return err;
}

static int device_look(struct ctx *ctx, const struct value *v)
{
	return place_look(ctx, &(struct link_def){ LINK_ON_DEVICE, .target = v->str }, v->span);
}

const struct arg_type arg_device = {
	.name = "DEVICE", .parse = arg_parse_string, .complete = device_complete,
	.look = device_look
};

const struct arg_type arg_hook = {
	.name = "HOOK", .take = hook_take, .parse = hook_parse, .complete = hook_complete,
	.look = hook_look, .pure = true
};
