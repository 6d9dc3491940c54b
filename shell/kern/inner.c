// SPDX-License-Identifier: BSD-2-Clause
/*
 * In what a map differs from those that a map of maps takes. The kernel keeps
 * what the first one was like, and tells it to nobody: a map that is inside
 * already shows it, else the verifier knows. A program of a few instructions
 * that takes a map out of the outer one is judged with the inner type and sizes
 * in the log; from another the number of entries can be read, as the kernel
 * writes it into the code of a lookup. Neither ever runs.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/kern/code.h"
#include "shell/kern/handle.h"
#include "shell/kern/inner.h"
#include "shell/kern/loading.h"
#include "shell/kern/map.h"
#include "shell/kern/names.h"
#include "shell/kern/object.h"

#define INSN(c, d, s, o, i) \
	((struct bpf_insn){ .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) })
#define STACK_SIZE 512

/* A program that is being written. */
struct probe {
	struct bpf_insn insns[STACK_SIZE / 8 + 32];
	int nr;
	int room;			/* for a key, on the stack */
};

static void put(struct probe *p, struct bpf_insn insn)
{
	p->insns[p->nr++] = insn;
}

/* Calls a helper with a map in R1 and a key of zeros in R2. */
static void put_lookup(struct probe *p)
{
	put(p, INSN(BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0));
	put(p, INSN(BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -p->room));
	put(p, INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem));
}

static void put_exit(struct probe *p)
{
	put(p, INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0));
	put(p, INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
}

/* Takes an inner map out of the outer one, into R0. The context is in R6. */
static void put_start(struct probe *p, const struct handle *outer)
{
	p->room = (outer->map.key_size + 7) / 8 * 8;
	put(p, INSN(BPF_ALU64 | BPF_MOV | BPF_X, 6, 1, 0, 0));
	for (int at = 8; at <= p->room; at += 8)
		put(p, INSN(BPF_ST | BPF_MEM | BPF_DW, 10, 0, -at, 0));
	put(p, INSN(BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_FD, 0, outer->fd));
	put(p, INSN(0, 0, 0, 0, 0));
	put_lookup(p);
	put(p, INSN(BPF_JMP | BPF_JNE | BPF_K, 0, 0, 2, 0));
	put_exit(p);
}

static int load(const struct probe *p, char *log)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts);

	if (log) {
		opts.log_buf = log;
		opts.log_size = VERIFIER_LOG_SIZE;
		opts.log_level = 2;
	}
	return bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "probe", "GPL", p->insns, p->nr, &opts);
}

/* Only ring buffers are taken by that helper: else the verifier names the type that it refuses. */
static bool probe_type(const struct handle *outer, struct inner_facts *f)
{
	static const char refusal[] = "cannot pass map_type ";
	char *log = xcalloc(1, VERIFIER_LOG_SIZE), *end, *sizes = NULL;
	struct probe p = { .nr = 0 };
	int fd;

	put_start(&p, outer);
	put(&p, INSN(BPF_ALU64 | BPF_MOV | BPF_X, 1, 0, 0, 0));
	put(&p, INSN(BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, 0));
	put(&p, INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_ringbuf_query));
	put_exit(&p);
	fd = load(&p, log);
	if (fd >= 0)
		close(fd);
	f->map.type = BPF_MAP_TYPE_RINGBUF;
	end = strstr(log, refusal);
	f->known = fd >= 0 || (end && sscanf(end + strlen(refusal), "%u", &f->map.type) == 1);
	/* The state that is shown last is the inner map's. */
	for (char *at = log; (at = strstr(at, "ks=")) && (!end || at < end); at++)
		sizes = at;
	f->known = f->known && sizes &&
		   sscanf(sizes, "ks=%u,vs=%u", &f->map.key_size, &f->map.value_size) == 2;
	free(log);
	return f->known;
}

/* The limit that a lookup's code compares the index with. */
static void probe_entries(const struct handle *outer, struct inner_facts *f)
{
	struct probe p = { .nr = 0 };
	/* Before it comes that of an outer array; that of arrays with flag 'inner_map' is a call. */
	unsigned before = outer->map.type == BPF_MAP_TYPE_ARRAY_OF_MAPS, nr = 0;
	struct kern_code code;
	int fd;

	put_start(&p, outer);
	put(&p, INSN(BPF_ALU64 | BPF_MOV | BPF_X, 1, 0, 0, 0));
	put_lookup(&p);
	put_exit(&p);
	fd = load(&p, NULL);
	if (fd < 0 || kern_code(fd, &code)) {
		close(fd);
		return;
	}
	for (__u32 i = 0; i < code.info.xlated_prog_len / sizeof(*code.insns); i++) {
		if (code.insns[i].code == (BPF_JMP | BPF_JGE | BPF_K) && nr++ == before)
			f->map.max_entries = code.insns[i].imm;
	}
	f->has_entries = nr > before;
	kern_code_free(&code);
	close(fd);
}

/* A map that is inside already. */
static bool read_element(const struct handle *outer, struct inner_facts *f)
{
	char *key = xcalloc(1, outer->map.key_size);
	struct handle *inner = NULL;
	__u32 id;

	if (!kern_map_next(outer->fd, NULL, key)) {
		bool more = true;

		/* An array has all keys, most of them without a map. */
		for (int i = 0; i < 1000 && more && !inner; i++) {
			if (!kern_map_lookup(outer->fd, key, &id, 0) && id)
				inner = kern_open_object(OBJ_MAP, id);
			more = !kern_map_next(outer->fd, key, key);
		}
	}
	if (inner)
		*f = (struct inner_facts){ inner->map, true, true, true };
	handle_put(inner);
	free(key);
	return f->known;
}

void inner_read(const struct handle *outer, struct inner_facts *f)
{
	*f = (struct inner_facts){ .known = false };
	if (read_element(outer, f) || outer->map.key_size > STACK_SIZE)
		return;
	if (probe_type(outer, f) && f->map.type == BPF_MAP_TYPE_ARRAY)
		probe_entries(outer, f);
}

/* "value 16 bytes, not 4" */
static void put_difference(struct buf *out, const char *what, const char *unit, __u32 have,
			   __u32 want)
{
	if (have != want)
		buf_printf(out, "%s%s %u%s, not %u", out->len ? "; " : "", what, have, unit, want);
}

static void put_type(struct buf *out, __u32 have, __u32 want)
{
	const char *h = kern_map_type_name(have), *w = kern_map_type_name(want);

	if (have != want)
		buf_printf(out, "type %s, not %s", h ? h : "unknown", w ? w : "unknown");
}

bool inner_difference(struct buf *text, struct buf *hint, const struct inner_facts *want,
		      const struct map_facts *have)
{
	bool entries = want->has_entries && have->type == want->map.type &&
		       have->type == BPF_MAP_TYPE_ARRAY && have->max_entries != want->map.max_entries &&
		       !(want->has_flags && want->map.flags & BPF_F_INNER_MAP);
	struct buf list = BUF_INIT;

	if (!want->known)
		return false;
	put_type(&list, have->type, want->map.type);
	put_difference(&list, "key", " bytes", have->key_size, want->map.key_size);
	put_difference(&list, "value", " bytes", have->value_size, want->map.value_size);
	if (entries)
		put_difference(&list, "entries", "", have->max_entries, want->map.max_entries);
	if (want->has_flags && have->flags != want->map.flags)
		buf_printf(&list, "%sflags %#x, not %#x", list.len ? "; " : "", have->flags,
			   want->map.flags);
	if (list.len)
		buf_printf(text, "the map inside is of another kind than this one takes: %s",
			   buf_str(&list));
	else
		buf_printf(text, "the map inside has type and sizes that this one takes, but other "
			   "flags (its are %#x), or timers, locks or kernel pointers", have->flags);
	if (entries)
		buf_puts(hint, "arrays inside have one number of entries, unless all, the model "
			 "too, were created with flag 'inner_map'");
	buf_free(&list);
	return true;
}
