// SPDX-License-Identifier: BSD-2-Clause
/* Verifier logs of several kernels: what they tell, and that damaged ones do no harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "render/code/vlog.h"
#include "shell/base/buf.h"

/* Linux 6.18, level 1. */
static const char packet[] =
	"0: R1=ctx() R10=fp0\n"
	"; unsigned char *data = (void *)(long)ctx->data; @ x.bpf.c:9\n"
	"0: (61) r1 = *(u32 *)(r1 +0)          ; R1=pkt(r=0)\n"
	"; return data[12] == 8 ? XDP_DROP : XDP_PASS; @ x.bpf.c:11\n"
	"1: (71) r1 = *(u8 *)(r1 +12)\n"
	"invalid access to packet, off=12 size=1, R1(id=0,off=12,r=0)\n"
	"R1 offset is outside of the packet\n"
	"processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 "
	"mark_read 0\n";

/* Linux 6.18, level 2: both branches of 3, a subprogram, backtracking. */
static const char branches[] =
	"func#0 @0\n"
	"func#1 @8\n"
	"Live regs before insn:\n"
	"      0: .1........ (b7) r6 = 0\n"
	"0: R1=ctx() R10=fp0\n"
	"0: (18) r6 = 0xffff88812796f800       ; R6=map_ptr(map=m,ks=4,vs=8)\n"
	"2: (61) r2 = *(u32 *)(r1 +16)         ; R2=scalar(smin=0,var_off=(0x0; 0xff)) R1=ctx()\n"
	"3: (15) if r2 == 0x7 goto pc+2        ; R2=scalar(smin=0,var_off=(0x0; 0xff))\n"
	"4: (b7) r0 = 1                        ; R0=1\n"
	"5: (95) exit\n"
	"mark_precise: frame0: last_idx 5 first_idx 0 subseq_idx -1 \n"
	"mark_precise: frame0: regs=r0 stack= before 4: (b7) r0 = 1\n"
	"\n"
	"from 3 to 6: R1=ctx() R2=7 R6=map_ptr(map=m,ks=4,vs=8) R10=fp0\n"
	"6: R1=ctx() R2=7 R6=map_ptr(map=m,ks=4,vs=8) R10=fp0\n"
	"6: (85) call pc+1\n"
	"caller:\n"
	" R6=map_ptr(map=m,ks=4,vs=8) R10=fp0\n"
	"callee:\n"
	" frame1: R1=ctx() R2=7 R10=fp0\n"
	"8: frame1: R1=ctx() R2=7 R10=fp0\n"
	"; return *p; @ x.bpf.c:3\n"
	"8: (79) r0 = *(u64 *)(r2 +0)\n"
	"R2 invalid mem access 'scalar'\n"
	"processed 9 insns (limit 1000000)\n";

/* Linux 5.10, level 1. */
static const char older[] =
	"; int f(struct __sk_buff *skb)\n"
	"0: (b7) r0 = 0\n"
	"1: (61) r2 = *(u32 *)(r1 +76)\n"
	"2: R0_w=inv0 R1=ctx(id=0,off=0,imm=0) R2_w=pkt(id=0,off=0,r=0,imm=0) R10=fp0\n"
	"; return *data;\n"
	"2: (71) r0 = *(u8 *)(r2 +0)\n"
	" R0_w=inv0 R1=ctx(id=0,off=0,imm=0) R2_w=pkt(id=0,off=0,r=0,imm=0) R10=fp0\n"
	"invalid access to packet, off=0 size=1, R2(id=0,off=0,r=0)\n"
	"R2 offset is outside of the packet\n"
	"processed 3 insns (limit 1000000) max_states_per_insn 0\n";

static void explains(const char *log, const char *says)
{
	struct vlog *v = vlog_new(log, strlen(log));
	struct buf text = BUF_INIT;

	vlog_explain(&text, v, NULL);
	assert_string_equal(buf_str(&text), says);
	buf_free(&text);
	vlog_free(v);
}

static void reasons(void **state)
{
	explains(packet,
		 "R1 offset is outside of the packet\n"
		 "    invalid access to packet, off=12 size=1, R1(id=0,off=12,r=0)\n"
		 "    at 1: (71) r1 = *(u8 *)(r1 +12)\n"
		 "    source: return data[12] == 8 ? XDP_DROP : XDP_PASS; @ x.bpf.c:11\n"
		 "    R1=pkt(r=0)\n"
		 "    path: 0-1\n"
		 "    advice: compare with data_end first: this takes 13 bytes, of which 0 are sure");
	explains(branches,
		 "R2 invalid mem access 'scalar'\n"
		 "    at 8: (79) r0 = *(u64 *)(r2 +0)\n"
		 "    source: return *p; @ x.bpf.c:3\n"
		 "    R2=7\n"
		 "    path: 0-3, 6, 8\n"
		 "    3: if r2 == 0x7 goto pc+2: taken\n"
		 "    advice: a number is no pointer: read kernel memory by bpf_probe_read_kernel()");
	explains(older,
		 "R2 offset is outside of the packet\n"
		 "    invalid access to packet, off=0 size=1, R2(id=0,off=0,r=0)\n"
		 "    at 2: (71) r0 = *(u8 *)(r2 +0)\n"
		 "    source: return *data;\n"
		 "    R2_w=pkt(id=0,off=0,r=0,imm=0)\n"
		 "    path: 0-2\n"
		 "    advice: compare with data_end first: this takes 1 byte, of which 0 are sure");
}

/* The verifier prints all states on the line of a branch whose other side is not taken. */
static void joined(void **state)
{
	explains("0: R1=ctx() R10=fp0\n"
		 "0: (25) if r1 > 0x64 goto pc+3 4: R0=ringbuf_mem(ref_obj_id=2,sz=8) "
		 "R1=scalar(smin=umin32=101,var_off=(0x0; 0xff)) R10=fp0 refs=2\n"
		 "4: (79) r2 = *(u64 *)(r1 +0)\nR1 invalid mem access 'scalar'\n",
		 "R1 invalid mem access 'scalar'\n    at 4: (79) r2 = *(u64 *)(r1 +0)\n"
		 "    R1=scalar(smin=umin32=101,var_off=(0x0; 0xff))\n    path: 0, 4\n"
		 "    0: if r1 > 0x64 goto pc+3: taken\n"
		 "    advice: a number is no pointer: read kernel memory by bpf_probe_read_kernel()");
}

/* What a call made of a pointer is not in the log: it only calls it a number. */
static void stale(void **state)
{
	explains("0: R1=ctx() R10=fp0\n0: (61) r7 = *(u32 *)(r1 +0)      ; R7=pkt(r=14)\n"
		 "1: (85) call bpf_xdp_adjust_head#44   ; R0=scalar()\n"
		 "2: (73) *(u8 *)(r7 +13) = r0\nR7 invalid mem access 'scalar'\n",
		 "R7 invalid mem access 'scalar'\n    at 2: (73) *(u8 *)(r7 +13) = r0\n"
		 "    R7=pkt(r=14), before a call\n    R0=scalar()\n    path: 0-2\n"
		 "    advice: a call on the path ended the pointer's life: read and check packet "
		 "pointers again behind it, do not use what was released");
}

/* What was known before a call is marked as such, unless it is known behind it too. */
static void before_a_call(void **state)
{
	explains("0: R1=ctx() R10=fp0\n0: (b7) r1 = 5      ; R1=5\n1: (85) call bpf_ktime_get_ns#5 ; R0=scalar()\n"
		 "2: (1d) if r0 == r1 goto pc+0\nR1 !read_ok\n",
		 "R1 !read_ok\n    at 2: (1d) if r0 == r1 goto pc+0\n    R1=5, before a call\n"
		 "    R0=scalar()\n    path: 0-2\n"
		 "    advice: nothing sets this register on the path; calls keep only r6 to r9");
}

/* "; @ x.c:3" is the place of a line whose text was not kept: no other line is shown for it. */
static void line_without_text(void **state)
{
	explains("; one @ x.c:2\n0: (b7) r0 = 0\n; @ x.c:3\n1: (95) exit\nno\n",
		 "no\n    at 1: (95) exit\n    source: x.c:3\n    path: 0-1");
}

/* What is said of a program whose log ends in @reason, besides the reason. */
static const struct {
	const char *reason, *advice;
} rows[] = {
	{ "program of this type cannot use helper bpf_override_return#58",
	  "it is for kprobes, of kernels with CONFIG_BPF_KPROBE_OVERRIDE" },
	{ "unknown func bpf_override_return#58", "CONFIG_BPF_KPROBE_OVERRIDE" },
	{ "program of this type cannot use helper bpf_probe_write_user#36", "kernel lockdown" },
	{ "unknown func bpf_probe_read_kernel#113", "kernel lockdown" },
	{ "unknown func bpf_get_current_cgroup_id#80", "CONFIG_CGROUPS" },
	{ "unknown func bpf_skb_cgroup_classid#151", "CONFIG_CGROUP_NET_CLASSID" },
	{ "unknown func bpf_tcp_gen_syncookie#110", "CONFIG_SYN_COOKIES" },
	{ "program of this type cannot use helper bpf_skb_vlan_pop#19", "only other types" },
	{ "number of funcs in func_info doesn't match number of subprogs", "Linux 5.13" },
	{ "unrecognized bpf_ld_imm64 insn", "Linux 5.13" },
	{ "BPF_STX uses reserved fields", "-mcpu=v2" },
	{ "BPF_MOV uses reserved fields", "-mcpu=v3" },
	{ "unknown opcode 06", "-mcpu=v3" },
	{ "invalid kernel function call not eliminated in verifier pass", "lacks a kfunc" },
	{ "0: (85) call bpf_unspec#0\nBPF_CALL uses reserved fields", "lacks a kfunc" },
	{ "0: (85) call bpf_loop#181\nBPF_CALL uses reserved fields", "-mcpu=v3" },
	{ "kfunc 'bpf_x' is referenced but wasn't resolved", "bpf_ksym_exists()" },
	{ "BPF map 'm' is referenced but wasn't created", "leaves that map out" },
	{ "failed to resolve CO-RE relocation <byte_off> [2] struct task_struct.none (0:0 @ offset 0)",
	  "bpf_core_field_exists()" },
#ifndef __aarch64__
	{ "failed to resolve CO-RE relocation <byte_off> [2] struct user_pt_regs.regs[0] (0:0:0 @ "
	  "offset 0)", "the object is made for arm64, and this is" },
#endif
#ifndef __s390x__
	{ "failed to resolve CO-RE relocation <byte_off> [2] struct user_pt_regs.gprs[2] (0:1:2 @ "
	  "offset 16)", "the object is made for s390x, and this is" },
#endif
#ifndef __x86_64__
	{ "failed to resolve CO-RE relocation <byte_off> [2] struct pt_regs.di (0:14 @ offset 112)",
	  "the object is made for x86_64, and this is" },
#endif
};

static void advice_by_reason(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct vlog *v = vlog_new(rows[i].reason, strlen(rows[i].reason));
		struct buf text = BUF_INIT;

		vlog_advice(&text, v, NULL);
		if (!strstr(buf_str(&text), rows[i].advice))
			fail_msg("'%s': '%s'", rows[i].reason, buf_str(&text));
		buf_free(&text);
		vlog_free(v);
	}
}

static void visits(void **state)
{
	static const uint32_t counts[] = { 1, 0, 1, 1, 1, 1, 1, 0, 1 };
	struct vlog *v = vlog_new(branches, strlen(branches));

	assert_int_equal(v->nr, ARRAY_SIZE(counts));
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		assert_int_equal(v->insns[i].visits, counts[i]);
	assert_int_equal(v->fail, 8);
	assert_int_equal(v->nr_path, 5);
	vlog_free(v);
}

/* The state that was kept last is taken up first: here of the third round, then the second. */
static void loops(void **state)
{
	static const char log[] =
		"0: (b7) r0 = 0\n"
		"1: (07) r0 += 1\n2: (1d) if r0 == r1 goto pc+1\n3: (05) goto pc-3\n"
		"1: (07) r0 += 1\n2: (1d) if r0 == r1 goto pc+1\n3: (05) goto pc-3\n"
		"1: (07) r0 += 1\n2: (1d) if r0 == r1 goto pc+1\n3: (05) goto pc-3\n"
		"1: safe\n"
		"from 2 to 4: R0=3\n4: (95) exit\n"
		"from 2 to 4: R0=2\n4: (bf) r0 = r9\nR9 !read_ok\n";
	struct vlog *v = vlog_new(log, strlen(log));

	assert_int_equal(v->insns[1].visits, 3);
	assert_int_equal(v->nr_path, 7);
	assert_int_equal(v->path[6].insn, 4);
	assert_int_equal(v->fail, 4);
	vlog_free(v);
	explains(log, "R9 !read_ok\n    at 4: (bf) r0 = r9\n    path: 0-3, 1-2, 4\n"
		 "    2: if r0 == r1 goto pc+1: taken\n"
		 "    advice: nothing sets this register on the path; calls keep only r6 to r9");
}

/* A loop's rounds are counted; what level 2 says after the last visit is no reason. */
static void rounds(void **state)
{
	static const char remark[] = "0: (95) exit\nsome remark\n";
	struct buf log = BUF_INIT;
	struct vlog *v;

	buf_puts(&log, "0: (b7) r0 = 0\n");
	for (int i = 0; i < 200; i++)
		buf_puts(&log, "; while (1) @ x.c:3\n1: (07) r0 += 1\n2: (55) if r0 != 0x7 goto pc-2\n");
	buf_puts(&log, "BPF program is too large. Processed 401 insn\nprocessed 401 insns (limit 400)\n");
	explains(buf_str(&log), "BPF program is too large. Processed 401 insn\n"
		 "    path: 0-2, 1-2 (199 times)\n"
		 "    2: if r0 != 0x7 goto pc-2: taken  ; while (1) @ x.c:3\n"
		 "    most visited: 1-2, 200 times  ; while (1) @ x.c:3\n"
		 "    advice: let the loop run less often, or by bpf_loop(), which is verified once");
	buf_free(&log);
	explains("0: (95) exit\n(0) frame 0 insn 6 +live -8\n(0,3) live stack update done in 2 iterations\n"
		 "SCC exit (1)\nprocessed 1 insns\n", "");
	v = vlog_new(remark, strlen(remark));
	vlog_accepted(v);
	assert_int_equal(v->nr_messages + v->nr_path, 0);
	vlog_free(v);
}

/* The states that are compared are no reasons, and the instruction is named. */
static void infinite(void **state)
{
	explains("0: R1=ctx() R10=fp0\n0: (b7) r0 = 0\n1: (55) if r1 != 0x0 goto pc-1\n2: (95) exit\n"
		 "from 1 to 1: R1=ctx() R10=fp0\n1: (55) if r1 != 0x0 goto pc-1\n"
		 "infinite loop detected at insn 1\ncur state: R1=ctx() R10=fp0\n"
		 "old state: R1=ctx() R10=fp0\nprocessed 4 insns\n",
		 "infinite loop detected at insn 1\n    at 1: (55) if r1 != 0x0 goto pc-1\n"
		 "    R1=ctx()\n    path: 0-1, 1\n"
		 "    1: if r1 != 0x0 goto pc-1: taken\n"
		 "    advice: what ends the loop has to change in each round; or use bpf_loop()");
}

static void no_visits(void **state)
{
	explains("", "");
	explains("\n", "");
	explains("one", "one");
	explains("a\nb\nc\nd\nwhy\nstack depth 8\nprocessed 3 insns\n", "why\n    b\n    c\n    d");
	explains("unreachable insn 5\nprocessed 0 insns\n", "unreachable insn 5\n    at 5\n"
		 "    advice: no path leads there: remove it, or the jump that passes it over");
	explains("0: (85) call f#1\n1: <invalid kfunc call>\nkfunc 'f' is referenced but wasn't resolved\n",
		 "kfunc 'f' is referenced but wasn't resolved\n    at 1: <invalid kfunc call>\n    path: 0-1\n"
		 "    advice: this kernel lacks it: ask bpf_ksym_exists() first");
	explains("0: (b7) r0 = 0\n1: (95) exit\nprocessed 2 insns\n", "");
	explains("0: (b7) r0 = 0\nfrom 7 to 9: safe\ncombined stack size of 2 calls is 544. Too large\n",
		 "combined stack size of 2 calls is 544. Too large\n"
		 "    advice: a chain of calls shares 512 bytes of stack: what is large belongs in a map");
}

/* Cut off anywhere, with bytes that are no text, with numbers that are too large. */
static void damaged(void **state)
{
	struct buf text = BUF_INIT;

	for (size_t start = 0; start < strlen(branches); start++) {
		struct vlog *v = vlog_new(branches + start, strlen(branches) - start);

		vlog_explain(&text, v, NULL);
		vlog_free(v);
		v = vlog_new(branches, start);
		vlog_explain(&text, v, NULL);
		vlog_free(v);
	}
	buf_free(&text);
	explains("99999999999: (b7) r0 = 0\nno\n", "no\n    99999999999: (b7) r0 = 0");
	explains("from 3 to 99999999999\nno\n", "no\n    from 3 to 99999999999");
	explains("0: (95) exit \x1b[1m\nR0 !read_ok\x1b\n",
		 "R0 !read_ok\\x1b\n    at 0: (95) exit \\x1b[1m\n    path: 0\n"
		 "    advice: nothing sets this register on the path; calls keep only r6 to r9");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reasons), cmocka_unit_test(joined), cmocka_unit_test(stale),
		cmocka_unit_test(before_a_call), cmocka_unit_test(line_without_text),
		cmocka_unit_test(advice_by_reason),
		cmocka_unit_test(visits), cmocka_unit_test(loops), cmocka_unit_test(rounds),
		cmocka_unit_test(infinite), cmocka_unit_test(no_visits), cmocka_unit_test(damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
