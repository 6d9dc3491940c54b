// SPDX-License-Identifier: BSD-2-Clause
/* Points at which the tests let calls fail or kill the process. */
#include "shell/base/fault.h"

#ifdef FAULTS
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void log_point(const char *name)
{
	const char *path = getenv("BPFSH_FAULT_LOG");
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;

	if (fd >= 0) {
		dprintf(fd, "%s\n", name);
		close(fd);
	}
}

/* Counts the points; true at the one that was asked for, with the errno or 0. */
static int reached(const char *name, int *err)
{
	static int passed;
	const char *spec = getenv("BPFSH_FAULT");
	char *end;
	long n;

	log_point(name);
	if (!spec)
		return 0;
	n = strtol(spec, &end, 10);
	*err = *end == ':' ? strtol(end + 1, &end, 10) : 0;
	if (*end == ':' && strcmp(end + 1, name))
		return 0;
	return ++passed == n;
}

void fault_point(const char *name)
{
	int err = 0;

	if (reached(name, &err) && !err)
		kill(getpid(), SIGKILL);
}

int fault_error(const char *name)
{
	int err = 0;

	if (!reached(name, &err))
		return 0;
	if (!err)
		kill(getpid(), SIGKILL);
	return -err;
}
#endif
