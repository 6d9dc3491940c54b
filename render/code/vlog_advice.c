// SPDX-License-Identifier: BSD-2-Clause
/*
 * What to do about the verifier's reasons. They are worded in kernel/bpf/verifier.c
 * and change little from kernel to kernel: parts of them are looked for.
 */
#include <ctype.h>
#include <string.h>

#include "render/code/vlog.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"

#define NULL_FIRST "compare the pointer with NULL first, and use it only where it is not"
#define LOWER_BOUND "compare the number with a lower bound too, or make it unsigned"
#define INIT_FIRST "set all of it first, gaps between members too: struct key k = {}"
#define UNLOCK "each path needs its bpf_spin_unlock()"
#define RELEASE "release it on each path that leads to an exit"
#define PLAIN_CTX "access the context by the pointer that came with it, at constant offsets"
#define LOWER_CPU "the instruction is newer than this kernel: compile with -mcpu=v3, v2 or v1"
#define READ_KERNEL \
	"it is for tracing programs; kernel lockdown withholds it, and on some processors " \
	"bpf_probe_read(): there is bpf_probe_read_kernel() and bpf_probe_read_user()"
#define CGROUPS "this type of program may not call it, or the kernel is without CONFIG_CGROUPS"
#define CLASSID "of kernels with CONFIG_CGROUP_NET_CLASSID"
#define NO_POINTER "a number is no pointer: read kernel memory by bpf_probe_read_kernel()"

/* The first row counts whose parts a message has. */
static const struct {
	const char *part, *other;	/* other: NULL where one is enough */
	const char *advice;
} rows[] = {
	{ "_or_null'", NULL, NULL_FIRST },
	{ "Possibly NULL pointer", NULL, NULL_FIRST },
	{ "offset is outside of the packet", NULL,
	  "compare the end of the access with data_end first" },
	{ "unbounded memory access", NULL,
	  "compare the index or length with a constant first, as an unsigned number" },
	{ "unbounded min value", NULL, LOWER_BOUND },
	{ "min value is negative", NULL, LOWER_BOUND },
	{ "pointer be out of bounds", NULL, LOWER_BOUND },
	{ "outside of the allowed memory range", NULL,
	  "the access has to lie within the value: compare the index with its size first" },
	{ "outside of the array range", NULL,
	  "compare the index with the number of elements first" },
	{ "!read_ok", NULL, "nothing sets this register on the path; calls keep only r6 to r9" },
	{ "combined stack size", NULL,
	  "a chain of calls shares 512 bytes of stack: what is large belongs in a map" },
	{ " stack R", " off=",
	  "a function has 512 bytes of stack below r10: what is large belongs in a map" },
	{ "read from stack", NULL, INIT_FIRST },
	{ "reference leak", NULL, RELEASE },
	{ "Unreleased reference", NULL, RELEASE },
	{ "GPL-restricted", NULL,
	  "it is for programs with char LICENSE[] SEC(\"license\") = \"GPL\"" },
	{ "bpf_override_return#", NULL,
	  "it is for kprobes, of kernels with CONFIG_BPF_KPROBE_OVERRIDE" },
	{ "bpf_probe_write_user#", NULL,
	  "it is for tracing programs, and kernel lockdown or a security module withholds it" },
	{ "bpf_probe_read", "#", READ_KERNEL },
	{ "bpf_copy_from_user_task#", NULL,
	  "it is for sleepable tracing programs, and for those with CAP_PERFMON" },
	{ "cgroup_id#", NULL, CGROUPS },
	{ "bpf_current_task_under_cgroup#", NULL, CGROUPS },
	{ "cgroup_classid#", NULL, "it is for programs of tc and cgroups, " CLASSID },
	{ "bpf_skb_get_xfrm_state#", NULL, "it is for programs of tc, of kernels with CONFIG_XFRM" },
	{ "bpf_lwt_seg6_", NULL, "it is for lwt_seg6local, of kernels with CONFIG_IPV6_SEG6_BPF" },
	{ "bpf_tcp_", "syncookie", "it is for xdp and tc, of kernels with CONFIG_SYN_COOKIES" },
	{ "cannot use helper", NULL,
	  "only other types of programs may call it, or the kernel's configuration withholds it" },
	{ "unknown func", NULL,
	  "this kernel does not have that helper, or not for programs of this type" },
	{ "invalid func", NULL, "this kernel has no helper of that number" },
	{ "kernel function", "is not allowed", "programs of this type may not call that kfunc" },
	{ "might sleep", NULL,
	  "only sleepable programs may call it, as of section fentry.s or uprobe.s" },
	{ "is too large", NULL,
	  "let the loop run less often, or by bpf_loop(), which is verified once" },
	{ "too complex", NULL,
	  "have fewer branches on a path; what bpf_loop() or global functions do is verified once" },
	{ "infinite loop", NULL,
	  "what ends the loop has to change in each round; or use bpf_loop()" },
	{ "back-edge", NULL, "loops need a newer kernel, or more privileges" },
	{ "unreachable insn", NULL,
	  "no path leads there: remove it, or the jump that passes it over" },
	{ "misaligned", NULL, "access it by parts, or place it at a multiple of its size" },
	{ "invalid bpf_context access", NULL,
	  "programs of this type may not use that field, or not in this size, or not write it" },
	{ "modified ctx ptr", NULL, PLAIN_CTX },
	{ "variable ctx access", NULL, PLAIN_CTX },
	{ "invalid mem access 'scalar'", NULL, NO_POINTER },
	{ "invalid mem access 'inv'", NULL, NO_POINTER },
	{ "pointer arithmetic", NULL, "pointers take only + and - of numbers that have bounds" },
	{ "leaks addr", NULL,
	  "addresses are for those with CAP_PERFMON: keep them out of maps and results" },
	{ "program exit the register R0", NULL, "the program's type wants one of those results" },
	{ " expected=", NULL, "an argument is of the wrong kind: R1 is the first, R2 the second" },
	{ "must be a known constant", NULL,
	  "the number has to be there when it is compiled: no variable" },
	{ "while holding a lock", NULL, "call bpf_spin_unlock() first" },
	{ "spin_unlock is missing", NULL, UNLOCK },
	{ "spin_lock-ed region", NULL, UNLOCK },
	{ "the call stack of", NULL, "calls nest at most 8 deep, and no function may call itself" },
	{ "jump out of range", NULL, "jumps stay within their function" },
	{ "last insn is not an exit", NULL, "each function ends in exit or in a jump" },
	{ "func_info", "number of subprogs",
	  "callbacks, as of bpf_for_each_map_elem() and timers, need Linux 5.13" },
	{ "unrecognized bpf_ld_imm64", NULL,
	  "this kernel does not know what is referred to; of a callback, Linux 5.13 does" },
	{ "BPF_STX uses reserved fields", NULL,
	  "atomic operations with a result need Linux 5.12: compile with -mcpu=v2" },
	{ "uses reserved fields", NULL, LOWER_CPU },
	{ "unknown opcode", NULL, LOWER_CPU },
	{ "wasn't resolved", "kfunc '", "this kernel lacks it: ask bpf_ksym_exists() first" },
	{ "wasn't created", "map '", "its loader leaves that map out: only other paths may use it" },
	{ "CO-RE relocation", NULL,
	  "this kernel lacks it: ask bpf_core_field_exists() or bpf_core_type_exists() first" },
};

/* "invalid access to packet, off=23 size=1, R1(id=0,off=23,r=14)" */
static bool add_packet(struct buf *out, struct vlog_text t)
{
	uint32_t off, size, range;

	if (!vlog_has(t, "invalid access to packet") || !vlog_number(t, "packet, off=", &off) ||
	    !vlog_number(t, " size=", &size) || !vlog_number(t, ",r=", &range))
		return false;
	buf_printf(out, "compare with data_end first: this takes %u byte%s, of which %s%u %s sure",
		   off + size, off + size == 1 ? "" : "s", range ? "only " : "", range,
		   range == 1 ? "is" : "are");
	return true;
}

/* Whether a state as "R7=pkt(r=0)" is a pointer's. */
static bool is_pointer(struct vlog_text state)
{
	const char *value = state.s ? memchr(state.s, '=', state.len) : NULL;

	return value && ++value < state.s + state.len && islower((unsigned char)*value) &&
	       !vlog_has(state, "=scalar") && !vlog_has(state, "=inv");
}

bool vlog_is_stale(const struct vlog *v, uint32_t reg)
{
	struct vlog_text reason = { 0 };
	uint32_t n;

	if (v->nr_messages)
		reason = v->messages[v->nr_messages - 1];
	return vlog_has(reason, "invalid mem access") &&
	       (vlog_has(reason, "'scalar'") || vlog_has(reason, "'inv'")) &&
	       vlog_number(reason, "R", &n) && n == reg && reg < VLOG_REGS && is_pointer(v->regs[reg]);
}

void vlog_advice(struct buf *out, const struct vlog *v, const struct code *code)
{
	if (vlog_missing(out, v, code))
		return;
	for (int i = v->nr_messages - 1; i >= 0; i--)
		if (add_packet(out, v->messages[i]))
			return;
	for (uint32_t reg = 0; reg < VLOG_REGS; reg++) {
		if (!vlog_is_stale(v, reg))
			continue;
		buf_puts(out, "a call on the path ended the pointer's life: read and check packet "
			      "pointers again behind it, do not use what was released");
		return;
	}
	for (int i = v->nr_messages - 1; i >= 0; i--) {
		for (size_t r = 0; r < ARRAY_SIZE(rows); r++) {
			if (!vlog_has(v->messages[i], rows[r].part) ||
			    (rows[r].other && !vlog_has(v->messages[i], rows[r].other)))
				continue;
			buf_puts(out, rows[r].advice);
			return;
		}
	}
}
