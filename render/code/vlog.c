// SPDX-License-Identifier: BSD-2-Clause
/* Reads a verifier's log, line by line, into what it tells. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "render/code/vlog.h"
#include "shell/base/alloc.h"

/* As many as the kernel loads (BPF_COMPLEXITY_LIMIT_INSNS); more is no log of a program. */
#define INSNS_MAX 1000000

/* A log while it is read. */
struct vlog_reader {
	struct vlog *v;
	uint32_t *waiting;	/* by instruction: how often it is on the path and not left */
	uint32_t room;		/* elements of waiting and v->insns */
	struct vlog_text source;
	bool pruned;		/* the last path ended well */
	uint64_t visits;	/* of all instructions together */
};

static bool starts(struct vlog_text t, const char *with)
{
	size_t n = strlen(with);

	return t.len >= n && !memcmp(t.s, with, n);
}

static void skip(struct vlog_text *t, size_t n)
{
	t->s += n;
	t->len -= n;
}

/* Takes a number off the text. */
static bool take_number(struct vlog_text *t, uint32_t *n)
{
	size_t digits = 0;

	*n = 0;
	while (digits < t->len && isdigit((unsigned char)t->s[digits])) {
		*n = *n * 10 + (t->s[digits++] - '0');
		if (*n >= INSNS_MAX)
			return false;
	}
	skip(t, digits);
	return digits;
}

static struct vlog_insn *insn_at(struct vlog_reader *r, uint32_t i)
{
	struct vlog *v = r->v;

	if (i >= r->room) {
		uint32_t room = i < 32 ? 64 : 2 * i;

		v->insns = xrealloc(v->insns, room, sizeof(*v->insns));
		r->waiting = xrealloc(r->waiting, room, sizeof(*r->waiting));
		memset(v->insns + r->room, 0, (room - r->room) * sizeof(*v->insns));
		memset(r->waiting + r->room, 0, (room - r->room) * sizeof(*r->waiting));
		r->room = room;
	}
	if (i >= v->nr)
		v->nr = i + 1;
	return &v->insns[i];
}

static void cut_path(struct vlog_reader *r, uint32_t nr)
{
	struct vlog *v = r->v;

	while (v->nr_path > nr) {
		const struct vlog_step *step = &v->path[--v->nr_path];

		if (!step->left)
			r->waiting[step->insn]--;
	}
}

/*
 * The verifier goes on with the other branch of @i, as it was when it came there
 * last. Where the log does not show that, what led here is unknown.
 */
static void go_back(struct vlog_reader *r, uint32_t i)
{
	struct vlog *v = r->v;
	uint32_t at = v->nr_path;

	insn_at(r, i);
	if (!r->waiting[i]) {
		cut_path(r, 0);
		return;
	}
	while (v->path[at - 1].insn != i || v->path[at - 1].left)
		at--;
	cut_path(r, at);
	v->path[at - 1].left = true;
	r->waiting[i]--;
}

static void forget_regs(struct vlog *v)
{
	memset(v->regs, 0, sizeof(v->regs));
	v->before_call = 0;
}

/* What a call does to registers is often left out: R0 to R5 are others behind it. */
#define CALL_CHANGES 0x3f

bool vlog_has(struct vlog_text t, const char *part)
{
	return t.s && memmem(t.s, t.len, part, strlen(part));
}

bool vlog_calls_nothing(const struct vlog_insn *insn)
{
	static const char call[] = "(85) call #0";

	return insn->text.s && insn->text.len == strlen(call) && starts(insn->text, call);
}

/* Up to the blank that ends a register's state: those in parentheses belong to it. */
static size_t state_length(struct vlog_text t)
{
	size_t n = 0;
	int depth = 0;

	for (; n < t.len && (t.s[n] != ' ' || depth > 0); n++)
		depth += t.s[n] == '(' ? 1 : t.s[n] == ')' ? -1 : 0;
	return n;
}

/* Keeps what "R1=ctx() R2_w=scalar(var_off=(0x0; 0xff)) fp-8=..." says of registers. */
static void read_state(struct vlog *v, struct vlog_text t)
{
	while (t.len) {
		size_t n = state_length(t);
		const struct vlog_text state = { t.s, n };
		struct vlog_text word = state;
		uint32_t reg;

		skip(&t, n < t.len ? n + 1 : n);
		if (!starts(word, "R") || !memchr(word.s, '=', n))
			continue;
		skip(&word, 1);
		if (take_number(&word, &reg) && reg < VLOG_REGS && word.len &&
		    (*word.s == '=' || *word.s == '_')) {
			v->regs[reg] = state;
			v->before_call &= ~(1u << reg);
		}
	}
}

static struct vlog_text trimmed(struct vlog_text t)
{
	while (t.len && isspace((unsigned char)t.s[t.len - 1]))
		t.len--;
	while (t.len && isspace((unsigned char)*t.s))
		skip(&t, 1);
	return t;
}

/*
 * Where the registers' states behind an instruction begin, or the end: "; R1=scalar()",
 * or " 13: R0=1 R10=fp0" of all of them, where the verifier goes on at another one.
 */
static size_t states_at(struct vlog_text t)
{
	for (size_t i = 0; i < t.len; i++) {
		struct vlog_text number = { t.s + i + 1, t.len - i - 1 };
		uint32_t next;

		if (t.s[i] == ';')
			return i;
		if (t.s[i] == ' ' && take_number(&number, &next) &&
		    (starts(number, ": R") || starts(number, ": frame")))
			return i;
	}
	return t.len;
}

/* "(71) r1 = *(u8 *)(r1 +12)       ; R1=scalar()": the verifier visits an instruction. */
static void visit(struct vlog_reader *r, uint32_t i, struct vlog_text t)
{
	struct vlog_insn *insn = insn_at(r, i);
	struct vlog *v = r->v;
	size_t states = states_at(t);
	struct vlog_text text = { t.s, states };

	insn->visits++;
	r->visits++;
	insn->text = trimmed(text);
	insn->source = r->source;
	GROW(v->path, v->nr_path);
	v->path[v->nr_path++] = (struct vlog_step){ .insn = i };
	r->waiting[i]++;
	r->pruned = false;
	v->nr_messages = 0;
	if (starts(insn->text, "(85) call"))
		v->before_call |= CALL_CHANGES;
	skip(&t, states);
	read_state(v, t);
}

/* "(bf) r1 = r2", or what libbpf writes over an instruction that it could not make. */
static bool is_insn(struct vlog_text t)
{
	return starts(t, "<invalid ") ||
	       (t.len > 4 && t.s[0] == '(' && isxdigit((unsigned char)t.s[1]) &&
		isxdigit((unsigned char)t.s[2]) && t.s[3] == ')');
}

/* "12: (bf) r1 = r2", "12: R1=ctx() ...", "12: safe". */
static bool read_numbered(struct vlog_reader *r, struct vlog_text t)
{
	uint32_t i;

	if (!take_number(&t, &i) || !starts(t, ": "))
		return false;
	skip(&t, 2);
	if (is_insn(t)) {
		visit(r, i, t);
		return true;
	}
	if (starts(t, "safe"))
		r->pruned = true;
	else if (starts(t, "R") || starts(t, "frame"))
		read_state(r->v, t);
	else
		return false;
	r->v->nr_messages = 0;
	return true;
}

/* "from 3 to 5: R0=...", "from 3 to 5: safe", "from 3 to 5 (speculative execution): ..." */
static bool read_branch(struct vlog_reader *r, struct vlog_text t)
{
	uint32_t from, to;
	const char *colon;

	if (!starts(t, "from "))
		return false;
	skip(&t, 5);
	if (!take_number(&t, &from) || !starts(t, " to "))
		return false;
	skip(&t, 4);
	if (!take_number(&t, &to))
		return false;
	go_back(r, from);
	colon = memchr(t.s, ':', t.len);
	skip(&t, colon ? (size_t)(colon + 1 - t.s) : t.len);
	forget_regs(r->v);
	read_state(r->v, t);
	r->pruned = starts(trimmed(t), "safe");
	r->v->nr_messages = 0;
	return true;
}

enum line_kind {
	LINE_NOISE,	/* nothing that matters */
	LINE_FRAME,	/* the registers are from now on another function's */
	LINE_ENTRY,	/* another function is verified, by itself */
};

/* How lines begin that are neither instructions, nor states, nor messages. */
static const struct {
	const char *start;
	enum line_kind kind;
} known_lines[] = {
	{ "processed ", LINE_NOISE }, { "verification time ", LINE_NOISE },
	{ "stack depth ", LINE_NOISE }, { "max_states", LINE_NOISE },
	{ "insns processed ", LINE_NOISE }, { "mark_precise", LINE_NOISE },
	{ "regs=", LINE_NOISE }, { "last_idx ", LINE_NOISE }, { "parent ", LINE_NOISE },
	{ "propagating ", LINE_NOISE }, { "func#", LINE_NOISE }, { "Live regs ", LINE_NOISE },
	{ "SCC ", LINE_NOISE }, { "cur state:", LINE_NOISE }, { "old state:", LINE_NOISE },
	{ "caller:", LINE_NOISE }, { "returning from callee:", LINE_NOISE },
	{ "callee:", LINE_FRAME }, { "to caller at ", LINE_FRAME },
	{ "Func#", LINE_ENTRY }, { "Validating ", LINE_ENTRY },
};

/* "processed 2 insns": how many visits there were, in the log or not. */
static void read_processed(struct vlog_reader *r, struct vlog_text t)
{
	uint32_t n;

	if (!starts(t, "processed "))
		return;
	skip(&t, strlen("processed "));
	r->v->partial = !take_number(&t, &n) || n > r->visits;
	r->v->processed = n;
}

/* "(0) frame 0 insn 6 +live -8", "(3,17) live stack update done in 2 iterations" */
static bool is_liveness(struct vlog_text t)
{
	const char *end = starts(t, "(") ? memchr(t.s, ')', t.len) : NULL;

	if (!end)
		return false;
	skip(&t, end + 1 - t.s);
	return starts(t, " frame ") || starts(t, " live stack ");
}

static bool read_known(struct vlog_reader *r, struct vlog_text t)
{
	if (is_liveness(t))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(known_lines); i++) {
		if (!starts(t, known_lines[i].start))
			continue;
		read_processed(r, t);
		if (known_lines[i].kind != LINE_NOISE)
			forget_regs(r->v);
		/* "Func#1 ('f') is global and assumed valid." is but a remark on a call. */
		if (known_lines[i].kind == LINE_ENTRY && !memmem(t.s, t.len, "assumed", 7))
			cut_path(r, 0);
		return true;
	}
	return false;
}

static void add_message(struct vlog *v, struct vlog_text t)
{
	if (v->nr_messages == VLOG_MESSAGES)
		memmove(v->messages, v->messages + 1, --v->nr_messages * sizeof(*v->messages));
	v->messages[v->nr_messages++] = t;
}

static void read_line(struct vlog_reader *r, struct vlog_text t)
{
	if (!trimmed(t).len || read_known(r, t) || read_numbered(r, t) || read_branch(r, t))
		return;
	if (starts(t, ";")) {
		skip(&t, 1);
		t = trimmed(t);
		/* Where the text of a line is not kept, its place is: "; @ x.c:3". */
		if (starts(t, "@ "))
			skip(&t, 2);
		if (t.len)
			r->source = t;
	} else if (*t.s == ' ' || starts(t, "R0=") || starts(t, "frame")) {
		read_state(r->v, t);
	} else {
		add_message(r->v, trimmed(t));
	}
}

/* What the verifier says of the whole program, after it has visited all of it. */
static bool is_about_all(struct vlog_text reason)
{
	return starts(reason, "combined stack size") || starts(reason, "the call stack of");
}

/* What it says where it gives up: any instruction could have been the last one. */
static bool is_about_effort(struct vlog_text reason)
{
	return starts(reason, "BPF program is too large") ||
	       memmem(reason.s, reason.len, "too complex", strlen("too complex"));
}

bool vlog_number(struct vlog_text t, const char *key, uint32_t *n)
{
	const char *at = memmem(t.s, t.len, key, strlen(key));

	if (!at)
		return false;
	skip(&t, at + strlen(key) - t.s);
	return take_number(&t, n);
}

/* The call of a kfunc that is not there: what is said of it comes after all visits. */
static uint32_t call_of_nothing(const struct vlog *v)
{
	uint32_t i = v->nr;

	while (i-- > 0)
		if (vlog_calls_nothing(&v->insns[i]))
			return i;
	return VLOG_NONE;
}

static void find_fail(struct vlog_reader *r)
{
	struct vlog *v = r->v;
	struct vlog_text reason;

	v->fail = VLOG_NONE;
	if (!v->nr_messages)
		return;
	reason = v->messages[v->nr_messages - 1];
	if (vlog_has(reason, "call not eliminated")) {
		v->fail = call_of_nothing(v);
		if (v->fail != VLOG_NONE && r->waiting[v->fail])
			go_back(r, v->fail);
		return;
	}
	if (is_about_all(reason) || is_about_effort(reason) || r->pruned)
		return;
	/* "unreachable insn 5", before the first visit; "infinite loop detected at insn 7" */
	if (vlog_number(reason, "insn ", &v->fail)) {
		if (v->fail < r->room && r->waiting[v->fail])
			go_back(r, v->fail);
		return;
	}
	v->fail = v->nr_path ? v->path[v->nr_path - 1].insn : VLOG_NONE;
}

struct vlog *vlog_new(const char *log, size_t len)
{
	struct vlog_reader r = { .v = xcalloc(1, sizeof(*r.v)) };
	const char *end = log + len;

	while (log < end) {
		const char *newline = memchr(log, '\n', end - log);
		struct vlog_text line = { log, (newline ? newline : end) - log };

		read_line(&r, line);
		log += line.len + 1;
	}
	find_fail(&r);
	free(r.waiting);
	return r.v;
}

void vlog_accepted(struct vlog *v)
{
	v->nr_messages = 0;
	v->nr_path = 0;
	v->fail = VLOG_NONE;
}

void vlog_free(struct vlog *v)
{
	if (!v)
		return;
	free(v->insns);
	free(v->path);
	free(v);
}
