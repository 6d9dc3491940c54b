// SPDX-License-Identifier: BSD-2-Clause
/*
 * What a program was compiled for and this kernel lacks. The verifier's reason
 * does not name it: a weak kfunc becomes a call of nothing, which it passes
 * over, and a weak variable has address 0.
 */
#include <string.h>

#include "render/code/code.h"
#include "render/code/vlog.h"
#include "shell/base/buf.h"

/* The reason, which is said last; no text where there is none. */
static struct vlog_text reason_of(const struct vlog *v)
{
	return v->nr_messages ? v->messages[v->nr_messages - 1] : (struct vlog_text){ 0 };
}

/* The extern that instruction @i of the object refers to, or NULL. */
static const char *extern_at(const struct code *code, uint32_t i)
{
	const struct code_ref *ref = code && i < code->nr ? code_ref_at(code, i) : NULL;

	return ref && ref->kind == REF_EXTERN ? ref->name : NULL;
}

/* The last step of the path that @is applies to: its instruction, or VLOG_NONE. */
static uint32_t last_on_path(const struct vlog *v, bool (*is)(const struct vlog_insn *insn))
{
	for (uint32_t at = v->nr_path; at-- > 0;)
		if (v->path[at].insn < v->nr && is(&v->insns[v->path[at].insn]))
			return v->path[at].insn;
	return VLOG_NONE;
}

static bool is_call(const struct vlog_insn *insn)
{
	return vlog_has(insn->text, "(85) call");
}

/* The only kfunc that the object calls, where the log does not show the call; NULL: several. */
static const char *only_kfunc(const struct code *code, uint32_t *insn)
{
	const char *found = NULL;

	for (uint32_t i = 0; code && i < code->nr; i++) {
		const char *name = extern_at(code, i);

		if (!name || code->insns[i].code != (BPF_JMP | BPF_CALL))
			continue;
		if (found && strcmp(found, name))
			return NULL;
		found = name;
		*insn = i;
	}
	return found;
}

/*
 * Whether the reason is a call of a kfunc that is not there: *@insn is set to it,
 * or to VLOG_NONE where the log does not show it.
 */
static bool find_call(const struct vlog *v, uint32_t *insn)
{
	*insn = v->fail;
	if (vlog_has(reason_of(v), "call not eliminated"))
		return true;
	/* So say kernels before 5.13, which know no kfuncs. */
	if (vlog_has(reason_of(v), "BPF_CALL uses reserved fields"))
		return *insn < v->nr && vlog_has(v->insns[*insn].text, "call bpf_unspec#0");
	if (!vlog_has(reason_of(v), "R0 !read_ok"))
		return false;
	*insn = last_on_path(v, is_call);
	return *insn != VLOG_NONE && vlog_calls_nothing(&v->insns[*insn]);
}

static bool add_kfunc(struct buf *out, const struct vlog *v, const struct code *code)
{
	const char *name;
	uint32_t insn;

	if (!find_call(v, &insn))
		return false;
	name = insn == VLOG_NONE ? only_kfunc(code, &insn) : extern_at(code, insn);
	buf_puts(out, "this kernel lacks ");
	if (name)
		buf_printf(out, "the weak kfunc '%s', which instruction %u calls", name, insn);
	else
		buf_puts(out, "a kfunc that the program calls");
	buf_printf(out, ": ask bpf_ksym_exists(%s) first", name ? name : "");
	return true;
}

/* "(18) r1 = 0x0" */
static bool is_zero_address(const struct vlog_insn *insn)
{
	static const char tail[] = " = 0x0";
	size_t n = strlen(tail);

	return vlog_has(insn->text, "(18) r") && insn->text.len > n &&
	       !memcmp(insn->text.s + insn->text.len - n, tail, n);
}

static bool add_variable(struct buf *out, const struct vlog *v, const struct code *code)
{
	uint32_t insn;

	if (!vlog_has(reason_of(v), "invalid mem access"))
		return false;
	insn = last_on_path(v, is_zero_address);
	if (insn == VLOG_NONE || !extern_at(code, insn))
		return false;
	buf_printf(out, "this kernel lacks the weak variable '%s', whose address instruction %u "
		   "takes: ask bpf_ksym_exists(%s) first", extern_at(code, insn), insn,
		   extern_at(code, insn));
	return true;
}

#if defined(__x86_64__)
#define PROCESSOR "x86_64"
#define TARGET "x86"
#elif defined(__aarch64__)
#define PROCESSOR "arm64"
#define TARGET "arm64"
#elif defined(__s390x__)
#define PROCESSOR "s390x"
#define TARGET "s390"
#elif defined(__riscv)
#define PROCESSOR "riscv"
#define TARGET "riscv"
#elif defined(__powerpc__)
#define PROCESSOR "powerpc"
#define TARGET "powerpc"
#else
#define PROCESSOR "another one"
#define TARGET "..."
#endif

/* Where the processors have their registers; the first row that fits. */
static const struct {
	const char *part, *processor;
} processors[] = {
	{ " struct user_pt_regs.regs", "arm64" },
	{ " struct pt_regs___arm64.", "arm64" },
	{ " struct user_pt_regs.", "s390x" },
	{ " struct pt_regs___s390.", "s390x" },
	{ " struct user_regs_struct.", "riscv" },
	{ " struct pt_regs___riscv.", "riscv" },
	{ " struct pt_regs.gpr", "powerpc" },
	{ " struct pt_regs.uregs", "arm" },
	{ " struct pt_regs.regs", "mips" },
	{ " struct pt_regs.", "x86_64" },
};

static bool add_processor(struct buf *out, const struct vlog *v)
{
	struct vlog_text reason = reason_of(v);
	size_t i = 0;

	if (!vlog_has(reason, "CO-RE relocation"))
		return false;
	while (i < ARRAY_SIZE(processors) && !vlog_has(reason, processors[i].part))
		i++;
	if (i == ARRAY_SIZE(processors) || !strcmp(processors[i].processor, PROCESSOR))
		return false;
	buf_printf(out, "the object is made for %s, and this is " PROCESSOR ": compile it with "
		   "-D__TARGET_ARCH_" TARGET, processors[i].processor);
	return true;
}

bool vlog_missing(struct buf *out, const struct vlog *v, const struct code *code)
{
	return add_kfunc(out, v, code) || add_variable(out, v, code) || add_processor(out, v);
}
