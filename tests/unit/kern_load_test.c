// SPDX-License-Identifier: BSD-2-Clause
/* Loading of object files, on a real kernel. They are built from tests/progs. */
#include <bpf/btf.h>
#include <string.h>

#include "shell/base/buf.h"
#include "shell/base/compat.h"
#include "shell/base/diag.h"
#include "shell/kern/bpffs.h"
#include "shell/kern/handle.h"
#include "shell/kern/load.h"
#include "shell/kern/loading.h"
#include "shell/kern/map.h"
#include "shell/kern/maptypes.h"
#include "shell/kern/object.h"
#include "tests/unit/kern_live.h"

/* Path of a test program beside this one: O/tests/progs/NAME.bpf.o. */
static const char *object(const char *name)
{
	static char path[512];
	ssize_t n = readlink("/proc/self/exe", path, 400);

	assert_true(n > 0);
	path[n] = '\0';
	for (int i = 0; i < 2; i++)
		*strrchr(path, '/') = '\0';
	strcat(path, "/progs/");
	strcat(path, name);
	strcat(path, ".bpf.o");
	return path;
}

#define NEED_OBJECT(name) do { NEED_KERNEL(); if (access(object(name), R_OK)) skip(); } while (0)

static void put_result(struct load_result *res)
{
	for (size_t i = 0; i < res->nr_progs; i++)
		handle_put(res->progs[i]);
	for (size_t i = 0; i < res->nr_maps; i++)
		handle_put(res->maps[i]);
	for (size_t i = 0; i < res->nr_pins; i++)
		free(res->pins[i].path);
	free(res->progs);
	free(res->maps);
	free(res->pins);
}

static struct load_request request(const char *name)
{
	return (struct load_request){ .file = object(name), .prog_type = -1, .attach_type = -1 };
}

static void must_load(const struct load_request *req, struct load_result *res)
{
	struct diags d = { 0 };

	if (kern_load(req, res, &d))
		fail_msg("%s", d.list[0].msg);
}

/* Loads, fails, and must say @says in the message or the hint. */
static void must_fail(const struct load_request *req, const char *says)
{
	struct load_result res;
	struct diags d = { 0 };

	assert_int_equal(kern_load(req, &res, &d), -1);
	assert_int_equal(d.nr, 1);
	if (!strstr(d.list[0].msg, says) && !(d.list[0].hint && strstr(d.list[0].hint, says)))
		fail_msg("'%s' says nothing of '%s'", d.list[0].msg, says);
	assert_null(strstr(d.list[0].msg, "libbpf"));
	assert_null(res.progs);
	free(res.log);
	diags_clear(&d);
}

static void first_program(void **state)
{
	struct load_request req;
	struct load_result res;

	NEED_OBJECT("load_two");
	req = request("load_two");
	must_load(&req, &res);
	assert_int_equal(res.nr_progs, 1);
	assert_string_equal(res.progs[0]->name, "load_first");
	assert_int_equal(res.nr_maps, 5);
	assert_string_equal(res.maps[0]->name, "flows");
	assert_int_equal(res.nr_pins, 0);
	put_result(&res);
}

static void all_programs(void **state)
{
	struct load_request req;
	struct load_result res;

	NEED_OBJECT("load_two");
	req = request("load_two");
	req.all = true;
	must_load(&req, &res);
	assert_int_equal(res.nr_progs, 2);
	assert_string_equal(res.progs[1]->name, "load_second");
	put_result(&res);
}

static void types_of_maps(void **state)
{
	const struct element_format *f;
	struct load_request req;
	struct load_result res;
	struct buf name = BUF_INIT;

	NEED_OBJECT("load_two");
	req = request("load_two");
	must_load(&req, &res);
	f = map_format(res.maps[0]);
	assert_non_null(f->key);
	assert_non_null(f->value);
	typed_type_name(&name, f->value);
	assert_string_equal(buf_str(&name), "struct flow");
	assert_ptr_equal(map_format(res.maps[0]), f);
	buf_free(&name);
	put_result(&res);
}

static void variables(void **state)
{
	struct load_request req;
	struct load_result res;
	struct map_global v;
	struct handle *map;
	__u32 zero = 0, mark;
	char *value;

	NEED_OBJECT("load_two");
	req = request("load_two");
	must_load(&req, &res);
	map = prog_global(res.progs[0], "last", &v);
	assert_non_null(map);
	assert_string_equal(v.name, "last");
	assert_int_equal(v.size, 16);
	value = xmalloc(kern_value_bytes(map));
	assert_int_equal(kern_map_lookup(map->fd, &zero, value, 0), 0);
	memcpy(&mark, value + v.offset + 8, sizeof(mark));
	assert_int_equal(mark, 42);
	assert_false(map_global(map, "limit", &v));
	free(value);
	handle_put(map);
	map = prog_global(res.progs[0], "limit", &v);
	assert_non_null(map);
	assert_int_equal(v.size, 4);
	handle_put(map);
	assert_null(prog_global(res.progs[0], "nothing", &v));
	assert_false(map_global(res.maps[0], "last", &v));
	put_result(&res);
}

static int new_map(__u32 type, __u32 key, __u32 value)
{
	int fd = bpf_map_create(type, "t_other", key, value, 16, NULL);

	assert_true(fd >= 0);
	return fd;
}

static void map_of_another(void **state)
{
	struct load_map map = { .name = "flows" };
	struct load_request req;
	struct load_result res;
	__u32 *ids, nr;
	bool used = false;

	NEED_OBJECT("load_two");
	req = request("load_two");
	req.maps = &map;
	req.nr_maps = 1;
	map.fd = new_map(BPF_MAP_TYPE_HASH, 4, 16);
	must_load(&req, &res);
	assert_string_equal(res.maps[0]->name, "t_other");
	ids = kern_prog_maps(res.progs[0]->fd, &nr);
	for (__u32 i = 0; i < nr; i++)
		used |= ids[i] == res.maps[0]->id;
	assert_true(used);
	free(ids);
	put_result(&res);
	map.name = NULL;
	map.index = 0;
	must_load(&req, &res);
	assert_string_equal(res.maps[0]->name, "t_other");
	put_result(&res);
	close(map.fd);
}

static void wrong_maps(void **state)
{
	struct load_map map = { .name = "flows" };
	struct load_request req;

	NEED_OBJECT("load_two");
	req = request("load_two");
	req.maps = &map;
	req.nr_maps = 1;
	map.fd = new_map(BPF_MAP_TYPE_HASH, 4, 8);
	must_fail(&req, "its value is 8, not 16 bytes");
	map.name = "flwos";
	must_fail(&req, "no map 'flwos' in '");
	must_fail(&req, "did you mean 'flows'?");
	map.name = NULL;
	map.index = 5;
	must_fail(&req, "no map with index 5");
	map.index = 0;
	close(map.fd);
	map.fd = new_map(BPF_MAP_TYPE_HASH, 8, 16);
	must_fail(&req, "its key is 8, not 4 bytes");
	close(map.fd);
	map.fd = new_map(BPF_MAP_TYPE_LRU_HASH, 4, 16);
	must_fail(&req, "its type is lru_hash, not hash");
	close(map.fd);
}

static void refused(void **state)
{
	struct load_request req;
	struct load_result res;
	struct diags d = { 0 };

	NEED_OBJECT("load_refused");
	req = request("load_refused");
	must_fail(&req, "the verifier refuses program 'load_refused' of '");
	must_fail(&req, "R1 offset is outside of the packet");
	must_fail(&req, "1: (71) r1 = *(u8 *)(r1 +12)");
	assert_int_equal(kern_load(&req, &res, &d), -1);
	assert_non_null(strstr(res.log, "processed "));
	free(res.log);
	diags_clear(&d);
}

static void section_without_type(void **state)
{
	struct load_request req;
	struct load_result res;

	NEED_OBJECT("load_untyped");
	req = request("load_untyped");
	must_fail(&req, "section 'wherever' of program 'load_untyped'");
	must_fail(&req, "type TYPE");
	assert_int_equal(kern_section_type("xdp", &req.prog_type, &req.attach_type), 0);
	must_load(&req, &res);
	put_result(&res);
	assert_int_equal(kern_section_type("no such", &req.prog_type, &req.attach_type), -EINVAL);
}

/* Names that libbpf learnt after 1.1: a newer one answers itself, and must say the same. */
static void newer_sections(void **state)
{
	static const struct {
		const char *name;
		int prog_type, attach_type;
	} newer[] = {
		{ "netfilter", BPF_PROG_TYPE_NETFILTER, BPF_NETFILTER },
		{ "BPF_PROG_TYPE_NETFILTER", BPF_PROG_TYPE_NETFILTER, BPF_NETFILTER },
		{ "tcx/ingress", BPF_PROG_TYPE_SCHED_CLS, BPF_TCX_INGRESS },
		{ "tc/egress", BPF_PROG_TYPE_SCHED_CLS, BPF_TCX_EGRESS },
		{ "netkit/primary", BPF_PROG_TYPE_SCHED_CLS, BPF_NETKIT_PRIMARY },
		{ "netkit/peer", BPF_PROG_TYPE_SCHED_CLS, BPF_NETKIT_PEER },
		{ "sk_skb/verdict", BPF_PROG_TYPE_SK_SKB, BPF_SK_SKB_VERDICT },
		{ "cgroup/connect_unix", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UNIX_CONNECT },
		{ "cgroup/getsockname_unix", BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
		  BPF_CGROUP_UNIX_GETSOCKNAME },
		{ "uprobe.multi", BPF_PROG_TYPE_KPROBE, BPF_TRACE_UPROBE_MULTI },
		{ "uretprobe.multi.s/x:y", BPF_PROG_TYPE_KPROBE, BPF_TRACE_UPROBE_MULTI },
		{ "kprobe.session/x", BPF_PROG_TYPE_KPROBE, BPF_TRACE_KPROBE_SESSION },
		{ "uprobe.session.s", BPF_PROG_TYPE_KPROBE, BPF_TRACE_UPROBE_SESSION },
		{ "usdt.s/x:y:z", BPF_PROG_TYPE_KPROBE, 0 },
		{ "fsession/x", BPF_PROG_TYPE_TRACING, BPF_TRACE_FSESSION },
		{ "struct_ops.s/x", BPF_PROG_TYPE_STRUCT_OPS, 0 },
	};
	int prog, attach;

	for (size_t i = 0; i < ARRAY_SIZE(newer); i++) {
		if (kern_section_type(newer[i].name, &prog, &attach))
			fail_msg("'%s' is unknown", newer[i].name);
		if (prog != newer[i].prog_type || attach != newer[i].attach_type)
			fail_msg("'%s' is of type %d, %d", newer[i].name, prog, attach);
	}
	assert_int_equal(kern_section_type("netfilter/x", &prog, &attach), -EINVAL);
	assert_int_equal(kern_section_type("uprobe.multiple", &prog, &attach), -EINVAL);
}

/* The object's own mount point of bpffs, in a namespace where nothing else is there. */
static void pins_are_left_to_the_caller(void **state)
{
	struct load_request req;
	struct load_result res;
	const char *path = "/sys/fs/bpf/load_shared";
	__u32 id;

	NEED_OBJECT("load_pinned");
	if (mount("bpf", "/sys/fs/bpf", "bpf", 0, NULL))
		skip();
	req = request("load_pinned");
	req.all = true;
	must_load(&req, &res);
	assert_int_equal(res.nr_progs, 2);
	assert_int_equal(res.nr_pins, 1);
	assert_string_equal(res.pins[0].path, path);
	assert_string_equal(res.maps[res.pins[0].map]->name, "load_shared");
	assert_int_equal(access(path, F_OK), -1);
	/* Once it is pinned, the next object takes it. */
	assert_int_equal(kern_pin(res.maps[res.pins[0].map]->fd, path), 0);
	id = res.maps[res.pins[0].map]->id;
	put_result(&res);
	must_load(&req, &res);
	assert_int_equal(res.nr_pins, 0);
	for (size_t i = 0; i < res.nr_maps; i++)
		if (!strcmp(res.maps[i]->name, "load_shared"))
			assert_int_equal(res.maps[i]->id, id);
	put_result(&res);
	unlink(path);
	umount("/sys/fs/bpf");
}

/* A program array that is declared with programs needs them all. */
static void tail_calls(void **state)
{
	struct load_request req;
	struct load_result res;
	__u32 id = 0, one = 1;

	NEED_OBJECT("load_pinned");
	req = request("load_pinned");
	must_load(&req, &res);
	assert_int_equal(res.nr_progs, 1);
	for (size_t i = 0; i < res.nr_maps; i++)
		if (!strcmp(res.maps[i]->name, "jumps"))
			assert_int_equal(kern_map_lookup(res.maps[i]->fd, &one, &id, 0), 0);
	assert_true(id > 0);
	put_result(&res);
}

static void write_file(const char *path, const void *data, size_t len)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void files_that_are_none(void **state)
{
	struct load_request req = { .prog_type = -1, .attach_type = -1 };
	char path[64] = "/tmp/bpfsh-load-XXXXXX";

	NEED_KERNEL();
	req.file = "/nonexistent/x.o";
	must_fail(&req, "cannot open object file '/nonexistent/x.o': no such file or directory");
	req.file = "/tmp";
	must_fail(&req, "is a directory");
	req.file = "/proc/self/exe";
	must_fail(&req, "not for BPF");
	close(mkstemp(path));
	req.file = path;
	must_fail(&req, "not an ELF object file");
	write_file(path, "\177ELF", 4);
	must_fail(&req, "not an ELF object file");
	write_file(path, "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\0\0", 18);
	must_fail(&req, "damaged");
	unlink(path);
}

/* Loads @data with bytes changed, and whatever comes of it: the answer is one diagnostic. */
static void load_changed(const struct load_request *req, const char *data, size_t len)
{
	struct load_result res;
	struct diags d = { 0 };
	char copy[16384];

	memcpy(copy, data, len);
	for (int j = 0; j < 8; j++)
		copy[20 + rand() % (len - 20)] = rand();
	write_file(req->file, copy, len);
	if (kern_load(req, &res, &d))
		assert_int_equal(d.nr, 1);
	else
		put_result(&res);
	free(res.log);
	diags_clear(&d);
}

static size_t read_object(const char *name, char *data, size_t size)
{
	FILE *f = fopen(object(name), "re");
	size_t len = fread(data, 1, size, f);

	fclose(f);
	return len;
}

static void damaged_files(void **state)
{
	static const size_t cuts[] = { 64, 65, 100, 700, 1500, 3000 };
	static const char *const names[] = { "load_two", "load_struct_ops" };
	struct load_request req = { .prog_type = -1, .attach_type = -1 };
	char path[64] = "/tmp/bpfsh-load-XXXXXX", data[16384];

	NEED_OBJECT("load_two");
	close(mkstemp(path));
	req.file = path;
	srand(1);
	for (size_t n = 0; n < ARRAY_SIZE(names); n++) {
		size_t len = read_object(names[n], data, sizeof(data));

		for (size_t i = 0; i < ARRAY_SIZE(cuts); i++) {
			write_file(path, data, cuts[i] < len ? cuts[i] : len);
			must_fail(&req, path);
		}
		for (int i = 0; i < 200; i++)
			load_changed(&req, data, len);
	}
	unlink(path);
}

/* Lines of libbpf's, of 1.1 up to 1.7, and what is made of them. */
static const struct {
	const char *line, *text, *hint;
} meanings[] = {
	{ "prog 'f': failed to find kernel BTF type ID of 'dummy': -3",
	  "this kernel has no 'dummy' that a program can attach to", "own loader" },
	{ "prog 'f': failed to find kernel BTF type ID of 'dummy': -ESRCH",
	  "this kernel has no 'dummy' that a program can attach to", "inlined" },
	{ "prog 'f': no BTF-based attach target is specified, use bpf_program__set_attach_target()",
	  "program 'f' does not tell what it attaches to", "its section names that" },
	{ "prog 'replacement': attach program FD is not set",
	  "program 'replacement' is for a function of another program", "own loader" },
	{ "extern (func ksym) 'bpf_x': not found in kernel or module BTFs",
	  "this kernel has no kfunc 'bpf_x'", "__weak" },
	{ "extern (func ksym) 'bpf_x': func_proto [7] incompatible with kernel [9]",
	  "declares kfunc 'bpf_x' otherwise", "vmlinux.h" },
	{ "extern (func ksym) 'bpf_x': func_proto [7] incompatible with vmlinux [9]",
	  "declares kfunc 'bpf_x' otherwise", "vmlinux.h" },
	{ "extern (var ksym) 'bpf_v': not found in kernel BTF",
	  "this kernel has no variable 'bpf_v'", "__weak" },
	{ "extern (var ksym) 'bpf_v': incompatible types, expected [2] int v, but kernel has [3] ptr ",
	  "declares variable 'bpf_v' otherwise", "vmlinux.h" },
	{ "extern 'bpf_prog_fops' (strong): not resolved",
	  "nothing for extern 'bpf_prog_fops'", "CONFIG_KALLSYMS_ALL" },
	{ "extern 'CONFIG_X' (strong): not resolved",
	  "this kernel's configuration has no 'CONFIG_X'", "__weak" },
	{ "failed to find BTF for extern 'x' [22] section: -2", "where extern 'x' is to be found",
	  "__ksym or __kconfig" },
	{ "failed to find BTF for extern 'x': -3", "lacks the type of extern 'x'", "-g" },
	{ "failed to open system Kconfig", "the kernel's configuration", "/proc/config.gz" },
	{ "sec 'xdp': program 'x' is static and not supported", "program 'x' is static",
	  "drop 'static'" },
	{ "elf: legacy map definitions in 'maps' section are not supported by libbpf v1.0+",
	  "defined in the old form, in section 'maps'", ".maps" },
	{ "prog 'x': bad map relo against 'bpf_map' in section 'lirc_mode2/maps'",
	  "map 'bpf_map' is defined in an old form", ".maps" },
	{ "map 'x': invalid pinning value 2", "map 'x' is to be pinned", "LIBBPF_PIN_BY_NAME" },
	{ "map 'arena': attr 'map_extra': expected PTR, got enum64", "map 'arena' has its map_extra",
	  "libbpf 1.4" },
	{ "map 'm': unknown field 'newer'", "map 'm': unknown field 'newer'", "newer libbpf" },
	{ "struct_ops init_kern: struct h_ops is not found in kernel BTF",
	  "this kernel has no struct_ops 'h_ops'", "module" },
	{ "struct_ops init_kern: struct bpf_struct_ops_h_ops is not found in kernel BTF",
	  "this kernel has no struct_ops 'h_ops'", "module" },
	{ "struct_ops init_kern: struct h_ops___v2 is not found in kernel BTF",
	  "this kernel has no struct_ops 'h_ops___v2'", "libbpf 1.4" },
	{ "struct_ops init_kern h_ops: Cannot find member x in kernel BTF",
	  "its structure has a member 'x', which this kernel's has not", "libbpf 1.4" },
	{ "struct_ops init_kern h_ops: Error in size of member x: 32 != 16(kernel)",
	  "struct_ops init_kern h_ops: Error in size of member x: 32", "another kernel's structure" },
	{ "struct_ops reloc o: cannot use prog f in sec struct_ops/f with type 27 attach_btf_id 9 "
	  "expected_attach_type 1 for func ptr undo_cwnd", "program 'f' is several members", "each" },
	{ "struct_ops init_kern o func ptr undo_cwnd: invalid reuse of prog f in sec struct_ops/f "
	  "with type 27: expected_attach_type 0 != kern_member_idx 8",
	  "program 'f' is several members", "each" },
	{ "struct_ops reloc o: prog f is not struct_ops BPF program",
	  "program 'f' is a member of a structure", "struct_ops/NAME" },
	{ "Error loading vmlinux BTF: -ENOENT", "does not show its types", "CONFIG_DEBUG_INFO_BTF" },
	{ "something else", "cannot load 'x.o': something else", NULL },
	{ "prog '", "cannot load 'x.o': prog '", NULL },
	{ "map 'invalid pinning value", "map 'invalid' is to be pinned", "iproute2" },
};

static void what_libbpf_says(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(meanings); i++) {
		struct diags d = { 0 };

		said_failure(&d, NO_SPAN, "x.o", meanings[i].line);
		assert_int_equal(d.nr, 1);
		if (!strstr(d.list[0].msg, meanings[i].text) ||
		    (meanings[i].hint ? !d.list[0].hint || !strstr(d.list[0].hint, meanings[i].hint) :
		     d.list[0].hint != NULL))
			fail_msg("'%s': '%s', hint '%s'", meanings[i].line, d.list[0].msg,
				 d.list[0].hint ? d.list[0].hint : "");
		diags_clear(&d);
	}
}

/* Errnos without a word of the verifier's are said, and never as its refusal. */
static void errors_without_a_log(void **state)
{
	static const struct {
		int err;
		const char *text;
	} errors[] = {
		{ -ENOTSUPP, "error 524" }, { -EINVAL, "EINVAL" }, { -ENOSPC, "log is too long" },
		{ -ENOMEM, "cannot allocate memory" },
	};
	struct load_request req = { .insns = NULL };
	struct said said;

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		struct diags d = { 0 };

		load_error(&d, NO_SPAN, errors[i].err, "the program",
			   &(struct load_facts){ BPF_PROG_TYPE_XDP, BPF_XDP, 0, 2 });
		if (!strstr(d.list[0].msg, errors[i].text))
			fail_msg("'%s' says nothing of '%s'", d.list[0].msg, errors[i].text);
		diags_clear(&d);
		said_begin(&said);
		assert_false(said_refusal(&d, &req, &said, "", "the program", NULL));
		assert_false(said_refusal(&d, &req, &said, "processed 0 insns (limit 1000000)\n",
					  "the program", NULL));
		said_end(&said);
		assert_int_equal(d.nr, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_program),
		cmocka_unit_test(all_programs),
		cmocka_unit_test(types_of_maps),
		cmocka_unit_test(variables),
		cmocka_unit_test(map_of_another),
		cmocka_unit_test(wrong_maps),
		cmocka_unit_test(refused),
		cmocka_unit_test(section_without_type),
		cmocka_unit_test(newer_sections),
		cmocka_unit_test(pins_are_left_to_the_caller),
		cmocka_unit_test(tail_calls),
		cmocka_unit_test(files_that_are_none),
		cmocka_unit_test(damaged_files),
		cmocka_unit_test(what_libbpf_says),
		cmocka_unit_test(errors_without_a_log),
	};

	kern_init(false);
	return cmocka_run_group_tests(tests, env_set_up, env_tear_down);
}
