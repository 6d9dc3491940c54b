// SPDX-License-Identifier: BSD-2-Clause
/*
 * What to do about the verifier's reasons. They are worded in kernel/bpf/verifier.c
 * and change little from kernel to kernel: parts of them are looked for.
 */
#include <ctype.h>

#include "render/vlog.h"
#include "shell/diag.h"

#define NULL_FIRST "compare the pointer with NULL first, and use it only where it is not"
#define LOWER_BOUND "compare the number with a lower bound too, or make it unsigned"
#define INIT_FIRST "set all of it first, gaps between members too: struct key k = {}"
#define UNLOCK "each path needs its bpf_spin_unlock()"
#define RELEASE "release it on each path that leads to an exit"
#define PLAIN_CTX "access the context by the pointer that came with it, at constant offsets"
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
	{ "cannot use helper", NULL, "only other types of programs may call it" },
	{ "unknown func", NULL, "this kernel, or this type of program, does not have that helper" },
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
	{ "CO-RE relocation", NULL,
	  "this kernel lacks it: ask bpf_core_field_exists() or bpf_core_type_exists() first" },
};

static bool has(struct vlog_text t, const char *part)
{
	return !part || (t.s && memmem(t.s, t.len, part, strlen(part)));
}

/* "invalid access to packet, off=23 size=1, R1(id=0,off=23,r=14)" */
static bool add_packet(struct buf *out, struct vlog_text t)
{
	uint32_t off, size, range;

	if (!has(t, "invalid access to packet") || !vlog_number(t, "packet, off=", &off) ||
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
	       !has(state, "=scalar") && !has(state, "=inv");
}

bool vlog_is_stale(const struct vlog *v, uint32_t reg)
{
	struct vlog_text reason = { 0 };
	uint32_t n;

	if (v->nr_messages)
		reason = v->messages[v->nr_messages - 1];
	return has(reason, "invalid mem access") && (has(reason, "'scalar'") || has(reason, "'inv'")) &&
	       vlog_number(reason, "R", &n) && n == reg && reg < VLOG_REGS && is_pointer(v->regs[reg]);
}

void vlog_advice(struct buf *out, const struct vlog *v)
{
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
			if (!has(v->messages[i], rows[r].part) ||
			    !has(v->messages[i], rows[r].other))
				continue;
			buf_puts(out, rows[r].advice);
			return;
		}
	}
}
