// SPDX-License-Identifier: BSD-2-Clause
/* The verifier's reasons in few lines. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "render/code/code.h"
#include "render/code/vlog.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/text.h"

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

/* Behind @lead, the source line of instruction @i: from the log, or else from @code. */
static void add_source(struct buf *out, const char *lead, const struct vlog *v,
		       const struct code *code, uint32_t i)
{
	struct vlog_text source = insn_of(v, i)->source;
	const struct code_line *line = NULL;

	if (!source.s && code && i < code->nr)
		line = code_line_of(code, i);
	if (!source.s && !line)
		return;
	buf_puts(out, lead);
	if (!line) {
		add_text(out, source);
		return;
	}
	if (!*line->text) {
		code_print_file(out, line);
		return;
	}
	add_text(out, (struct vlog_text){ line->text, strlen(line->text) });
	code_print_place(out, line);
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

/* What instruction @i reads: what it sets, as in "(79) r1 = ...", is left away. */
static struct vlog_text reads(const struct vlog *v, uint32_t i)
{
	struct vlog_text t = insn_of(v, i)->text;
	const char *set = t.s ? memmem(t.s, t.len, " = ", 3) : NULL;
	size_t skip = set ? (size_t)(set - t.s) : 0;

	if (skip > 6 && skip < 9)
		t = (struct vlog_text){ t.s + skip, t.len - skip };
	return t;
}

/* The states of the registers in question: those of the reason first. */
static void add_regs(struct buf *out, const struct vlog *v)
{
	const struct vlog_text about[] = {
		v->messages[v->nr_messages - 1], reads(v, v->fail)
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
			if (v->before_call >> reg & 1 || vlog_is_stale(v, reg))
				buf_puts(out, ", before a call");
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

/* Steps @first..@last of the path that follow one another without a jump, @times in a row. */
struct range {
	uint32_t first, last, times;
};

/* The range that begins with step @i, its repetitions included; @i is moved behind them. */
static struct range next_range(const struct vlog *v, uint32_t *i)
{
	struct range r = { .first = *i };

	do {
		uint32_t at = *i;

		while (at + 1 < v->nr_path && goes_on(v, at))
			at++;
		if (r.times && (v->path[*i].insn != v->path[r.first].insn ||
				v->path[at].insn != v->path[r.last].insn))
			break;
		if (!r.times++)
			r.last = at;
		*i = at + 1;
	} while (*i < v->nr_path);
	return r;
}

static void add_range(struct buf *out, const struct vlog *v, const struct range *r)
{
	buf_printf(out, "%u", v->path[r->first].insn);
	if (r->first < r->last)
		buf_printf(out, "-%u", v->path[r->last].insn);
	if (r->times > 1)
		buf_printf(out, " (%u times)", r->times);
}

/* "path: 0-13, 17-22 (3 times)", the middle of a long one only counted. */
static void add_path(struct buf *out, const struct vlog *v)
{
	uint32_t ranges = 0, nr = 0;

	for (uint32_t i = 0; i < v->nr_path; ranges++)
		next_range(v, &i);
	buf_puts(out, INDENT "path: ");
	if (v->partial && v->path[0].insn)
		buf_puts(out, "..., ");
	for (uint32_t i = 0; i < v->nr_path; nr++) {
		struct range r = next_range(v, &i);

		if (nr < RANGES_FIRST || nr + RANGES_LAST >= ranges) {
			buf_puts(out, nr ? ", " : "");
			add_range(out, v, &r);
		} else if (nr == RANGES_FIRST) {
			buf_printf(out, ", ... %u more", ranges - RANGES_FIRST - RANGES_LAST);
		}
	}
}

static bool is_branch(const struct vlog *v, uint32_t at)
{
	struct vlog_text t = insn_of(v, v->path[at].insn)->text;

	return t.len > 8 && !memcmp(t.s + 5, "if ", 3);
}

/* Whether one of the steps @list is at the same instruction as step @at. */
static bool is_listed(const struct vlog *v, const uint32_t *list, uint32_t nr, uint32_t at)
{
	while (nr--)
		if (v->path[list[nr]].insn == v->path[at].insn)
			return true;
	return false;
}

/* The last decisions on the path, in their order; of a loop's, the last round's. */
static void add_branches(struct buf *out, const struct vlog *v, const struct code *code)
{
	uint32_t list[BRANCHES_SHOWN], nr = 0;

	for (uint32_t i = v->nr_path - 1; i-- > 0 && nr < BRANCHES_SHOWN;)
		if (is_branch(v, i) && !is_listed(v, list, nr, i))
			list[nr++] = i;
	while (nr--) {
		const struct vlog_insn *insn = insn_of(v, v->path[list[nr]].insn);

		buf_printf(out, INDENT "%u: ", v->path[list[nr]].insn);
		add_text(out, (struct vlog_text){ insn->text.s + 5, insn->text.len - 5 });
		buf_puts(out, goes_on(v, list[nr]) ? ": not taken" : ": taken");
		add_source(out, "  ; ", v, code, v->path[list[nr]].insn);
	}
}

/* The instruction that the verifier visited most; NULL where no loop kept it busy. */
static const struct vlog_insn *busiest(const struct vlog *v)
{
	const struct vlog_insn *most = v->insns;

	for (uint32_t i = 1; i < v->nr; i++)
		if (v->insns[i].visits > most->visits)
			most = &v->insns[i];
	return v->nr && most->visits >= OFTEN ? most : NULL;
}

/* Where the loop around instruction @i begins and ends: by its last round on the path. */
static struct range last_round(const struct vlog *v, uint32_t i)
{
	struct range r = { .first = i, .last = i };
	uint32_t end = v->nr_path, at;

	while (end && v->path[end - 1].insn != i)
		end--;
	for (at = end ? end - 1 : 0; at > 0 && v->path[at - 1].insn != i; at--)
		;
	for (; at > 0 && at < end; at++) {
		uint32_t insn = v->path[at].insn;

		r.first = insn < r.first ? insn : r.first;
		r.last = insn > r.last ? insn : r.last;
	}
	return r;
}

static void add_loop(struct buf *out, const struct vlog *v, const struct code *code)
{
	const struct vlog_insn *most = busiest(v);
	struct range r;

	if (!most)
		return;
	r = last_round(v, most - v->insns);
	buf_printf(out, INDENT "most visited: %u", r.first);
	if (r.first < r.last)
		buf_printf(out, "-%u", r.last);
	buf_printf(out, ", %s%u times", v->partial ? "at least " : "", most->visits);
	add_source(out, "  ; ", v, code, most - v->insns);
}

/* An instruction and its source line; of one that the log does not show, what @code says. */
static void add_insn(struct buf *out, const struct vlog *v, const struct code *code, uint32_t i)
{
	const struct vlog_insn *insn = insn_of(v, i);

	if (insn->text.s) {
		buf_puts(out, ": ");
		add_text(out, insn->text);
	} else if (code && i < code->nr) {
		buf_printf(out, ": (%02x) ", code->insns[i].code);
		code_print_insn(out, code, i);
	}
	add_source(out, INDENT "source: ", v, code, i);
}

/* "Unreleased reference id=2 alloc_insn=5": where it was taken. */
static void add_reference(struct buf *out, const struct vlog *v, const struct code *code)
{
	for (int i = 0; i < v->nr_messages; i++) {
		const struct vlog_insn *insn;
		uint32_t n;

		if (!vlog_number(v->messages[i], "alloc_insn=", &n))
			continue;
		insn = insn_of(v, n);
		if (!insn->text.s)
			continue;
		buf_printf(out, INDENT "taken at %u: ", n);
		add_text(out, insn->text);
		add_source(out, "  ; ", v, code, n);
	}
}

void vlog_explain(struct buf *out, const struct vlog *v, const struct code *code)
{
	struct buf advice = BUF_INIT;

	if (!v->nr_messages)
		return;
	add_text(out, v->messages[v->nr_messages - 1]);
	for (int i = 0; i < v->nr_messages - 1; i++) {
		buf_puts(out, INDENT);
		add_text(out, v->messages[i]);
	}
	if (v->fail != VLOG_NONE) {
		buf_printf(out, INDENT "at %u", v->fail);
		add_insn(out, v, code, v->fail);
		add_regs(out, v);
	}
	add_reference(out, v, code);
	if (v->nr_path) {
		add_path(out, v);
		add_branches(out, v, code);
	}
	add_loop(out, v, code);
	vlog_advice(&advice, v, code);
	if (advice.len)
		buf_printf(out, INDENT "advice: %s", buf_str(&advice));
	buf_free(&advice);
}
