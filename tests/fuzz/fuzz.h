/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The main function of the fuzzers where libFuzzer is not there:
 *
 *	x_fuzz FILE...			each file is an input
 *	x_fuzz -r SEED [-n N]		N random inputs
 */
#ifndef BPFSH_FUZZ_H
#define BPFSH_FUZZ_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "shell/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads a whole file; -1 where it cannot. */
static inline int fuzz_read(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	while (fd >= 0 && (n = read(fd, buf_reserve(out, 65536), 65536)) > 0)
		buf_commit(out, n);
	if (fd >= 0)
		close(fd);
	if (n < 0)
		perror(path);
	return n < 0 ? -1 : 0;
}

/* Runs the files, or calls @random_one N times, random() having its seed. */
static inline int fuzz_main(int argc, char **argv, void (*random_one)(void))
{
	int opt, seed = 1, err = 0;
	long n = 1000;

	while ((opt = getopt(argc, argv, "r:n:")) != -1) {
		if (opt == 'r')
			seed = atoi(optarg);
		else if (opt == 'n')
			n = atol(optarg);
		else
			return 2;
	}
	srandom(seed);
	for (int i = optind; i < argc; i++) {
		struct buf input = BUF_INIT;

		if (fuzz_read(argv[i], &input))
			err = 1;
		else
			LLVMFuzzerTestOneInput((const uint8_t *)buf_str(&input), input.len);
		buf_free(&input);
	}
	while (optind == argc && n-- > 0)
		random_one();
	return err;
}

#endif
