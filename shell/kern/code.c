// SPDX-License-Identifier: BSD-2-Clause
/* The instructions of a program, before and behind the JIT, and what is known about them. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/btf.h>

#include "shell/base/alloc.h"
#include "shell/base/compat.h"
#include "shell/kern/btf.h"
#include "shell/kern/code.h"
#include "shell/kern/handle.h"
#include "shell/kern/map.h"
#include "shell/kern/object.h"

/* An array of struct bpf_prog_info: where its address, its number and its record size stand. */
struct code_array {
	size_t address, number, record;	/* offsets in struct bpf_prog_info; record 0: .size */
	size_t slot;			/* offset in struct kern_code */
	size_t size;
};

#define INFO(field) offsetof(struct bpf_prog_info, field)
#define CODE(field) offsetof(struct kern_code, field)

static const struct code_array arrays[] = {
	{ INFO(xlated_prog_insns), INFO(xlated_prog_len), 0, CODE(insns), 1 },
	{ INFO(jited_prog_insns), INFO(jited_prog_len), 0, CODE(jited), 1 },
	{ INFO(map_ids), INFO(nr_map_ids), 0, CODE(map_ids), sizeof(__u32) },
	{ INFO(jited_ksyms), INFO(nr_jited_ksyms), 0, CODE(ksyms), sizeof(__u64) },
	{ INFO(jited_func_lens), INFO(nr_jited_func_lens), 0, CODE(func_lens), sizeof(__u32) },
	{ INFO(func_info), INFO(nr_func_info), INFO(func_info_rec_size), CODE(func_info), 0 },
	{ INFO(line_info), INFO(nr_line_info), INFO(line_info_rec_size), CODE(line_info), 0 },
	{ INFO(jited_line_info), INFO(nr_jited_line_info), INFO(jited_line_info_rec_size),
	  CODE(jited_line_info), 0 },
};

static __u32 *info_u32(struct bpf_prog_info *info, size_t offset)
{
	return (__u32 *)((char *)info + offset);
}

static __u64 *info_u64(struct bpf_prog_info *info, size_t offset)
{
	return (__u64 *)((char *)info + offset);
}

static void **code_slot(struct kern_code *code, const struct code_array *a)
{
	return (void **)((char *)code + a->slot);
}

/* Makes room for what the kernel announced in @have and asks for it in @want. */
static void prepare(struct kern_code *code, const struct code_array *a, struct bpf_prog_info *have,
		    struct bpf_prog_info *want)
{
	__u32 nr = *info_u32(have, a->number);
	size_t size = a->record ? *info_u32(have, a->record) : a->size;

	if (!nr || !size)
		return;
	*code_slot(code, a) = xcalloc(nr, size);
	*info_u64(want, a->address) = (uintptr_t)*code_slot(code, a);
	*info_u32(want, a->number) = nr;
	if (a->record)
		*info_u32(want, a->record) = size;
}

/*
 * Settles what came: the kernel clears addresses or numbers of what it does
 * not show to this user, and tells the full number also where less fitted.
 */
static void settle(struct kern_code *code, const struct code_array *a, __u32 room)
{
	__u32 *nr = info_u32(&code->info, a->number);
	__u64 *address = info_u64(&code->info, a->address);
	void **slot = code_slot(code, a);

	if (*nr > room)
		*nr = room;
	if (*nr && *address && *slot)
		return;
	free(*slot);
	*slot = NULL;
	*nr = 0;
	*address = 0;
}

/* An element of a map of instructions, as of Linux 6.19. */
struct jump_entry {
	__u32 orig_off, xlated_off, jitted_off, pad;
};

static void read_jump_table(struct kern_code *code, __u32 map_id)
{
	int fd = kern_open_id(OBJ_MAP, map_id);
	struct bpf_map_info info;
	struct jump_entry entry;

	if (fd < 0)
		return;
	if (!kern_map_info(fd, &info) && info.type == BPF_MAP_TYPE_INSN_ARRAY &&
	    info.value_size == sizeof(entry)) {
		for (__u32 key = 0; !kern_map_lookup(fd, &key, &entry, 0); key++) {
			GROW(code->jump_targets, code->nr_jump_targets);
			code->jump_targets[code->nr_jump_targets++] = entry.xlated_off;
		}
	}
	close(fd);
}

static bool has_indirect_jump(const struct kern_code *code)
{
	for (__u32 i = 0; i < code->info.xlated_prog_len / sizeof(*code->insns); i++)
		if (code->insns[i].code == (BPF_JMP | BPF_JA | BPF_X))
			return true;
	return false;
}

int kern_code(int fd, struct kern_code *code)
{
	struct bpf_prog_info have, want = { 0 };
	__u32 len = sizeof(want), room[ARRAY_SIZE(arrays)];
	int err;

	memset(code, 0, sizeof(*code));
	err = kern_prog_info(fd, &have);
	if (err)
		return err;
	for (size_t i = 0; i < ARRAY_SIZE(arrays); i++) {
		prepare(code, &arrays[i], &have, &want);
		room[i] = *info_u32(&want, arrays[i].number);
	}
	err = kern_info(fd, &want, &len);
	if (err) {
		kern_code_free(code);
		return err;
	}
	code->info = want;
	for (size_t i = 0; i < ARRAY_SIZE(arrays); i++)
		settle(code, &arrays[i], room[i]);
	code->info.xlated_prog_len -= code->info.xlated_prog_len % sizeof(struct bpf_insn);
	if (code->info.btf_id)
		code->btf = kern_btf(code->info.btf_id);
	for (__u32 i = 0; has_indirect_jump(code) && i < code->info.nr_map_ids; i++)
		read_jump_table(code, code->map_ids[i]);
	return 0;
}

void kern_code_free(struct kern_code *code)
{
	for (size_t i = 0; i < ARRAY_SIZE(arrays); i++)
		free(*code_slot(code, &arrays[i]));
	free(code->jump_targets);
	btf__free(code->btf);
	memset(code, 0, sizeof(*code));
}
