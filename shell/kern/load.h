/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs into the kernel, from an object file or as instructions. */
#ifndef BPFSH_KERN_LOAD_H
#define BPFSH_KERN_LOAD_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "shell/base/diag.h"

struct bpf_insn;
struct handle;

struct load_map {
	const char *name;		/* NULL: by index */
	__u32 index;
	int fd;
	struct span span;
};

struct load_request {
	const char *file;
	const struct bpf_insn *insns;	/* in place of a file: loaded as they are, as @name */
	const struct span *spans;	/* where each of them was read from, or NULL */
	__u32 nr_insns;
	const char *name, *license;	/* of @insns */
	const char *section;		/* that @prog_type was found by, with more in it: "fentry.s/f" */
	struct span section_span;
	struct span span;
	bool all;			/* each program of the object, not only the first */
	int prog_type;			/* -1: as the section says */
	int attach_type;
	const struct load_map *maps;
	size_t nr_maps;
};

/* A map that its object file declares as pinned (LIBBPF_PIN_BY_NAME). */
struct load_pin {
	char *path;
	size_t map;			/* its place in load_result.maps */
};

struct load_result {
	struct handle **progs, **maps;	/* the caller puts the handles and frees the arrays */
	size_t nr_progs, nr_maps;
	/* Not pinned yet: that is the caller's to do. It frees the paths and the array. */
	struct load_pin *pins;
	size_t nr_pins;
	char *log;			/* the verifier's, whole and raw, where it refused; to be freed */
};

/* Program and attach type of a section's name ("xdp", "cgroup/skb"); -EINVAL where it is none. */
int kern_section_type(const char *name, int *prog_type, int *attach_type);
/*
 * Loads an object file. Nothing is pinned. On failure nothing stays, and the
 * diagnostic has the verifier's last words.
 */
int kern_load(const struct load_request *req, struct load_result *res, struct diags *d);
/*
 * What a load of an object file would make, which is only read: handles without
 * descriptors for its programs and maps, and the pins. Maps of @req without a
 * descriptor are still to be made.
 */
int kern_load_plan(const struct load_request *req, struct load_result *res, struct diags *d);
/*
 * Has the verifier judge program @prog of an object file, and tell all of its
 * steps: *@log, raw, which the caller frees; NULL where there is none. Nothing stays.
 * 1: it accepts the program, 0: it refuses it; -1 with a diagnostic where it never saw it.
 */
int kern_verify(const struct load_request *req, const char *prog, char **log, struct diags *d);
/* Keeps libbpf from writing to stderr, or (@debug) lets it tell all; to be called at the start. */
void kern_init(bool debug);

#endif
