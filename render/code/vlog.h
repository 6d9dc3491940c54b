/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a verifier's log tells: why a program is refused, where, on which path,
 * and how often each instruction was visited.
 *
 * The log is text for people whose form changes from kernel to kernel, and it
 * may be cut off at either end. Lines that are not understood are taken for
 * messages, the last of which is the reason. Levels 1 and 2 are read (see
 * kernel/bpf/log.c and verifier.c); at level 1 a log has only the path that
 * failed, so that visits count only this path.
 */
#ifndef BPFSH_RENDER_VLOG_H
#define BPFSH_RENDER_VLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

#define VLOG_NONE UINT32_MAX
#define VLOG_REGS 11
#define VLOG_MESSAGES 4

/* A part of the log, not printable as it is: see buf_escaped(). s is NULL where there is none. */
struct vlog_text {
	const char *s;
	size_t len;
};

struct code;

struct vlog_insn {
	uint32_t visits;
	struct vlog_text text;		/* "(71) r1 = *(u8 *)(r1 +12)" */
	struct vlog_text source;	/* "return data[12]; @ x.c:11" */
};

struct vlog_step {
	uint32_t insn;
	bool left;		/* its other branch was explored, later */
};

struct vlog {
	struct vlog_insn *insns;
	uint32_t nr;			/* beyond the last one that the log names */
	struct vlog_step *path;		/* explored last, from the entry */
	uint32_t nr_path;
	uint32_t processed;		/* visits, by the log's last line; 0: it does not tell */
	bool partial;			/* the log leaves visits out: each count is a minimum */
	uint32_t fail;			/* the instruction to blame, or VLOG_NONE */
	/* What was said last, the reason at the end; none where the program was accepted. */
	struct vlog_text messages[VLOG_MESSAGES];
	int nr_messages;
	struct vlog_text regs[VLOG_REGS];	/* as known last: "R1=pkt(r=0)" */
	uint32_t before_call;		/* a bit for each register of which that was before a call */
};

/* Reads @log, which must outlive the result. Never fails, in linear time. */
struct vlog *vlog_new(const char *log, size_t len);
/* NULL is fine. */
void vlog_free(struct vlog *v);

/* The program was loaded: what its log says last is no reason against it. */
void vlog_accepted(struct vlog *v);

/*
 * Appends, in about ten lines and printable: the reason, what was said before it,
 * the instruction, its source line, the registers that it or the reason names,
 * the path in short, the last branches on it, a loop where there is one, and what
 * to do. @code, which may be NULL, tells of instructions that the log does not show.
 * Nothing where there is no reason; no newline at the end.
 */
void vlog_explain(struct buf *out, const struct vlog *v, const struct code *code);
/* The number, below a million, that follows @key in @t; false: there is none. */
bool vlog_number(struct vlog_text t, const char *key, uint32_t *n);
/* Whether register @reg is refused as a number that was a pointer, until a call made it invalid. */
bool vlog_is_stale(const struct vlog *v, uint32_t reg);
/* Appends what the author of a program can do about the reason, if that is known. */
void vlog_advice(struct buf *out, const struct vlog *v, const struct code *code);
/* The same where this kernel lacks what the program was compiled for; false: it is not that. */
bool vlog_missing(struct buf *out, const struct vlog *v, const struct code *code);
/* Whether an instruction calls a weak kfunc that the kernel lacks: "(85) call #0". */
bool vlog_calls_nothing(const struct vlog_insn *insn);
/* Whether @t, which may have no text, has @part in it. */
bool vlog_has(struct vlog_text t, const char *part);

#endif
