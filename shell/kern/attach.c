// SPDX-License-Identifier: BSD-2-Clause
/* Why the kernel refuses to attach a program, or to put another in its place. */
#include <errno.h>
#include <net/if.h>

#include "shell/base/buf.h"
#include "shell/base/compat.h"
#include "shell/base/diag.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/hook.h"
#include "shell/kern/link.h"
#include "shell/kern/names.h"
#include "shell/kern/object.h"
#include "shell/kern/rights.h"
#include "shell/kern/since.h"

/* "program 'filter'"; NULL: it is not told which. */
static void name_prog(struct buf *out, const struct handle *prog)
{
	if (!prog)
		buf_puts(out, "the program");
	else if (*prog->name)
		buf_printf(out, "program '%s'", prog->name);
	else
		buf_printf(out, "program %u", prog->id);
}

void link_spot_name(struct buf *out, const struct link_spot *spot, const char *target)
{
	char device[IF_NAMESIZE];

	if (target)
		buf_printf(out, "'%s'", target);
	else if (spot->ifindex && if_indextoname(spot->ifindex, device))
		buf_printf(out, "'%s'", device);
	else
		buf_puts(out, spot->hook->unnamed);
}

/* "type xdp" */
static void name_type(struct buf *out, __u32 type)
{
	const char *name = kern_prog_type_name(type);

	if (name)
		buf_printf(out, "type %s", name);
	else
		buf_printf(out, "type %u", type);
}

/* True where the program's type is the trouble. */
static bool type_trouble(struct buf *why, const struct handle *prog, __u32 wanted)
{
	struct bpf_prog_info info;

	if (kern_prog_info(prog->fd, &info) || info.type == wanted)
		return false;
	buf_puts(why, "the program has ");
	name_type(why, info.type);
	buf_puts(why, ", and it takes ");
	name_type(why, wanted);
	return true;
}

/* True where the kernel knows no such place, which it answers EINVAL to. */
static bool place_missing(struct buf *why, struct buf *hint, __u32 attach_type)
{
	const struct since *since = since_find(SINCE_ATTACH, attach_type);

	if (!kern_lacks(why, SINCE_ATTACH, attach_type))
		return false;
	if (since && since->instead)
		buf_puts(hint, since->instead);
	return true;
}

static void put_occupant(struct buf *why, const struct occupant *o)
{
	if (!o->links)
		buf_puts(why, ", attached without a link");
	else if (o->links == 1)
		buf_printf(why, ", by link %u", o->link_id);
	else
		buf_printf(why, ", by one of %u links that tell the same device number", o->links);
}

/* True where what is there already is the trouble. */
static bool occupied(struct buf *why, const struct handle *prog, const struct link_spot *spot,
		     int err)
{
	const struct hook *h = spot->hook;
	struct occupant o = { 0 };
	bool found;

	if (!h->taken || !h->taken(spot, err))
		return false;
	found = h->occupant(spot, prog->fd, &o);
	h->say_taken(why, spot, found ? &o : NULL, err);
	if (found)
		put_occupant(why, &o);
	return why->len;
}

/* True where the program, or what is at the spot, is to blame, or the errno has a reason there. */
static bool spot_trouble(struct buf *why, struct buf *hint, const struct handle *prog,
			 const struct link_spot *spot, int err)
{
	const struct hook_type *own = hook_own_type(spot->hook, spot->attach_type);
	const struct hook_type *t = own ? own : hook_type(spot->attach_type);
	const struct refusal *r;

	if (err == EINVAL && (place_missing(why, hint, spot->attach_type) ||
			      (t && t->prog_type && type_trouble(why, prog, t->prog_type))))
		return true;
	if (occupied(why, prog, spot, err))
		return true;
	r = err == EPERM && rights_missing(KERN_ATTACHING, spot->attach_type) ? NULL :
	    hook_refusal(spot->hook, err);
	if (!r)
		return false;
	buf_puts(why, r->text);
	if (r->hint)
		buf_puts(hint, r->hint);
	return true;
}

/* Says it, and lets go of the three. */
static int cannot(struct diags *d, struct span at, struct buf *what, struct buf *why,
		  struct buf *hint)
{
	diag_error(d, at, "cannot %s: %s", buf_str(what), buf_str(why));
	if (hint->len)
		diag_hint(d, "%s", buf_str(hint));
	buf_free(what);
	buf_free(why);
	buf_free(hint);
	return -1;
}

int kern_link_create_error(struct diags *d, struct span at, const struct handle *prog,
			   const struct link_spot *spot, const char *target, int err)
{
	struct buf head = BUF_INIT, why = BUF_INIT, hint = BUF_INIT;

	buf_puts(&head, "attach ");
	name_prog(&head, prog);
	buf_puts(&head, " to ");
	link_spot_name(&head, spot, target);
	if (!spot_trouble(&why, &hint, prog, spot, err))
		call_reason(&why, &hint, KERN_ATTACHING, spot->attach_type, err);
	return cannot(d, at, &head, &why, &hint);
}

int kern_link_plan(struct diags *d, struct span at, const struct handle *prog,
		   const struct link_def *def)
{
	const struct link_spot spot = { .hook = def->hook, .attach_type = def->attach_type };
	struct buf why = BUF_INIT;
	bool missing = since_find(SINCE_ATTACH, def->attach_type) &&
		       kern_lacks(&why, SINCE_ATTACH, def->attach_type);

	buf_free(&why);
	return missing ? kern_link_create_error(d, at, prog, &spot, def->target, EINVAL) : 0;
}

/* True where a link attaches the program there, which it alone can take off. */
static bool linked(struct buf *why, struct buf *hint, const struct handle *prog,
		   const struct link_spot *spot)
{
	struct occupant o = { .prog_id = prog ? prog->id : 0 };

	if (!prog || !spot->hook->is_at)
		return false;
	occupant_links(&o, spot);
	if (!o.links)
		return false;
	buf_printf(why, "it is attached by link %u", o.link_id);
	buf_printf(hint, "'link detach id %u' takes it off", o.link_id);
	return true;
}

int kern_detach_error(struct diags *d, struct span at, const struct handle *prog,
		      const struct link_spot *spot, const char *target, int err)
{
	struct buf head = BUF_INIT, why = BUF_INIT, hint = BUF_INIT;

	buf_puts(&head, "detach ");
	name_prog(&head, prog);
	buf_puts(&head, " from ");
	link_spot_name(&head, spot, target);
	if (!(err == EINVAL && place_missing(&why, &hint, spot->attach_type)) &&
	    !((err == ENOENT || err == EBUSY) && linked(&why, &hint, prog, spot)))
		call_reason(&why, &hint, KERN_ATTACHING, spot->attach_type, err);
	return cannot(d, at, &head, &why, &hint);
}

/* Why a link refuses another program. */
static void update_trouble(struct buf *why, const struct bpf_link_info *info,
			   const struct handle *old, const struct handle *prog)
{
	const char *type = kern_link_type_name(info->type);
	struct bpf_prog_info old_info;

	if (old && !kern_prog_info(old->fd, &old_info) && type_trouble(why, prog, old_info.type))
		return;
	buf_printf(why, "links of type %s take no other program, or this one was loaded for "
		   "another attach type", type ? type : "unknown");
}

int kern_link_update_error(struct diags *d, struct span at, const struct handle *link,
			   const struct handle *old, const struct handle *prog, int err)
{
	struct bpf_link_info info = { 0 };
	struct buf why = BUF_INIT;

	kern_link_info(link->fd, &info);
	if (err == EPERM && old && info.prog_id != old->id) {
		diag_error(d, at, "cannot update link %u: it now runs program %u, not %u", link->id,
			   info.prog_id, old->id);
		diag_hint(d, "somebody else updated it meanwhile");
	} else if (err == ENOLINK) {
		diag_error(d, at, "cannot update link %u: it is severed", link->id);
		diag_hint(d, "what it was attached to is gone, or it was detached; "
			  "'link create' makes a new one");
	} else if (err == EINVAL) {
		update_trouble(&why, &info, old, prog);
		diag_error(d, at, "cannot update link %u: %s", link->id, buf_str(&why));
	} else {
		kern_call_error(d, at, KERN_USING, err, "update link %u", link->id);
	}
	buf_free(&why);
	return -1;
}
