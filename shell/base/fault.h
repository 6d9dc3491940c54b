/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Points at which the tests stop bpfsh, or make an operation fail. They exist
 * only in what `make faults` builds, and are nothing otherwise.
 *
 * BPFSH_FAULT=N[:ERRNO[:NAME]] in the environment: the N-th point passed (from
 * 1), of those of that name, ends the process by SIGKILL, or, with an errno and
 * at a point that can fail, makes its operation fail by it. BPFSH_FAULT_LOG=FILE: a line
 * for each point, its name.
 */
#ifndef BPFSH_FAULT_H
#define BPFSH_FAULT_H

#ifdef FAULTS
/* Where the process may be killed. */
void fault_point(const char *name);
/* Before a kernel operation: 0, or the negative errno that it shall fail with. */
int fault_error(const char *name);
#else
static inline void fault_point(const char *name)
{
}

static inline int fault_error(const char *name)
{
	return 0;
}
#endif

#endif
