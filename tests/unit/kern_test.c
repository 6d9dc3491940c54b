// SPDX-License-Identifier: BSD-2-Clause
/* What the kernel layer knows without a kernel: errors, shapes of maps, verifier logs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <strings.h>

#include "shell/base/buf.h"
#include "shell/base/compat.h"
#include "shell/base/diag.h"
#include "shell/kern/btf.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/loading.h"
#include "shell/kern/map.h"
#include "shell/kern/map_traits.h"
#include "shell/kern/names.h"
#include "shell/kern/since.h"

static void map_errors(void **state)
{
	static const struct {
		const char *what;
		__u32 type;
		int err;
		const char *says;
	} rows[] = {
		{ "update", BPF_MAP_TYPE_HASH, E2BIG,
		  "cannot update element in map 'm': map is full (8 of 8 entries)" },
		{ "update", BPF_MAP_TYPE_ARRAY, -E2BIG,
		  "cannot update element in map 'm': index is out of range (0 to 7)" },
		{ "lookup", BPF_MAP_TYPE_PERF_EVENT_ARRAY, 524,
		  "cannot look up element in map 'm': values of this map type cannot be read back" },
		{ "undo: update", BPF_MAP_TYPE_HASH, ENOMEM,
		  "undo: cannot update element in map 'm': cannot allocate memory" },
		{ "delete", BPF_MAP_TYPE_ARRAY, EINVAL,
		  "cannot delete element from map 'm': elements of an array cannot be deleted" },
		{ "dump", BPF_MAP_TYPE_STACK, EOPNOTSUPP,
		  "cannot list the elements of map 'm': values of a queue or stack cannot be listed, "
		  "only taken out" },
		{ "pop", BPF_MAP_TYPE_HASH, EINVAL,
		  "cannot pop a value from map 'm': only queues and stacks have that" },
		{ "look at", BPF_MAP_TYPE_HASH, EIO, "cannot look at map 'm': input/output error" },
		{ "update", 63, 524,
		  "cannot update element in map 'm': maps of this type cannot do that" },
		{ "update", 4711, 524,
		  "cannot update element in map 'm': maps of this type cannot do that" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct handle map = { .kind = OBJ_MAP, .fd = -1, .name = "m",
				      .map = { .type = rows[i].type, .max_entries = 8 } };
		struct diags d = { 0 };

		assert_int_equal(kern_map_error(&d, NO_SPAN, rows[i].what, &map, rows[i].err), -1);
		assert_int_equal(d.nr, 1);
		assert_string_equal(d.list[0].msg, rows[i].says);
		diags_clear(&d);
	}
}

static void map_without_name(void **state)
{
	struct handle map = { .kind = OBJ_MAP, .fd = -1, .id = 12, .name = "" };
	struct diags d = { 0 };

	kern_map_error(&d, NO_SPAN, "freeze", &map, EBUSY);
	assert_string_equal(d.list[0].msg,
			    "cannot freeze map 12: map is frozen already, or mapped for writing");
	diags_clear(&d);
}

static void other_errors(void **state)
{
	static const struct {
		int err;
		const char *says;
	} rows[] = {
		{ ENOENT, "cannot pin 'x': no such file or directory" },
		{ -ENOENT, "cannot pin 'x': no such file or directory" },
		{ 524, "cannot pin 'x': not supported by this kernel" },
		{ KERN_EDOT, "cannot pin 'x': names in a bpffs cannot have a dot" },
		{ 4003, "cannot pin 'x': invalid BPF object file" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct diags d = { 0 };

		assert_int_equal(kern_error(&d, NO_SPAN, rows[i].err, "pin '%s'", "x"), -1);
		assert_non_null(strstr(d.list[0].msg, "cannot pin 'x': "));
		if (rows[i].err != 4003)
			assert_string_equal(d.list[0].msg, rows[i].says);
		diags_clear(&d);
	}
}

static void shapes(void **state)
{
	static const struct {
		struct map_facts map;
		const char *says;		/* NULL: nothing wrong */
	} rows[] = {
		{ { BPF_MAP_TYPE_HASH, 4, 4, 8 }, NULL },
		{ { BPF_MAP_TYPE_HASH, 4, 4, 0 }, "type hash needs a number of entries" },
		{ { BPF_MAP_TYPE_ARRAY, 8, 4, 8 }, "keys of type array must have 4 bytes, not 8" },
		{ { BPF_MAP_TYPE_PROG_ARRAY, 4, 8, 8 },
		  "values of type prog_array must have 4 bytes, not 8" },
		{ { BPF_MAP_TYPE_DEVMAP, 4, 5, 8 }, "values of type devmap must have 4 or 8 bytes, not 5" },
		{ { BPF_MAP_TYPE_DEVMAP, 4, 8, 8 }, NULL },
		{ { BPF_MAP_TYPE_QUEUE, 4, 4, 8 }, "type queue has no keys: their size is 0, not 4" },
		{ { BPF_MAP_TYPE_LPM_TRIE, 4, 4, 8, BPF_F_NO_PREALLOC },
		  "keys of type lpm_trie must have 5 to 260 bytes, not 4" },
		{ { BPF_MAP_TYPE_LPM_TRIE, 8, 4, 8 }, "type lpm_trie needs flag 'no_prealloc'" },
		{ { BPF_MAP_TYPE_LPM_TRIE, 8, 4, 8, BPF_F_NO_PREALLOC }, NULL },
		{ { BPF_MAP_TYPE_LRU_HASH, 4, 4, 8, BPF_F_NO_PREALLOC },
		  "type lru_hash does not take flag 'no_prealloc'" },
		{ { BPF_MAP_TYPE_STACK_TRACE, 4, 12, 8 },
		  "values of type stack_trace must have a multiple of 8 bytes, not 12" },
		{ { BPF_MAP_TYPE_RINGBUF, 0, 0, 65536 }, NULL },
		{ { BPF_MAP_TYPE_SK_STORAGE, 4, 8, 7, BPF_F_NO_PREALLOC },
		  "type sk_storage has no limit of entries, give 0" },
		{ { 1000, 4, 4, 8 }, "this kernel has no maps of type 1000" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct buf text = BUF_INIT;

		/* Types that no header knows are the kernel's to tell, by its BTF. */
		if (rows[i].map.type == 1000 && access("/sys/kernel/btf/vmlinux", R_OK))
			continue;
		assert_int_equal(shape_error(&text, &rows[i].map), rows[i].says != NULL);
		assert_string_equal(buf_str(&text), rows[i].says ? rows[i].says : "");
		buf_free(&text);
	}
}

/* Each type has a row, and what follows from one trait is said, too. */
static void traits(void **state)
{
	for (__u32 type = 1; type <= BPF_MAP_TYPE_INSN_ARRAY; type++) {
		const struct map_traits *t = map_traits(type);

		assert_true(t->is || since_find(SINCE_MAP, type));
		if (t->is & (MAP_ARRAY | MAP_SLOTS))
			assert_true(t->is & MAP_INDEXED);
		if (t->is & MAP_OF_MAPS)
			assert_int_equal(t->object, OBJ_MAP);
		if (t->is & (MAP_VALUES | MAP_STORAGE))
			assert_true(t->is & MAP_UNLISTED);
	}
	assert_int_equal(map_traits(1000)->is, 0);
	assert_false(map_is(1000, ~0u));
}

/* The running kernel's own name for a number: what stands behind the enum's prefix. */
static const char *enumerator(const char *type, const char *prefix, __u32 number)
{
	const struct btf *btf = kern_vmlinux_btf();
	int id = btf ? btf__find_by_name_kind(btf, type, BTF_KIND_ENUM) : -1;
	const struct btf_type *t = id < 0 ? NULL : btf__type_by_id(btf, id);

	for (__u32 i = 0; t && i < btf_vlen(t); i++) {
		const char *name = btf__name_by_offset(btf, btf_enum(t)[i].name_off);

		if ((__u32)btf_enum(t)[i].val == number && !strncmp(name, prefix, strlen(prefix)))
			return name + strlen(prefix);
	}
	return NULL;
}

/* Each row's number and name are the kernel's and libbpf's, and both ways lead to it. */
static void releases(void **state)
{
	static const struct {
		const char *type, *prefix;
		const char *(*known)(__u32 number);
		int (*number)(const char *name);
	} enums[] = {
		[SINCE_MAP] = { "bpf_map_type", "BPF_MAP_TYPE_", kern_map_type_name, kern_map_type },
		[SINCE_PROG] = { "bpf_prog_type", "BPF_PROG_TYPE_", kern_prog_type_name,
				 kern_prog_type },
		[SINCE_ATTACH] = { "bpf_attach_type", "BPF_", kern_attach_type_name,
				   kern_attach_type },
	};
	unsigned major, minor, last = 0;

	for (size_t i = 0; i < nr_sinces; i++) {
		const struct since *s = &sinces[i];
		const char *own = enumerator(enums[s->what].type, enums[s->what].prefix, s->number);

		assert_ptr_equal(since_find(s->what, s->number), s);
		assert_string_equal(enums[s->what].known(s->number), s->name);
		assert_int_equal(enums[s->what].number(s->name), s->number);
		if (own)
			assert_int_equal(strcasecmp(own, s->name), 0);
		/* As the numbers rise, so do the releases. */
		assert_int_equal(sscanf(s->release, "%u.%u", &major, &minor), 2);
		if (i && s[-1].what == s->what)
			assert_true(100 * major + minor >= last && s->number > s[-1].number);
		last = 100 * major + minor;
	}
	assert_null(since_find(SINCE_MAP, BPF_MAP_TYPE_HASH));
}

static void lacking(void **state)
{
	struct buf why = BUF_INIT;

	assert_false(kern_lacks(&why, SINCE_MAP, BPF_MAP_TYPE_HASH));
	assert_int_equal(why.len, 0);
	if (!kern_vmlinux_btf())
		skip();
	assert_true(kern_lacks(&why, SINCE_ATTACH, 999));
	assert_string_equal(buf_str(&why), "this kernel has no attach type 999");
	buf_free(&why);
}

static void sizes(void **state)
{
	struct handle map = { .map = { .type = BPF_MAP_TYPE_HASH, .value_size = 12 } };

	assert_true(kern_cpus() > 0);
	assert_int_equal(kern_value_bytes(&map), 12);
	map.map.type = BPF_MAP_TYPE_PERCPU_HASH;
	assert_int_equal(kern_value_bytes(&map), 16 * kern_cpus());
	map.map.type = BPF_MAP_TYPE_HASH_OF_MAPS;
	map.map.value_size = 4;
	assert_int_equal(kern_value_bytes(&map), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(map_errors),
		cmocka_unit_test(map_without_name),
		cmocka_unit_test(other_errors),
		cmocka_unit_test(shapes),
		cmocka_unit_test(traits),
		cmocka_unit_test(releases),
		cmocka_unit_test(lacking),
		cmocka_unit_test(sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
