// SPDX-License-Identifier: BSD-2-Clause
/* The verifier's reasons in few lines. */
#include <ctype.h>
#include <stdio.h>

#include "render/vlog.h"
#include "shell/diag.h"

#define REGS_SHOWN 3
#define BRANCHES_SHOWN 3
#define RANGES_FIRST 2
#define RANGES_LAST 4
/* An instruction that is visited this often is in a loop worth a word. */
#define OFTEN 100
/* Longer texts are cut: a state can have hundreds of characters. */
#define TEXT_MAX 160

#define INDENT "\n    "

static void add_text(struct buf *out, struct vlog_text t)
{
	buf_escaped(out, t.s, t.len < TEXT_MAX ? t.len : TEXT_MAX);
	if (t.len > TEXT_MAX)
		buf_puts(out, "...");
}

static const struct vlog_insn *insn_of(const struct vlog *v, uint32_t i)
{
	static const struct vlog_insn unknown;

	return i < v->nr ? &v->insns[i] : &unknown;
}

/* Whether @t names register @reg, as "R1", "r1" or "w1". */
static bool names_reg(struct vlog_text t, int reg)
{
	char number[4];
	size_t digits = snprintf(number, sizeof(number), "%d", reg);

	for (size_t i = 0; i + digits < t.len; i++) {
		bool word = !i || !isalnum((unsigned char)t.s[i - 1]);
		size_t end = i + 1 + digits;

		if (word && strchr("Rrw", t.s[i]) && !memcmp(t.s + i + 1, number, digits) &&
		    (end == t.len || !isalnum((unsigned char)t.s[end])))
			return true;
	}
	return false;
}

/* The states of the registers in question: those of the reason first. */
static void add_regs(struct buf *out, const struct vlog *v)
{
	const struct vlog_text about[] = {
		v->messages[v->nr_messages - 1], insn_of(v, v->fail)->text
	};
	unsigned shown = 0, nr = 0;

	for (size_t i = 0; i < ARRAY_SIZE(about); i++) {
		for (int reg = 0; reg < VLOG_REGS && nr < REGS_SHOWN; reg++) {
			if (shown >> reg & 1 || !v->regs[reg].s || !about[i].s ||
			    !names_reg(about[i], reg))
				continue;
			shown |= 1U << reg;
			nr++;
			buf_puts(out, INDENT);
			add_text(out, v->regs[reg]);
		}
	}
}

/* Whether an instruction takes two places: ld_imm64, opcode 0x18. */
static bool is_wide(const struct vlog_insn *insn)
{
	return insn->text.len > 3 && !memcmp(insn->text.s, "(18)", 4);
}

/* Whether the step after @at on the path is simply the next instruction. */
static bool goes_on(const struct vlog *v, uint32_t at)
{
	uint32_t distance = v->path[at + 1].insn - v->path[at].insn;

	return distance == 1 || (distance == 2 && is_wide(insn_of(v, v->path[at].insn)));
}

/* "path: 0-13, 17-22", the middle of a long one only counted. */
static void add_path(struct buf *out, const struct vlog *v)
{
	uint32_t ranges = 1, nr = 0, first = 0;

	for (uint32_t i = 0; i + 1 < v->nr_path; i++)
		ranges += !goes_on(v, i);
	buf_puts(out, INDENT "path: ");
	if (v->partial && v->path[0].insn)
		buf_puts(out, "..., ");
	for (uint32_t i = 0; i < v->nr_path; i++) {
		if (i + 1 < v->nr_path && goes_on(v, i))
			continue;
		if (nr < RANGES_FIRST || nr + RANGES_LAST >= ranges) {
			buf_printf(out, "%s%u", nr ? ", " : "", v->path[first].insn);
			if (first < i)
				buf_printf(out, "-%u", v->path[i].insn);
		} else if (nr == RANGES_FIRST) {
			buf_printf(out, ", ... %u more", ranges - RANGES_FIRST - RANGES_LAST);
		}
		first = i + 1;
		nr++;
	}
}

static bool is_branch(const struct vlog *v, uint32_t at)
{
	struct vlog_text t = insn_of(v, v->path[at].insn)->text;

	return t.len > 8 && !memcmp(t.s + 5, "if ", 3);
}

/* The last decisions on the path, in their order. */
static void add_branches(struct buf *out, const struct vlog *v)
{
	uint32_t list[BRANCHES_SHOWN], nr = 0;

	for (uint32_t i = v->nr_path - 1; i-- > 0 && nr < BRANCHES_SHOWN;)
		if (is_branch(v, i))
			list[nr++] = i;
	while (nr--) {
		const struct vlog_insn *insn = insn_of(v, v->path[list[nr]].insn);

		buf_printf(out, INDENT "%u: ", v->path[list[nr]].insn);
		add_text(out, (struct vlog_text){ insn->text.s + 5, insn->text.len - 5 });
		buf_puts(out, goes_on(v, list[nr]) ? ": not taken" : ": taken");
		if (insn->source.s) {
			buf_puts(out, "  ; ");
			add_text(out, insn->source);
		}
	}
}

/* Where the verifier was most often. */
static void add_loop(struct buf *out, const struct vlog *v)
{
	const struct vlog_insn *most = v->insns;

	for (uint32_t i = 1; i < v->nr; i++)
		if (v->insns[i].visits > most->visits)
			most = &v->insns[i];
	if (!v->nr || most->visits < OFTEN)
		return;
	buf_printf(out, INDENT "most visited: %u, %s%u times", (uint32_t)(most - v->insns),
		   v->partial ? "at least " : "", most->visits);
	if (most->source.s) {
		buf_puts(out, "  ; ");
		add_text(out, most->source);
	}
}

static void add_fail(struct buf *out, const struct vlog *v)
{
	const struct vlog_insn *insn = insn_of(v, v->fail);

	buf_printf(out, INDENT "at %u", v->fail);
	if (insn->text.s) {
		buf_puts(out, ": ");
		add_text(out, insn->text);
	}
	if (insn->source.s) {
		buf_puts(out, INDENT "source: ");
		add_text(out, insn->source);
	}
	add_regs(out, v);
}

void vlog_explain(struct buf *out, const struct vlog *v)
{
	if (!v->nr_messages)
		return;
	add_text(out, v->messages[v->nr_messages - 1]);
	for (int i = 0; i < v->nr_messages - 1; i++) {
		buf_puts(out, INDENT);
		add_text(out, v->messages[i]);
	}
	if (v->fail != VLOG_NONE)
		add_fail(out, v);
	if (v->nr_path) {
		add_path(out, v);
		add_branches(out, v);
	}
	add_loop(out, v);
}
