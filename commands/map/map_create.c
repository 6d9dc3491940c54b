// SPDX-License-Identifier: BSD-2-Clause
/* New maps: types from BTF, flags by name. */
#include <bpf/btf.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/common.h"
#include "commands/map/map.h"
#include "commands/pins.h"
#include "shell/base/alloc.h"
#include "shell/base/compat.h"
#include "shell/base/diag.h"
#include "shell/kern/btf.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/map.h"
#include "shell/kern/map_traits.h"
#include "shell/kern/names.h"
#include "shell/kern/object.h"
#include "shell/lang/args.h"
#include "shell/lang/cmd.h"
#include "shell/lang/grammar.h"
#include "shell/lang/value.h"
#include "shell/op/ops.h"
#include "shell/txn/txn.h"

enum { CREATE_PATH, CREATE_TYPE, CREATE_KEY, CREATE_VALUE, CREATE_ENTRIES, CREATE_NAME,
       CREATE_FLAGS, CREATE_INNER, CREATE_EXTRA, CREATE_NUMA, CREATE_BTF, CREATE_KEY_TYPE,
       CREATE_VALUE_TYPE };

/* BPF_F_ flags by bit, as linux/bpf.h names them; those that create sets itself have no name. */
static const char *const flag_names[] = {
	"no_prealloc", "no_common_lru", "numa_node", "rdonly", "wronly", "stack_build_id",
	"zero_seed", "rdonly_prog", "wronly_prog", "clone", "mmapable", "preserve_elems",
	"inner_map", "link", "path_fd", "vtype_btf_obj_fd", "token_fd", "segv_on_fault",
	"no_user_conv", "rb_overwrite", NULL
};

#define FLAG_PREFIX "BPF_F_"

/* "no_prealloc" for "BPF_F_NO_PREALLOC"; other names as they are. */
static void bare_flag(char *name)
{
	size_t len = strlen(FLAG_PREFIX);

	if (strncmp(name, FLAG_PREFIX, len))
		return;
	memmove(name, name + len, strlen(name + len) + 1);
	for (; *name; name++)
		*name = tolower((unsigned char)*name);
}

static int add_flag(struct ctx *ctx, char *name, struct span at, __u64 *flags)
{
	bare_flag(name);
	for (size_t i = 0; flag_names[i]; i++) {
		if (!strcmp(flag_names[i], name)) {
			*flags |= 1u << i;
			return 0;
		}
	}
	diag_error(ctx->diags, at, "unknown map flag '%s'", name);
	diag_suggest(ctx->diags, name, flag_names);
	diag_hint(ctx->diags, "names of <linux/bpf.h>, or without BPF_F_ in lower case");
	return -1;
}

/* "0x81", "no_prealloc,rdonly_prog" or "BPF_F_NO_PREALLOC|BPF_F_RDONLY_PROG" */
static int flags_parse(struct ctx *ctx, const struct arg *a, const struct word *w, size_t nr,
		       struct value *out)
{
	char *text = word_text(ctx, w), *rest = text, *name;
	__u64 flags = 0;
	int err = 0;

	if (!text)
		return -1;
	if (*text >= '0' && *text <= '9') {
		free(text);
		return arg_number.parse(ctx, a, w, nr, out);
	}
	while (!err && (name = strsep(&rest, ",|")))
		err = add_flag(ctx, name, w->span, &flags);
	free(text);
	if (!err)
		*out = (struct value){ .kind = VALUE_NUM, .num = flags };
	return err;
}

static void flags_complete(struct ctx *ctx, const struct match *m, const struct arg *a,
			   const struct word *w, size_t nr, struct candidates *c)
{
	const char *last = c->prefix;
	bool header;

	for (const char *p = last; *p; p++)
		last = strchr(",|", *p) ? p + 1 : last;
	header = !strncmp(last, "BPF", 3);
	for (size_t i = 0; flag_names[i]; i++) {
		char *text = xasprintf("%.*s%s%s", (int)(last - c->prefix), c->prefix,
				       header ? FLAG_PREFIX : "", flag_names[i]);

		for (char *p = text + (last - c->prefix); header && *p; p++)
			*p = toupper((unsigned char)*p);
		candidate_add(c, text, NULL, false);
		free(text);
	}
}

/* VALUE_NUM. */
static const struct arg_type arg_map_flags = {
	.name = "FLAG,...", .parse = flags_parse, .complete = flags_complete, .pure = true
};

/* "struct flow" is two words; all other types are one. */
static size_t type_take(const struct match *m, const struct arg *a, const struct word *w, size_t nr)
{
	if (!word_is(w, "struct") && !word_is(w, "union") && !word_is(w, "enum"))
		return 1;
	return nr > 1 ? 2 : 0;
}

static int type_parse(struct ctx *ctx, const struct arg *a, const struct word *w, size_t nr,
		      struct value *out)
{
	char *first = word_text(ctx, w), *second = nr > 1 ? word_text(ctx, w + 1) : NULL;

	if (first && (second || nr == 1))
		*out = (struct value){ .kind = VALUE_STR,
				       .str = second ? xasprintf("%s %s", first, second) :
						       xstrdup(first) };
	free(first);
	free(second);
	return out->kind == VALUE_STR ? 0 : -1;
}

/* A variable with BTF, a BTF object's ID, or an object file. */
static int source_parse(struct ctx *ctx, const struct arg *a, const struct word *w, size_t nr,
			struct value *out)
{
	if (word_value(ctx, w, out))
		return -1;
	if (out->kind == VALUE_HANDLE)
		return 0;
	if (out->kind == VALUE_STR && (*out->str < '0' || *out->str > '9'))
		return 0;
	value_free(out);
	*out = (struct value){ 0 };
	return arg_btf.parse(ctx, a, w, nr, out);
}

static void source_complete(struct ctx *ctx, const struct match *m, const struct arg *a,
			    const struct word *w, size_t nr, struct candidates *c)
{
	arg_prog.complete(ctx, m, a, w, nr, c);
	arg_file.complete(ctx, m, a, w, nr, c);
}

/* The types that a new map is created with. */
struct types {
	struct btf *btf;
	int fd;				/* of a BTF object that the kernel has; -1: @btf is loaded */
	struct span at;
};

static __u32 btf_of(const struct handle *h)
{
	struct bpf_prog_info info = { 0 };

	if (h->kind == OBJ_BTF)
		return h->id;
	if (h->kind == OBJ_MAP)
		return h->map.btf_id;
	return h->kind == OBJ_PROG && !kern_prog_info(h->fd, &info) ? info.btf_id : 0;
}

static int types_open(struct ctx *ctx, const struct value *source, struct types *t)
{
	*t = (struct types){ .fd = -1, .at = source->span };
	if (source->kind == VALUE_HANDLE) {
		__u32 id = btf_of(source->handle);

		if (!id)
			return diag_error(ctx->diags, source->span, "this %s has no BTF",
					  object_names[source->handle->kind]);
		t->btf = kern_btf(id);
		if (!t->btf)
			return kern_call_error(ctx->diags, source->span, KERN_LISTING, errno,
					       "read BTF %u", id);
		t->fd = kern_open_id(OBJ_BTF, id);
		return t->fd < 0 ? kern_call_error(ctx->diags, source->span, KERN_LISTING,
						   -t->fd, "open BTF %u", id) : 0;
	}
	t->btf = kern_btf_file(source->str, source->span, ctx->diags);
	return t->btf ? 0 : -1;
}

static void types_close(struct types *t)
{
	btf__free(t->btf);
	if (t->fd >= 0)
		close(t->fd);
}

static int source_look(struct ctx *ctx, const struct value *v)
{
	struct types t;
	int err = types_open(ctx, v, &t);

	types_close(&t);
	return err;
}

/* VALUE_HANDLE, or VALUE_STR: a file. */
static const struct arg_type arg_btf_source = {
	.name = "FILE|$PROG|ID", .parse = source_parse, .complete = source_complete,
	.look = source_look
};

/* A type's ID; -1 with a diagnostic. */
static __s64 type_id(struct ctx *ctx, const struct types *t, const struct value *name)
{
	__s64 id = kern_btf_find(t->btf, name->str);

	return id < 0 ? diag_error(ctx->diags, name->span, "no type '%s' there", name->str) : id;
}

/* Where the command has an argument that says where types are from, and it was given. */
static int type_look(struct ctx *ctx, const struct value *v)
{
	const struct value *source = NULL;
	struct types t;
	int i = 0, err;

	for_each_arg(ctx->cmd, a) {
		if (a->type == &arg_btf_source)
			source = &ctx->argv[i];
		i++;
	}
	if (!source || source->kind == VALUE_NONE)
		return 0;
	err = types_open(ctx, source, &t) || type_id(ctx, &t, v) < 0 ? -1 : 0;
	types_close(&t);
	return err;
}

/* What the argument before this one says about where types are from; NULL where nothing does. */
static struct btf *types_at_hand(struct ctx *ctx, const struct match *m)
{
	struct value source = { 0 };
	struct types t = { .fd = -1 };
	int i = 0;

	for_each_arg(m->cmd, a) {
		const struct slot *slot = m->args[i].nr ? &m->args[i].slots[0] : NULL;

		if (slot && (a->type == &arg_btf_source || a->type == &arg_map) &&
		    !a->type->parse(ctx, a, m->words + slot->first, slot->nr, &source)) {
			if (a->type == &arg_map)
				t.btf = map_users_btf(source.handle);
			else if (types_open(ctx, &source, &t))
				t.btf = NULL;
			break;
		}
		i++;
	}
	value_free(&source);
	if (t.fd >= 0)
		close(t.fd);
	return t.btf;
}

/* The word before the name of such a type; NULL for kinds that are no values. */
static const char *type_keyword(const struct btf_type *t)
{
	switch (btf_kind(t)) {
	case BTF_KIND_STRUCT:
		return "struct";
	case BTF_KIND_UNION:
		return "union";
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return "enum";
	case BTF_KIND_INT:
	case BTF_KIND_TYPEDEF:
		return "";
	}
	return NULL;
}

/* Names behind "struct"; without that word, whatever has a name of its own, and these words. */
static void type_complete(struct ctx *ctx, const struct match *m, const struct arg *a,
			  const struct word *w, size_t nr, struct candidates *c)
{
	static const char *const keywords[] = { "struct", "union", "enum" };
	struct btf *btf = types_at_hand(ctx, m);

	for (size_t i = 0; !nr && i < ARRAY_SIZE(keywords); i++)
		candidate_add(c, keywords[i], NULL, false);
	for (__u32 id = 1; btf && id < btf__type_cnt(btf); id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);
		const char *keyword = type_keyword(t), *name = btf__name_by_offset(btf, t->name_off);

		if (keyword && name && *name && (nr ? word_is(w, keyword) : !*keyword))
			candidate_add(c, name, NULL, false);
	}
	btf__free(btf);
}

const struct arg_type arg_c_type = {
	.name = "TYPE", .take = type_take, .parse = type_parse, .complete = type_complete,
	.look = type_look
};

/* One type: its ID, and the size, unless that was given and is another one. */
static int find_type(struct ctx *ctx, const struct types *t, const struct value *name,
		     const char *what, __u32 *id, __u32 *size)
{
	__s64 found, bytes;

	if (name->kind != VALUE_STR)
		return 0;
	if (!t->btf) {
		diag_error(ctx->diags, name->span, "a %s type needs to know where from", what);
		diag_hint(ctx->diags, "add 'btf FILE.o', or 'btf $prog'");
		return -1;
	}
	found = type_id(ctx, t, name);
	if (found < 0)
		return -1;
	bytes = found > 0 ? btf__resolve_size(t->btf, found) : 0;
	if (bytes <= 0)
		return diag_error(ctx->diags, name->span, "type '%s' has no size", name->str);
	if (*size && *size != bytes)
		return diag_error(ctx->diags, name->span, "'%s' has %" PRId64 " bytes, not the %u of "
				  "the %s", name->str, (int64_t)bytes, *size, what);
	*id = found;
	*size = bytes;
	return 0;
}

static __u64 number_or(const struct value *v, __u64 otherwise)
{
	return v->kind == VALUE_NUM ? v->num : otherwise;
}

/* Fills in the BTF part; the descriptor of the types is that of @t. */
static int define_types(struct ctx *ctx, struct value *argv, struct types *t, struct map_def *def)
{
	if (argv[CREATE_BTF].kind != VALUE_NONE && types_open(ctx, &argv[CREATE_BTF], t))
		return -1;
	if (find_type(ctx, t, &argv[CREATE_KEY_TYPE], "key", &def->btf_key_type_id,
		      &def->key_size) ||
	    find_type(ctx, t, &argv[CREATE_VALUE_TYPE], "value", &def->btf_value_type_id,
		      &def->value_size))
		return -1;
	if (!def->btf_value_type_id && t->btf) {
		diag_error(ctx->diags, t->at, "BTF is given, but no value type");
		diag_hint(ctx->diags, "add 'value_type TYPE'");
		return -1;
	}
	if (!t->btf || txn_planning(ctx->s))
		return 0;
	if (t->fd < 0)
		t->fd = kern_btf_load(t->btf);
	def->btf_fd = t->fd;
	return def->btf_fd < 0 ?
	       kern_call_error(ctx->diags, t->at, KERN_BTF_LOADING, -def->btf_fd,
			       "load the types into the kernel") : 0;
}

/* What --plan works on: a map that does not exist. */
static struct handle *planned_map(const struct map_def *def)
{
	struct handle *h = handle_new(OBJ_MAP, -1, 0, def->name ? def->name : "");

	h->map.type = def->type;
	h->map.key_size = def->key_size;
	h->map.value_size = def->value_size;
	h->map.max_entries = def->max_entries;
	h->map.flags = def->flags;
	return h;
}

static int create(struct ctx *ctx, struct value *argv, const struct map_def *def)
{
	struct handle *map = txn_planning(ctx->s) ? planned_map(def) : NULL;
	int err = map ? kern_map_plan(ctx->diags, ctx->span, map) : 0;

	if (err || txn_do(ctx, op_map_create(def, &map, ctx->span))) {
		handle_put(map);
		return -1;
	}
	err = argv[CREATE_PATH].kind == VALUE_STR ?
	      txn_do(ctx, op_pin(map, argv[CREATE_PATH].str, false, argv[CREATE_PATH].span)) : 0;
	ctx->result = value_handle(map);
	return err;
}

/* What types want besides sizes and flags; the kernel answers EINVAL to all of it, or nothing. */
static const struct {
	enum map_trait is;
	int argument;
	const char *needs, *hint;
} needed[] = {
	{ MAP_OF_MAPS, CREATE_INNER, "a model of the maps inside", "add 'inner_map MAP'" },
	{ MAP_STORAGE, CREATE_VALUE_TYPE, "types of key and value",
	  "add 'btf FILE.o key_type int value_type TYPE'" },
};

#define BLOOM_HASHES_MAX 15

static int check_needs(struct ctx *ctx, const struct value *argv, __u32 type)
{
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		if (!map_is(type, needed[i].is) || argv[needed[i].argument].kind != VALUE_NONE)
			continue;
		diag_error(ctx->diags, argv[CREATE_TYPE].span, "type %s needs %s",
			   kern_map_type_name(type), needed[i].needs);
		diag_hint(ctx->diags, "%s", needed[i].hint);
		return -1;
	}
	return 0;
}

/* What the kernel would refuse without saying why, or take and not obey. */
static int check_given(struct ctx *ctx, const struct value *argv, const struct map_def *def)
{
	const struct value *inner = &argv[CREATE_INNER], *extra = &argv[CREATE_EXTRA];
	char node[64];

	if (def->type == BPF_MAP_TYPE_STRUCT_OPS) {
		diag_error(ctx->diags, argv[CREATE_TYPE].span,
			   "a map of type struct_ops comes from the object file with its programs");
		diag_hint(ctx->diags, "'prog loadall FILE.o PATH' makes it");
		return -1;
	}
	if (check_needs(ctx, argv, def->type))
		return -1;
	if (inner->kind != VALUE_NONE && !map_is(def->type, MAP_OF_MAPS))
		return diag_error(ctx->diags, inner->span, "a map of type %s has no maps inside",
				  kern_map_type_name(def->type));
	if (def->type == BPF_MAP_TYPE_BLOOM_FILTER && def->extra > BLOOM_HASHES_MAX)
		return diag_error(ctx->diags, extra->span, "map_extra of a bloom filter is its "
				  "number of hash functions: at most %d", BLOOM_HASHES_MAX);
	snprintf(node, sizeof(node), "/sys/devices/system/node/node%u", def->numa_node);
	if (def->has_numa_node && !access("/sys/devices/system/node", X_OK) && access(node, F_OK))
		return diag_error(ctx->diags, argv[CREATE_NUMA].span,
				  "this machine has no NUMA node %u", def->numa_node);
	return 0;
}

static int map_create(struct ctx *ctx, struct value *argv)
{
	struct map_def def = {
		.type = argv[CREATE_TYPE].num,
		.key_size = number_or(&argv[CREATE_KEY], 0),
		.value_size = number_or(&argv[CREATE_VALUE], 0),
		.max_entries = number_or(&argv[CREATE_ENTRIES], 0),
		.flags = number_or(&argv[CREATE_FLAGS], 0),
		.extra = number_or(&argv[CREATE_EXTRA], 0),
		.numa_node = number_or(&argv[CREATE_NUMA], 0),
		.has_numa_node = argv[CREATE_NUMA].kind == VALUE_NUM,
		.inner_fd = argv[CREATE_INNER].kind == VALUE_HANDLE ? argv[CREATE_INNER].handle->fd : -1,
		.btf_fd = -1,
		.name = argv[CREATE_NAME].kind == VALUE_STR ? argv[CREATE_NAME].str : NULL,
	};
	struct types types = { .fd = -1 };
	int err = check_given(ctx, argv, &def);

	if (!err)
		err = define_types(ctx, argv, &types, &def);
	if (!err)
		err = create(ctx, argv, &def);
	types_close(&types);
	return err;
}

const struct cmd map_create_cmd = {
	.object = "map", .verb = "create", .place = 17,
	.help = "make a map, pinned at PATH if one is given",
	.args = ARGS(
		[CREATE_PATH] = { "path", &arg_pin_path, ARG_OPTIONAL, "where to pin it" },
		[CREATE_TYPE] = { "type", &arg_map_type, ARG_KEYWORD, "map type" },
		[CREATE_KEY] = { "key", &arg_number, ARG_KEYWORD | ARG_OPTIONAL,
			"bytes of a key, if no key_type says it" },
		[CREATE_VALUE] = { "value", &arg_number, ARG_KEYWORD | ARG_OPTIONAL,
			"bytes of a value, if no value_type says it" },
		[CREATE_ENTRIES] = { "entries", &arg_number, ARG_KEYWORD | ARG_OPTIONAL,
			"most elements it holds; most types need it" },
		[CREATE_NAME] = { "name", &arg_string, ARG_KEYWORD | ARG_OPTIONAL,
			"name, at most 15 characters" },
		[CREATE_FLAGS] = { "flags", &arg_map_flags, ARG_KEYWORD | ARG_OPTIONAL,
			"BPF_F_ flags by name, or a number" },
		[CREATE_INNER] = { "inner_map", &arg_map, ARG_KEYWORD | ARG_OPTIONAL,
			"model of the maps inside" },
		[CREATE_EXTRA] = { "map_extra", &arg_number64, ARG_KEYWORD | ARG_OPTIONAL,
			"what the type has besides" },
		[CREATE_NUMA] = { "numa_node", &arg_number, ARG_KEYWORD | ARG_OPTIONAL,
			"node to take memory from" },
		[CREATE_BTF] = { "btf", &arg_btf_source, ARG_KEYWORD | ARG_OPTIONAL,
			"where the types are from" },
		[CREATE_KEY_TYPE] = { "key_type", &arg_c_type, ARG_KEYWORD | ARG_OPTIONAL,
			"type of keys, and their size" },
		[CREATE_VALUE_TYPE] = { "value_type", &arg_c_type, ARG_KEYWORD | ARG_OPTIONAL,
			"type of values, and their size" }),
	.flags = CMD_WRITES | CMD_MAKES,
	.check = need_pin,
	.run = map_create,
	.examples = STRINGS(
		"map create /sys/fs/bpf/counter type array key 4 value 4 entries 5 name counter",
		"$m = map create type hash key 4 value 16 entries 64 name flows",
		"$m = map create type hash btf flow.o key_type struct key value_type struct flow "
		"entries 64 flags no_prealloc"),
};
