// SPDX-License-Identifier: BSD-2-Clause
/* What is attached at one place: BPF_PROG_QUERY, whose newer parts libbpf 1.1 does not know. */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/base/compat.h"
#include "shell/kern/attached.h"
#include "shell/kern/hook.h"

/* As in union bpf_attr; in part newer than the oldest headers (6.6). */
struct query {
	__u32 target, attach_type, query_flags, attach_flags;
	__u64 prog_ids;
	__u32 prog_cnt, :32;
	__u64 prog_attach_flags, link_ids, link_attach_flags, revision;
};

/* Room for what the kernel answers, an array for each of its facts. */
struct answer {
	__u32 *progs, *prog_flags, *links, *link_flags;
};

static int ask(const struct query *q, struct query *answer)
{
	*answer = *q;
	return syscall(SYS_bpf, BPF_PROG_QUERY, answer, sizeof(*answer)) ? -errno : 0;
}

static void answer_free(struct answer *a)
{
	free(a->progs);
	free(a->prog_flags);
	free(a->links);
	free(a->link_flags);
}

/* Asks for at most q->prog_cnt programs; -ENOSPC where there are more by now. */
static int ask_all(struct query *q, struct answer *a)
{
	const struct hook_type *t = hook_type(q->attach_type);
	__u32 nr = q->prog_cnt;
	int err;

	*a = (struct answer){
		xcalloc(nr, sizeof(__u32)), xcalloc(nr, sizeof(__u32)), xcalloc(nr, sizeof(__u32)),
		xcalloc(nr, sizeof(__u32))
	};
	q->prog_ids = (uintptr_t)a->progs;
	/* What is in effect only has none. */
	if (!(t && t->flagless) && !(q->query_flags & BPF_F_QUERY_EFFECTIVE))
		q->prog_attach_flags = (uintptr_t)a->prog_flags;
	/* There they lie in an order of their own (bpf_mprog). */
	if (t && t->by_device) {
		q->link_ids = (uintptr_t)a->links;
		q->link_attach_flags = (uintptr_t)a->link_flags;
	}
	err = ask(q, q);
	if (err != -EINVAL || !q->prog_attach_flags)
		return err;
	/* Kernels before 6.0 tell one for all. */
	q->prog_attach_flags = 0;
	err = ask(q, q);
	for (__u32 i = 0; i < nr && !err; i++)
		a->prog_flags[i] = q->attach_flags;
	return err;
}

int kern_attached(int target, __u32 type, __u32 flags, struct kern_attached **list, __u32 *nr)
{
	const struct query first = {
		.target = target, .attach_type = type, .query_flags = flags
	};
	struct answer a;
	struct query q;
	int err;

	*list = NULL;
	*nr = 0;
	do {
		err = ask(&first, &q);
		if (err || !q.prog_cnt)
			return err;
		q = (struct query){ .target = target, .attach_type = type, .query_flags = flags,
				    .prog_cnt = q.prog_cnt };
		err = ask_all(&q, &a);
		if (err)
			answer_free(&a);
	} while (err == -ENOSPC);
	if (err)
		return err;
	*nr = q.prog_cnt;
	*list = xcalloc(*nr, sizeof(**list));
	for (__u32 i = 0; i < *nr; i++)
		(*list)[i] = (struct kern_attached){ a.progs[i], a.prog_flags[i], a.links[i],
						     a.link_flags[i] };
	answer_free(&a);
	return 0;
}
