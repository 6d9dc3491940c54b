// SPDX-License-Identifier: BSD-2-Clause
/* Values of stack_trace maps: the addresses of a call chain, or files and offsets. */
#include <inttypes.h>
#include <linux/bpf.h>
#include <string.h>

#include "commands/map/map.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/text.h"
#include "shell/kern/handle.h"
#include "shell/kern/symbols.h"

/* What is further behind a symbol than this lies in something that has none. */
#define SYMBOL_MAX (1u << 20)
/* The kernel lies in the upper half of the addresses. */
#define KERNEL_BIT (1ull << 63)

static void put_hex(struct buf *out, const unsigned char *bytes, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		buf_printf(out, "%02x", bytes[i]);
}

static void put_address(struct stack *s, __u64 ip)
{
	buf_printf(&s->json, "{\"ip\":\"0x%" PRIx64 "\"", (uint64_t)ip);
	buf_printf(&s->text, "\n\t0x%016" PRIx64, (uint64_t)ip);
}

/* A function of the kernel by its name, where that may be known. */
static void put_kernel(struct stack *s, __u64 ip)
{
	__u64 offset;
	const char *name = kern_symbol_near(ip, &offset);

	put_address(s, ip);
	s->hidden |= !*name;
	if (*name && offset < SYMBOL_MAX) {
		buf_puts(&s->json, ",\"symbol\":");
		buf_json_string(&s->json, name, strlen(name));
		buf_printf(&s->json, ",\"offset\":%" PRIu64, (uint64_t)offset);
		buf_printf(&s->text, " %s+0x%" PRIx64, name, (uint64_t)offset);
	}
	buf_puts(&s->json, ",\"space\":\"kernel\"}");
}

/* Which process it was is not kept in the map, so that no file can be told. */
static void put_user(struct stack *s, __u64 ip)
{
	put_address(s, ip);
	buf_puts(&s->json, ",\"space\":\"user\"}");
	buf_puts(&s->text, " (user space)");
}

static void put_frame(struct stack *s, __u64 ip)
{
	if (ip & KERNEL_BIT)
		put_kernel(s, ip);
	else
		put_user(s, ip);
}

/* A place in a file that is known by its build ID; an address where it has none. */
static void put_build_id(struct stack *s, const struct bpf_stack_build_id *id)
{
	if (id->status != BPF_STACK_BUILD_ID_VALID) {
		put_frame(s, id->ip);
		return;
	}
	buf_puts(&s->json, "{\"build_id\":\"");
	put_hex(&s->json, id->build_id, sizeof(id->build_id));
	buf_printf(&s->json, "\",\"offset\":%" PRIu64 ",\"space\":\"user\"}", (uint64_t)id->offset);
	buf_puts(&s->text, "\n\tbuild id ");
	put_hex(&s->text, id->build_id, sizeof(id->build_id));
	buf_printf(&s->text, "+0x%" PRIx64, (uint64_t)id->offset);
}

/* Frame number @i; false behind the last one. */
static bool read_frame(struct stack *s, const struct handle *map, const char *value, size_t i)
{
	struct bpf_stack_build_id id;
	__u64 ip;

	if (map->map.flags & BPF_F_STACK_BUILD_ID) {
		memcpy(&id, value + i * sizeof(id), sizeof(id));
		if (id.status == BPF_STACK_BUILD_ID_EMPTY)
			return false;
		buf_puts(&s->json, i ? "," : "");
		put_build_id(s, &id);
		return true;
	}
	memcpy(&ip, value + i * sizeof(ip), sizeof(ip));
	if (!ip)
		return false;
	buf_puts(&s->json, i ? "," : "");
	put_frame(s, ip);
	return true;
}

void stack_read(struct stack *s, const struct handle *map, const void *value)
{
	size_t each = map->map.flags & BPF_F_STACK_BUILD_ID ? sizeof(struct bpf_stack_build_id) :
		      sizeof(__u64);
	size_t nr = map->map.value_size / each;

	buf_reset(&s->json);
	buf_reset(&s->text);
	buf_putc(&s->json, '[');
	for (size_t i = 0; i < nr && read_frame(s, map, value, i); i++)
		;
	buf_putc(&s->json, ']');
}

void stack_end(struct stack *s, struct diags *d)
{
	if (s->hidden) {
		diag_note(d, NO_SPAN, "the kernel hides its symbols' addresses from this user");
		diag_hint(d, "they are shown with CAP_SYSLOG, unless the sysctl "
			  "kernel.kptr_restrict is 2");
	}
	buf_free(&s->json);
	buf_free(&s->text);
}
