// SPDX-License-Identifier: BSD-2-Clause
/* What libbpf's messages mean to those who load an object, and what they can do about it. */
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/kern/loading.h"

#define DO_WITHOUT "declare it __weak to load where it is missing"
#define MAPS "maps are defined in section .maps, by __uint(type, ...) and the like"
#define DECLARE "take the declaration from vmlinux.h, or 'btf dump id 1 format c'"
#define NO_TYPES "this kernel does not show its types (BTF), which the object needs"
#define NO_BTF "it is built without CONFIG_DEBUG_INFO_BTF"
#define NO_OPS "this kernel has no struct_ops '%s'", \
	"a module or an option of the kernel's configuration may bring it"
#define SEVERAL_MEMBERS "program '%s' is several members of structures", \
	"each member takes a program of its own"

/* Lines of libbpf's, of any release from 1.1 on; the first row counts whose parts one has. */
static const struct {
	const char *before, *behind;	/* a name is behind @before, up to a blank or ' */
	const char *text;		/* the name stands for %s; NULL: the line says it well */
	const char *hint;
} meanings[] = {
	{ "failed to find kernel BTF type ID of '", "",
	  "this kernel has no '%s' that a program can attach to",
	  "it may be inlined, renamed or in a module; or its own loader sets another target" },
	{ "prog '", "no BTF-based attach target", "program '%s' does not tell what it attaches to",
	  "its section names that, as fentry/do_unlinkat does; or its own loader sets it" },
	{ "prog '", "attach program FD is not set",
	  "program '%s' is for a function of another program, and nothing names that program",
	  "its own loader does, by bpf_program__set_attach_target(): load it with that" },
	{ "extern (func ksym) '", "not found", "this kernel has no kfunc '%s'", DO_WITHOUT },
	{ "extern (func ksym) '", "incompatible",
	  "it declares kfunc '%s' otherwise than this kernel", DECLARE },
	{ "extern (var ksym) '", "not found", "this kernel has no variable '%s'", DO_WITHOUT },
	{ "extern (var ksym) '", "incompatible",
	  "it declares variable '%s' otherwise than this kernel", DECLARE },
	{ "extern 'CONFIG_", "not resolved", "this kernel's configuration has no 'CONFIG_%s'",
	  DO_WITHOUT },
	{ "extern '", "not resolved", "this kernel has nothing for extern '%s'",
	  "data is known with CONFIG_KALLSYMS_ALL; " DO_WITHOUT },
	{ "failed to find BTF for extern '", "] section",
	  "it does not tell where extern '%s' is to be found",
	  "declare it __ksym or __kconfig, or link the object that defines it" },
	{ "failed to find BTF for extern '", "", "it lacks the type of extern '%s'",
	  "compile it with -g" },
	{ "failed to open system Kconfig", "",
	  "the kernel's configuration, which its externs are read from, is not there",
	  "libbpf looks for /proc/config.gz and /boot/config-RELEASE" },
	{ "BTF is required", "", "it lacks the types that its maps or calls need",
	  "compile it with -g" },
	{ "Error loading vmlinux BTF", "", NO_TYPES, NO_BTF },
	{ "failed to find valid kernel BTF", "", NO_TYPES, NO_BTF },
	{ "program '", "is static and not supported", "program '%s' is static, and so no program",
	  "drop 'static' from its definition" },
	{ "legacy map definitions", "",
	  "its maps are defined in the old form, in section 'maps'", MAPS },
	{ "bad map relo against '", "",
	  "map '%s' is defined in an old form, in a section of its own", MAPS },
	{ "map '", "invalid pinning value",
	  "map '%s' is to be pinned in a way that libbpf does not know",
	  "iproute2's PIN_GLOBAL_NS is for tc: write LIBBPF_PIN_BY_NAME (1)" },
	{ "map '", "attr 'map_extra': expected PTR",
	  "map '%s' has its map_extra as a number of 64 bits, which this libbpf cannot read",
	  "libbpf 1.4 or newer can" },
	{ "map '", ": unknown field '", NULL, "a newer libbpf may know it" },
	{ "struct_ops init_kern: struct ", "___", "this kernel has no struct_ops '%s'",
	  "libbpf 1.4 or newer looks for it without what begins with ___" },
	{ "struct_ops init_kern: struct bpf_struct_ops_", "not found in kernel BTF", NO_OPS },
	{ "struct_ops init_kern: struct ", "not found in kernel BTF", NO_OPS },
	{ ": Cannot find member ", " in kernel BTF",
	  "its structure has a member '%s', which this kernel's has not",
	  "libbpf 1.4 or newer passes over members that are zero" },
	{ ": invalid reuse of prog ", " in sec", SEVERAL_MEMBERS },
	{ ": cannot use prog ", " in sec", SEVERAL_MEMBERS },
	{ ": prog ", " is not struct_ops BPF program",
	  "program '%s' is a member of a structure, but is not for that",
	  "its section is to be struct_ops/NAME" },
	{ "struct_ops init_kern", "", NULL,
	  "it is made for another kernel's structure: " DECLARE },
};

/* Sections that libbpf passes over before the release that knows them. */
static const struct {
	const char *name, *since;
} sections[] = {
	{ " .struct_ops.link", "1.2" },
	{ " ?.struct_ops", "1.4" },
	{ " .addr_space.1", "1.4" },
};

/* Puts the meaning of @why to @text, if it has one of its own; its hint or NULL. */
static const char *find_meaning(struct buf *text, const char *why)
{
	for (size_t i = 0; i < ARRAY_SIZE(meanings); i++) {
		const char *at = strstr(why, meanings[i].before);
		char *name;

		if (!at || !strstr(at, meanings[i].behind))
			continue;
		at += strlen(meanings[i].before);
		name = xstrndup(at, strcspn(at, " '"));
		if (meanings[i].text)
			buf_printf(text, meanings[i].text, name);
		free(name);
		return meanings[i].hint;
	}
	return NULL;
}

void said_failure(struct diags *d, struct span at, const char *file, const char *why)
{
	struct buf text = BUF_INIT;
	const char *hint = find_meaning(&text, why);

	diag_error(d, at, "cannot load '%s': %s", file, text.len ? buf_str(&text) : why);
	if (hint)
		diag_hint(d, "%s", hint);
	buf_free(&text);
}

void hint_section(struct diags *d, struct said *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		if (!said_skipping(s, sections[i].name))
			continue;
		diag_hint(d, "this libbpf (%u.%u) does not know section '%s', libbpf %s does",
			  libbpf_major_version(), libbpf_minor_version(), sections[i].name + 1,
			  sections[i].since);
		return;
	}
}
