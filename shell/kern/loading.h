/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What libbpf and the verifier say while an object is loaded. Inside the
 * kernel layer only. Texts that are returned belong to the caller.
 */
#ifndef BPFSH_KERN_LOADING_H
#define BPFSH_KERN_LOADING_H

#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/kern/handle.h"

struct bpf_object;
struct btf;
struct code;
struct load_request;
struct load_result;
struct said;

/* A loaded object that is still open. */
struct kern_object {
	struct bpf_object *obj;
	struct buf bytes;		/* of its file */
};

/* The largest verifier log that every kernel takes; untouched pages cost nothing. */
#define VERIFIER_LOG_SIZE (UINT32_MAX >> 8)

/*
 * Opens an object file; NULL with a diagnostic, also for files that would crash
 * libbpf. @bytes is filled with the file and must outlive the object. @kernel_btf: a file
 * with the types that CO-RE goes by, or NULL.
 */
struct bpf_object *object_open(const char *file, const char *kernel_btf, struct span at,
			       struct said *s, struct buf *bytes, struct diags *d);

/* -1 with a diagnostic where an object's types (NULL: none) refer to what is not there. */
int object_types_wrong(const char *file, const struct btf *btf, struct span at, struct diags *d);
/* The same where libbpf did not open the object: an ELF file, whose types may be why. */
int object_types_unread(const char *file, const struct buf *bytes, struct span at,
			struct diags *d);

/* What libbpf says from said_begin() to said_end(), which are one within the other, if at all. */
struct said {
	struct buf messages;
	bool all;			/* also what only those hear who debug */
	struct said *outer;		/* who listens else, and does again at the end */
};

void said_begin(struct said *s);
/* The same where BTF is read: libbpf tells only those who debug what is wrong with it. */
void said_begin_btf(struct said *s);
void said_end(struct said *s);
/* The line that tells most about a failure; "" where nothing was said. */
char *said_reason(struct said *s);
/* The program that could not be loaded, the map that could not be created; NULL: none was named. */
char *said_program(struct said *s);
char *said_map(struct said *s);
/* Whether libbpf passed over @section, as one that it does not know. */
bool said_skipping(struct said *s, const char *section);

/* meanings.c: queues that @file cannot be loaded, for the reason @why of libbpf's. */
void said_failure(struct diags *d, struct span at, const char *file, const char *why);
/* Hints at the section of the object that only a newer libbpf knows, if that may be the cause. */
void hint_section(struct diags *d, struct said *s);

/* Shows a verifier's log where all is to be shown: then true. */
bool said_shown(const char *log);
/* Whether a verifier's log tells why it refuses. */
bool has_reason(const char *log);
/*
 * Queues why the verifier refuses @subject ("the program"); false, and nothing
 * is queued, where its log has no reason. @code, which may be
 * NULL, are the instructions: see vlog_explain().
 */
bool said_refusal(struct diags *d, const struct load_request *req, struct said *s,
		  const char *log, const char *subject, const struct code *code);

/* What a program that could not be loaded is like. */
struct load_facts {
	__u32 prog_type, attach_type, flags;
	size_t nr_insns;
};

/* Queues what an errno means for the load of @subject, on which the verifier has no word. */
void load_error(struct diags *d, struct span at, int err, const char *subject,
		const struct load_facts *facts);

/*
 * Makes an opened object's arenas where libbpf (before 1.4) would leave them without the
 * address that programs need. Those that cannot be made are left to it, which says why.
 */
void load_arenas(struct bpf_object *obj);

/* A load under way. */
struct load {
	bool planned;			/* nothing is loaded: only what would be is looked up */
	const struct load_request *req;
	struct bpf_object *obj;
	struct buf bytes;
	struct bpf_program *first;
	struct bpf_map **maps;		/* what each of the request's maps means */
	char *log;
	char *kept;			/* of the log, for the caller */
	struct said said;
	struct diags *d;
	struct load_pin *pins;		/* of maps, for the caller to make */
	size_t nr_pins;
};

/*
 * load_maps.c: has the opened object use the maps that the request gives, and notes which
 * are to be pinned. -1 with a diagnostic.
 */
int load_choose_maps(struct load *l);

/* load_options.c: what a request says beside the file. -1 with a diagnostic. */

struct bpf_map;
struct bpf_program;

/* The object's program @req->prog; NULL with a diagnostic that lists those there are. */
struct bpf_program *load_named(struct bpf_object *obj, const struct load_request *req,
			       struct diags *d);
/* Writes @req->globals into the object's sections. */
int load_set_globals(struct bpf_object *obj, const struct load_request *req, struct diags *d);
/* Whether a value of its section was set by that. */
bool load_has_set(const struct bpf_object *obj, const struct bpf_map *map,
		  const struct load_request *req);
/* load_target.c: whether the program is attached by BTF. */
bool load_takes_target(const struct bpf_program *prog);
/* Gives it @req->target; of what is only @planned, sees whether there is such a one. */
int load_set_target(struct bpf_program *prog, const struct load_request *req, bool planned,
		    struct diags *d);
/* The device, to the object's maps and programs. */
int load_set_device(struct bpf_object *obj, const struct load_request *req, struct diags *d);
/* The path of a pin of @map below @req->pinmaps, to be freed. */
char *load_pin_path(const struct bpf_map *map, const struct load_request *req);
/* load_attach.c: where the program's section says what it is attached to: a copy, else NULL. */
char *load_place(const struct bpf_program *prog, const struct load_request *req);
/* Keeps a loaded object, and the bytes of its file, which are taken over. */
struct load_object *load_object_new(struct bpf_object *obj, struct buf *bytes, const char *file);

/* Loads @req->insns: see kern_load(). */
int load_insns(const struct load_request *req, struct said *s, struct load_result *res,
	       struct diags *d);

/*
 * Appends which of a new map's attributes the kernel refuses, and why; false
 * where none of them is known to be wrong.
 */
bool shape_error(struct buf *out, const struct map_facts *map);
/* Whether a size that the type needs is left open, as where an object's own loader sets it. */
bool shape_is_open(const struct map_facts *map);
/* Appends the command that makes such a map, with SIZE and N for what is open. */
void shape_command(struct buf *out, const struct map_facts *map, const char *name);

#endif
