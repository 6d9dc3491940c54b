// SPDX-License-Identifier: BSD-2-Clause
/* Why the kernel refuses: each row of the tables, and the capabilities against the kernel itself. */
#include <linux/capability.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "kern_live.h"
#include "shell/base/buf.h"
#include "shell/base/compat.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/load.h"
#include "shell/kern/loading.h"
#include "shell/kern/names.h"
#include "shell/kern/object.h"
#include "shell/kern/hook.h"
#include "shell/kern/reason.h"
#include "shell/kern/rights.h"

#define BIT(name) (1ull << CAP_##name)
#define ROOT (~0ull)
#define EVERY_CAP (BIT(BPF) | BIT(NET_ADMIN) | BIT(PERFMON) | BIT(SYS_ADMIN))

/* Reasons */

static bool finds(const struct reason *r)
{
	for (unsigned op = 1; op <= CREATE; op <<= 1)
		for (__u32 type = 0; type < 64; type++)
			for (int err = 1; err < 600; err++)
				if (r->ops & op && (!r->err || r->err == err) &&
				    reason_find(op, type, err) == r)
					return true;
	return false;
}

/* No row stands behind another that takes all of its cases, and each says something. */
static void every_row(void **state)
{
	assert_true(nr_reasons > 50);
	for (size_t i = 0; i < nr_reasons; i++) {
		const struct reason *r = &reasons[i];

		if (!finds(r))
			fail_msg("nothing finds row %zu: %s", i, r->text);
		assert_true(*r->text >= 'a' && *r->text <= 'z' && r->text[strlen(r->text) - 1] != '.');
	}
}

/* Each hook's reasons: none stands behind another of its errno, and each says something. */
static void every_refusal(void **state)
{
	const struct hook *h;

	for (size_t i = 0; (h = hook_at(i)); i++)
		for (const struct refusal *r = h->refusals; r && r->err; r++) {
			assert_ptr_equal(hook_refusal(h, r->err), r);
			assert_true(*r->text >= 'a' && *r->text <= 'z' && r->text[strlen(r->text) - 1] != '.');
		}
}

static void at_hooks(void **state)
{
	static const struct {
		const char *hook;
		int err;
		const char *says;		/* NULL: no reason of its own */
	} rows[] = {
		{ "xdp", EEXIST, "it has an XDP program in another mode already" },
		{ "tcx_egress", EEXIST, "this program is attached there already" },
		{ "netns", EEXIST, "the network namespace has such a program already" },
		{ "cgroup", EEXIST, NULL },
		{ "xdpdrv", EBUSY, "it has an XDP program already" },
		{ "tcx_ingress", EBUSY, NULL },
		{ "tcx_ingress", ERANGE, "a device takes no more programs of one attach type" },
		{ "xdp", ERANGE, "its MTU is too large for XDP" },
		{ "tcx_ingress", EPERM, NULL },
		{ "cgroup", EPERM, "what is attached there, or above, allows no further program" },
		{ "cgroup", E2BIG, "a cgroup takes no more programs of one type" },
		{ "netns", E2BIG, "the network namespace takes no more programs of this type" },
		{ "raw_tp", ENOENT, "there is no such tracepoint" },
		{ "tcx_ingress", ENODEV, "the network device is gone" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct refusal *r = hook_refusal(hook_named(rows[i].hook), rows[i].err);

		if (rows[i].says)
			assert_string_equal(r->text, rows[i].says);
		else
			assert_null(r);
	}
}

/* Rights, as they are said */

static void said_rights(void **state)
{
	static const struct {
		enum kern_call call;
		__u32 type;
		struct rights have;
		const char *says, *hint;	/* the hint's begin, or a part of it */
	} rows[] = {
		{ KERN_PROG_LOADING, BPF_PROG_TYPE_XDP, { BIT(BPF) }, "needs CAP_NET_ADMIN",
		  "setcap cap_bpf,cap_net_admin+ep" },
		{ KERN_PROG_LOADING, BPF_PROG_TYPE_XDP, { 0 }, "needs CAP_BPF and CAP_NET_ADMIN", "root" },
		{ KERN_PROG_LOADING, BPF_PROG_TYPE_KPROBE, { BIT(BPF) | BIT(NET_ADMIN) },
		  "needs CAP_PERFMON", "setcap cap_bpf,cap_perfmon+ep" },
		{ KERN_PROG_LOADING, BPF_PROG_TYPE_EXT, { 0 },
		  "needs CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON", "root" },
		{ KERN_PROG_LOADING, BPF_PROG_TYPE_SOCKET_FILTER, { 0 }, "needs CAP_BPF", "cap_bpf+ep" },
		{ KERN_PROG_LOADING, BPF_PROG_TYPE_LIRC_MODE2, { 0 }, "needs CAP_BPF", "cap_bpf+ep" },
		{ KERN_PROG_LOADING, BPF_PROG_TYPE_LIRC_MODE2, { BIT(BPF) }, "needs CAP_NET_ADMIN",
		  "cap_bpf,cap_net_admin+ep" },
		{ KERN_MAP_CREATING, BPF_MAP_TYPE_HASH, { BIT(NET_ADMIN) }, "needs CAP_BPF", "cap_bpf+ep" },
		{ KERN_MAP_CREATING, BPF_MAP_TYPE_XSKMAP, { BIT(BPF) }, "needs CAP_NET_ADMIN", "root" },
		{ KERN_MAP_CREATING, 4711, { 0 }, "needs CAP_BPF", "root" },
		{ KERN_LISTING, 0, { BIT(BPF) | BIT(NET_ADMIN) }, "needs CAP_SYS_ADMIN",
		  "what is pinned can be named by its path" },
		{ KERN_QUERYING, 0, { 0 }, "needs CAP_NET_ADMIN", "cap_net_admin+ep" },
		{ KERN_ATTACHING, BPF_CGROUP_INET_EGRESS, { BIT(BPF) }, "needs CAP_NET_ADMIN", "root" },
		{ KERN_EVENTS, 0, { BIT(BPF) }, "needs CAP_PERFMON", "root" },
		{ KERN_OTHER, 0, { 0 }, "operation not permitted", "run bpfsh as root" },
		{ KERN_OTHER, 0, { ROOT }, "operation not permitted", "security module" },
		{ KERN_PROG_LOADING, BPF_PROG_TYPE_XDP, { BIT(SYS_ADMIN) }, "operation not permitted",
		  "security module" },
		{ KERN_PROG_LOADING, BPF_PROG_TYPE_XDP, { ROOT, .filtered = true },
		  "operation not permitted", "seccomp filter" },
		{ KERN_PROG_LOADING, BPF_PROG_TYPE_XDP, { BIT(BPF), .filtered = true },
		  "needs CAP_NET_ADMIN", "root" },
		{ KERN_PROG_LOADING, BPF_PROG_TYPE_KPROBE, { ROOT, .lockdown = "confidentiality" },
		  "operation not permitted", "locked down (confidentiality)" },
		{ KERN_PROG_LOADING, BPF_PROG_TYPE_XDP, { ROOT, .user_ns = true },
		  "needs CAP_BPF and CAP_NET_ADMIN, and those of a user namespace do not count",
		  "outside of the user namespace" },
		{ KERN_OTHER, 0, { ROOT, .user_ns = true }, "operation not permitted", "user namespace" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct buf text = BUF_INIT, hint = BUF_INIT;

		rights_reason(&text, &hint, &rows[i].have, rows[i].call, rows[i].type);
		assert_string_equal(buf_str(&text), rows[i].says);
		if (!strstr(buf_str(&hint), rows[i].hint))
			fail_msg("'%s' is not in '%s'", rows[i].hint, buf_str(&hint));
		buf_free(&text);
		buf_free(&hint);
	}
}

static void no_bpf(void **state)
{
	static const struct {
		struct rights have;
		bool kernel_has_it;
		const char *says, *hint;
	} rows[] = {
		{ { ROOT }, false, "this kernel has no bpf(2)", "it is built without CONFIG_BPF_SYSCALL" },
		{ { ROOT, .filtered = true }, true,
		  "bpf(2) is kept from this process, though the kernel has it",
		  "a seccomp filter does that, as in a container" },
		{ { ROOT }, true, "bpf(2) is kept from this process, though the kernel has it", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct buf text = BUF_INIT, hint = BUF_INIT;

		no_call_reason(&text, &hint, &rows[i].have, rows[i].kernel_has_it);
		assert_string_equal(buf_str(&text), rows[i].says);
		assert_string_equal(buf_str(&hint), rows[i].hint);
		buf_free(&text);
		buf_free(&hint);
	}
}

/* Rights, as the kernel asks for them */

typedef int (*call_fn)(__u32 type);

static int load_one(__u32 type)
{
	static const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(type, "t", "GPL", insns, 2, NULL);

	return fd < 0 ? -errno : fd;
}

/* In the sizes that the type wants. */
static int create_one(__u32 type)
{
	static const __u32 sizes[][3] = {
		{ 4, 4, 4 }, { 4, 8, 4 }, { 8, 4, 4 }, { 0, 4, 4 }, { 0, 0, 4096 }, { 4, 4, 0 },
	};
	static const __u32 flags[] = { 0, BPF_F_NO_PREALLOC, BPF_F_MMAPABLE };
	int fd = -EINVAL;

	for (size_t i = 0; i < ARRAY_SIZE(sizes) * ARRAY_SIZE(flags) && fd == -EINVAL; i++) {
		LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = flags[i % ARRAY_SIZE(flags)]);
		const __u32 *s = sizes[i / ARRAY_SIZE(flags)];

		fd = bpf_map_create(type, "t", s[0], s[1], s[2], &opts);
		if (fd < 0)
			fd = -errno;
	}
	return fd;
}

static int next_one(__u32 type)
{
	__u32 id = 0;

	return kern_next_id(type, &id);
}

/* The call's errno in a process that has no more than @caps; 0: it works. */
static int try_with(__u64 caps, call_fn call, __u32 type)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ .effective = caps, .permitted = caps },
		{ .effective = caps >> 32, .permitted = caps >> 32 },
	};
	pid_t pid = fork();
	int status, err;

	if (!pid) {
		if (syscall(SYS_capset, &head, data))
			_exit(255);
		err = call(type);
		_exit(err < 0 ? (-err > 254 ? 254 : -err) : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 255);
	return WEXITSTATUS(status);
}

static bool privileged_only(void)
{
	FILE *f = fopen("/proc/sys/kernel/unprivileged_bpf_disabled", "re");
	int value = 0;

	if (f && fscanf(f, "%d", &value) != 1)
		value = 0;
	if (f)
		fclose(f);
	return value;
}

/* With what is said to be needed it is permitted; without any one of that it is not. */
static void needs_all(const char *what, enum kern_call kind, call_fn call, __u32 type)
{
	__u64 older, need = rights_needed(kind, type, &older);

	/* Something else forbids it here. */
	if (try_with(EVERY_CAP, call, type) == EPERM)
		return;
	if (try_with(need | older, call, type) == EPERM)
		fail_msg("%s %u: not permitted with all that it needs", what, type);
	for (int cap = 0; cap < 64; cap++)
		if (need >> cap & 1 && try_with(need & ~(1ull << cap), call, type) != EPERM)
			fail_msg("%s %u: permitted without capability %d", what, type, cap);
}

static void against_the_kernel(void **state)
{
	unsigned progs = 0, maps = 0;

	NEED_KERNEL();
	if (!privileged_only())
		skip();
	for (__u32 type = 1; type <= BPF_PROG_TYPE_NETFILTER; type++) {
		/* Older kernels lack the last ones. */
		if (!kern_prog_type_name(type))
			continue;
		needs_all("program type", KERN_PROG_LOADING, load_one, type);
		progs++;
	}
	for (__u32 type = 1; type < 40; type++) {
		/* Others want what this does not give, and are refused before. */
		if (try_with(EVERY_CAP, create_one, type))
			continue;
		needs_all("map type", KERN_MAP_CREATING, create_one, type);
		maps++;
	}
	assert_true(progs > 25 && maps > 15);
	for (__u32 kind = 0; kind < OBJ_KINDS; kind++)
		needs_all("kind of object", KERN_LISTING, next_one, kind);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row),
		cmocka_unit_test(every_refusal), cmocka_unit_test(at_hooks),
		cmocka_unit_test(said_rights),
		cmocka_unit_test(no_bpf),
		cmocka_unit_test(against_the_kernel),
	};

	kern_init(false);
	return cmocka_run_group_tests(tests, env_set_up, env_tear_down);
}
