// SPDX-License-Identifier: BSD-2-Clause
/*
 * Files of elements: what was written comes back, and whatever stands in a file,
 * it is read alike however its pieces arrive, down to the line of an error.
 *
 * The first byte of an input chooses the elements' format and how the rest,
 * which is the file, is cut into pieces.
 */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <jv.h>
#include <string.h>
#include <sys/socket.h>

#include "commands/map/element_file.h"
#include "shell/base/buf.h"
#include "tests/fuzz/fuzz.h"

#define FILE_MAX 60000		/* what a socket takes at once */
#define PIECES_MAX 64
#define CPUS 3

/* Formats of elements: bytes, typed, typed with a value for each CPU. */
#define FORMATS 3

struct formats {
	struct btf *btf;
	struct typed *key, *value;
	struct element_format list[FORMATS];
};

static void formats_make(struct formats *f)
{
	struct diags d = { 0 };
	int u32, chars, array, value;

	f->btf = btf__new_empty();
	u32 = btf__add_int(f->btf, "u32", 4, 0);
	chars = btf__add_int(f->btf, "char", 1, BTF_INT_CHAR);
	array = btf__add_array(f->btf, u32, chars, 8);
	value = btf__add_struct(f->btf, "value", 12);
	btf__add_field(f->btf, "n", u32, 0, 0);
	btf__add_field(f->btf, "text", array, 32, 0);
	f->key = typed_new(f->btf, u32, 0, &d);
	f->value = typed_new(f->btf, value, 0, &d);
	f->list[0] = (struct element_format){ .key_size = 4, .value_size = 12 };
	f->list[1] = (struct element_format){ f->key, f->value, 4, 12 };
	f->list[2] = (struct element_format){ f->key, f->value, 4, 12, CPUS };
}

static void formats_free(struct formats *f)
{
	typed_free(f->key);
	typed_free(f->value);
	btf__free(f->btf);
}

static size_t value_bytes(const struct element_format *f)
{
	return f->cpus ? f->cpus * element_stride(f) : f->value_size;
}

/* A socket from which the text comes in pieces, one a read; with seed 0, as a whole. */
static int open_text(const char *text, size_t len, uint32_t seed)
{
	size_t least = seed ? len / PIECES_MAX + 1 : len;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		abort();
	while (len) {
		size_t part = least + (seed = seed * 1103515245 + 12345) / 65536 % (2 * least);

		part = part > len ? len : part;
		if (write(ends[1], text, part) != (ssize_t)part)
			abort();
		text += part;
		len -= part;
	}
	close(ends[1]);
	return ends[0];
}

/* All that a file's reader says: elements, the end's status, messages. */
static void read_all(const struct element_format *f, int fd, struct buf *out)
{
	char key[8] = { 0 }, value[CPUS * 16] = { 0 };
	struct diags d = { 0 };
	struct element_file r = { .fd = fd, .name = "x", .format = f, .diags = &d };
	int status;

	while ((status = element_file_next(&r, key, value)) > 0) {
		buf_add(out, key, f->key_size);
		buf_add(out, value, value_bytes(f));
	}
	if (!status != !d.errors)
		abort();
	diags_text(out, &d, false);
	diags_clear(&d);
	element_file_free(&r);
	close(fd);
}

/* The same text as one value for each CPU, which is to stay within the value. */
static void read_cpus(const struct element_format *f, const char *text, size_t len)
{
	struct typed_word word = { text, len };
	char *value = xcalloc(1, value_bytes(f));
	struct diags d = { 0 };

	if ((element_read_cpus(f, &word, value, &d) == -1) != (d.errors == 1))
		abort();
	diags_clear(&d);
	free(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole = BUF_INIT, parts = BUF_INIT;
	struct formats f;

	if (!size || size > FILE_MAX)
		return 0;
	formats_make(&f);
	const struct element_format *format = &f.list[data[0] % FORMATS];
	const char *text = (const char *)data + 1;

	read_all(format, open_text(text, size - 1, 0), &whole);
	read_all(format, open_text(text, size - 1, data[0] + 1), &parts);
	if (whole.len != parts.len || (whole.len && memcmp(whole.data, parts.data, whole.len)))
		abort();
	buf_free(&whole);
	buf_free(&parts);
	if (format->cpus)
		read_cpus(format, text, size - 1);
	formats_free(&f);
	return 0;
}

/* An element with a text that looks like the end of one, added to @bytes and to the file. */
static void random_element(const struct element_format *f, struct buf *bytes, struct buf *file)
{
	static const char nasty[] = "{}[]\"\\,:\n \0a";
	char key[4], value[CPUS * 16] = { 0 };
	size_t step = f->cpus ? element_stride(f) : f->value_size;

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = random();
	for (size_t at = 0; at < value_bytes(f); at += step)
		for (size_t i = 0; i < f->value_size; i++)
			value[at + i] = i < 4 ? random() : nasty[random() % (sizeof(nasty) - 1)];
	buf_add(bytes, key, sizeof(key));
	buf_add(bytes, value, value_bytes(f));
	(random() % 2 ? element_nice : element_json)(file, f, key, value);
}

/* The file as `map export`, `bpftool -j map dump` or `bpftool -p map dump` writes it. */
static void random_file(const struct element_format *f, struct buf *bytes, struct buf *file)
{
	int n = random() % 20, layout = random() % 3;
	jv list;

	buf_puts(file, layout ? "[" : "");
	for (int i = 0; i < n; i++) {
		buf_puts(file, !i ? "" : layout ? "," : "\n");
		random_element(f, bytes, file);
	}
	buf_puts(file, layout ? "]" : "\n");
	if (layout < 2)
		return;
	list = jv_dump_string(jv_parse_sized(file->data, file->len), JV_PRINT_INDENT_FLAGS(8));
	buf_reset(file);
	buf_add(file, jv_string_value(list), jv_string_length_bytes(jv_copy(list)));
	jv_free(list);
}

static void check_round_trip(const struct element_format *f, const struct buf *bytes,
			     const struct buf *file)
{
	struct buf again = BUF_INIT;

	read_all(f, open_text(file->data, file->len, random() % 100), &again);
	if (again.len != bytes->len || (bytes->len && memcmp(again.data, bytes->data, bytes->len)))
		abort();
	buf_free(&again);
}

static void damage(struct buf *file)
{
	static const char marks[] = "{}[]\"\\,:\n 0x";

	for (int n = random() % 4; n > 0 && file->len; n--)
		file->data[random() % file->len] = marks[random() % (sizeof(marks) - 1)];
	if (random() % 3 == 0)
		file->len = random() % (file->len + 1);
}

static void random_one(void)
{
	struct buf bytes = BUF_INIT, file = BUF_INIT, input = BUF_INIT;
	uint8_t choice = random();
	struct formats f;

	formats_make(&f);
	random_file(&f.list[choice % FORMATS], &bytes, &file);
	check_round_trip(&f.list[choice % FORMATS], &bytes, &file);
	damage(&file);
	buf_putc(&input, choice);
	buf_add(&input, file.data, file.len);
	LLVMFuzzerTestOneInput((const uint8_t *)input.data, input.len);
	buf_free(&bytes);
	buf_free(&file);
	buf_free(&input);
	formats_free(&f);
}

FUZZ_MAIN(random_one)
