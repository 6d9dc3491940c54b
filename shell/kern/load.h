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

struct kern_object;

struct load_map {
	const char *name;		/* NULL: by index */
	__u32 index;
	int fd;
	struct span span;
};

/* What becomes of pins that stand where maps or programs are to be pinned. */
enum load_pins {
	LOAD_PINS_NEW,			/* refused */
	LOAD_PINS_REUSE,		/* maps: used in place of the object's own, if they fit */
	LOAD_PINS_REPLACE,		/* exchanged */
};

/* The initial value of a global variable, "config.limit=10". */
struct load_global {
	const char *text;
	bool quoted;
	struct span span;
};

/* What programs that are attached by BTF are made for, in place of what their sections say. */
struct load_target {
	const char *name;		/* of a function, tracepoint, hook; NULL: as the section says */
	const struct handle *prog;	/* whose function it is; NULL: the kernel's */
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
	const char *prog;		/* only this one; NULL: the first */
	struct span prog_span;
	int prog_type;			/* -1: as the section says */
	int attach_type;
	const struct load_map *maps;
	size_t nr_maps;
	const struct load_global *globals;
	size_t nr_globals;
	struct load_target target;
	const char *pinmaps;		/* folder for pins of all maps; NULL: none */
	struct span pinmaps_span;
	enum load_pins pins;
	const char *kernel_btf;		/* a file with the kernel's types, for CO-RE; NULL: this one's */
	struct span kernel_btf_span;
	__u32 ifindex;			/* of the device that the programs are for; 0: any */
	bool bound;			/* they run on the host, and read the device's metadata */
	bool attach;			/* as their sections say: load_result.object is kept for it */
	bool keep_object;		/* its tables of functions are to be registered */
};

/* An object that was loaded, whose programs can be attached as their sections say. */
struct load_object;

/* A map to be pinned: its object file declares it so (LIBBPF_PIN_BY_NAME), or `pinmaps` asks. */
struct load_pin {
	char *path;
	size_t map;			/* its place in load_result.maps */
	bool below;			/* it is one of `pinmaps` */
};

struct load_result {
	struct handle **progs, **maps;	/* the caller puts the handles and frees the arrays */
	size_t nr_progs, nr_maps;
	/* Not pinned yet: that is the caller's to do. It frees the paths and the array. */
	struct load_pin *pins;
	size_t nr_pins;
	/*
	 * Where the request asks to attach: the sections of the programs that say how, each to
	 * be freed, NULL for those that do not; and what attaches them, NULL in a plan.
	 */
	char **places;
	struct load_object *object;
	char *log;			/* the verifier's, whole and raw, where it refused; to be freed */
	struct kern_object *tables;	/* with @keep_object: for kern_object_close(); else NULL */
};

/* Program and attach type of a section's name ("xdp", "cgroup/skb"); -EINVAL where it is none. */
int kern_section_type(const char *name, int *prog_type, int *attach_type);
/*
 * Loads an object file. Nothing is pinned. On failure nothing stays, and the
 * diagnostic has the verifier's last words.
 */
int kern_load(const struct load_request *req, struct load_result *res, struct diags *d);
/* Ends what was kept of a loaded object; NULL: nothing. */
void kern_object_close(struct kern_object *object);
/*
 * What a load of an object file would make, which is only read: handles without
 * descriptors for its programs and maps, which know their type, and the pins. Maps of @req without a
 * descriptor are still to be made.
 */
int kern_load_plan(const struct load_request *req, struct load_result *res, struct diags *d);
struct typed;
/* Calls @fn with the types of each section of global data in an object that can be opened. */
void kern_load_data(const char *file, void (*fn)(void *arg, const struct typed *section),
		    void *arg);
/*
 * Attaches program @prog of the result as its section says: the descriptor of a link, the
 * caller's, or -1 with a diagnostic.
 */
int kern_load_attach(struct load_object *object, const struct handle *prog, struct span at,
		     struct diags *d);
/* NULL is none. Programs and links stay as long as somebody has their descriptors. */
void kern_load_object_free(struct load_object *object);
/*
 * Has the verifier judge program @prog of an object file, and tell all of its
 * steps: *@log, raw, which the caller frees; NULL where there is none. Nothing stays.
 * 1: it accepts the program, 0: it refuses it; -1 with a diagnostic where it never saw it.
 */
int kern_verify(const struct load_request *req, const char *prog, char **log, struct diags *d);
/* Keeps libbpf from writing to stderr, or (@debug) lets it tell all; to be called at the start. */
void kern_init(bool debug);

#endif
