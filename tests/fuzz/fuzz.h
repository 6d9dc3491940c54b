/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the fuzzers share. Each defines LLVMFuzzerTestOneInput(), and ends with FUZZ_MAIN: built
 * with LIBFUZZER it has libFuzzer's main function, else one of its own:
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
#include <string.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "shell/base/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);

#define REQUIRE(what)									\
	do {										\
		if (!(what)) {								\
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what);	\
			abort();							\
		}									\
	} while (0)

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

/* One of the pieces that the notation is made of, in the middle of @data. */
static inline size_t fuzz_insert(uint8_t *data, size_t size, size_t max, const char *piece,
				 size_t at)
{
	size_t len = strlen(piece);

	if (size + len > max)
		return LLVMFuzzerMutate(data, size, max);
	memmove(data + at + len, data + at, size - at);
	memcpy(data + at, piece, len);
	return size + len;
}

/* FUZZ_PIECES(table) has libFuzzer put such pieces in, in every second step. */
#ifdef LIBFUZZER
#define FUZZ_PIECES(pieces)								\
	size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)	\
	{											\
		if (seed % 2)									\
			return LLVMFuzzerMutate(data, size, max);				\
		return fuzz_insert(data, size, max, pieces[seed / 2 % ARRAY_SIZE(pieces)],	\
				   seed / 2 / ARRAY_SIZE(pieces) % (size + 1));			\
	}
#define FUZZ_MAIN(random_one)								\
	int LLVMFuzzerInitialize(int *argc, char ***argv)					\
	{											\
		(void)random_one;								\
		libbpf_set_print(NULL);								\
		return 0;									\
	}
#else
#define FUZZ_PIECES(pieces)
#define FUZZ_MAIN(random_one)								\
	int main(int argc, char **argv)								\
	{											\
		libbpf_set_print(NULL);								\
		return fuzz_main(argc, argv, random_one);					\
	}
#endif

#endif
