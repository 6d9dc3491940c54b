# bpfsh: an interactive, transactional shell for the BPF objects of a running kernel
#
#	make                    build bpfsh
#	make check              every test (root and a kernel with bpf(2))
#	make bench              speed side by side with the installed bpftool
#	make install            PREFIX and DESTDIR are honoured
#	make faults             O/faults/bpfsh, with points at which the tests kill it (shell/base/fault.h)
#	make fuzz               O/fuzz/tests/fuzz/*_fuzz: libFuzzer, for tests/fuzz/run (clang)
#	make compile_commands   O/compile_commands.json, for clangd and clang-tidy
#	make tidy               clang-tidy with the checks of .clang-tidy, on the whole tree
#	make SANITIZE=1 O=DIR   the same with address and undefined-behaviour sanitizers
#
# Objects go below O; WERROR=1 turns warnings into errors; V=1 shows the commands.

O	?= build
PREFIX	?= /usr/local
DESTDIR	?=
CC	?= cc
CLANG	?= clang
PKG_CONFIG ?= pkg-config

VERSION	:= 0.1.0
PKGS	:= libbpf libelf libedit libmnl smartcols zlib
DRAW	:= libcgraph libgvc

CFLAGS	?= -O2 -g
WARN	:= -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 \
	   -Wno-unused-parameter -Wno-missing-field-initializers -Wno-format-nonliteral \
	   -Wno-sign-compare
ifeq ($(WERROR),1)
WARN	+= -Werror
endif
ifeq ($(SANITIZE),1)
CFLAGS	+= -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LDFLAGS	+= -fsanitize=address,undefined
endif
ifeq ($(LIBFUZZER),1)
CFLAGS	:= -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined \
	   -fno-omit-frame-pointer -DLIBFUZZER
LDFLAGS	+= -fsanitize=fuzzer
endif

# The shared objects that are opened only when they are needed, as most commands do without: their
# names as the linker would record them, since they differ between releases. Asked once, not for
# each file that is compiled.
soname	= $(shell objdump -p "$$($(CC) -print-file-name=lib$(1).so)" 2>/dev/null | \
		  awk '$$1 == "SONAME" { print $$2 }')

CPPFLAGS := $(CPPFLAGS) -D_GNU_SOURCE -I. -DVERSION='"$(VERSION)"' \
	    -DLIBGVC='"$(call soname,gvc)"' -DLIBCGRAPH='"$(call soname,cgraph)"' \
	    -DLIBCAPSTONE='"$(call soname,capstone)"' -DLIBEDIT='"$(call soname,edit)"' \
	    -DLIBMNL='"$(call soname,mnl)"' -DLIBSMARTCOLS='"$(call soname,smartcols)"' \
	    $(shell $(PKG_CONFIG) --cflags $(PKGS) $(DRAW))
LDLIBS	:= $(LDLIBS) $(shell $(PKG_CONFIG) --libs libbpf libelf zlib) -ljq -ldl -lm -pthread

SRCS	:= $(wildcard shell/*.c shell/*/*.c render/*/*.c commands/*.c commands/*/*.c)
OBJS	:= $(SRCS:%.c=$(O)/%.o)
FAULTY	:= $(shell grep -l '"shell/base/fault.h"' $(SRCS))
LIBOBJS	:= $(filter-out $(O)/shell/main.o,$(OBJS))
UNITS	:= $(patsubst tests/unit/%.c,$(O)/tests/unit/%,$(wildcard tests/unit/*_test.c))
FUZZERS	:= $(patsubst tests/fuzz/%.c,$(O)/tests/fuzz/%,$(wildcard tests/fuzz/*_fuzz.c))
PROGS	:= $(patsubst %.c,$(O)/%.o,$(wildcard tests/progs/*.bpf.c scripts/*.bpf.c))

# What is made, a line each; nothing with -s.
ifeq ($(V),1)
say	=
else
Q	:= @
ifeq ($(findstring s,$(firstword -$(MAKEFLAGS))),)
say	= @printf '  %-7s %s\n' $(1) $(@:$(O)/%=%)
endif
endif

# What reads sizes from files, journals and the kernel's types: no number is cut without a cast.
STRICT	:= $(addprefix render/btf/,btf_check btf_elf btf_raw) \
	   $(addprefix render/code/,code code_elf elf_obj vlog vlog_missing) \
	   $(addprefix shell/,base/wire kern/btf kern/file op/fields) \
	   $(addprefix shell/txn/,field journal recover undo) \
	   commands/map/element_file

$(STRICT:%=$(O)/%.o): WARN += -Wconversion -Wno-sign-conversion

.DELETE_ON_ERROR:
.SUFFIXES:

all: $(O)/bpfsh

COMPILE	= $(CC) -std=gnu11 $(CPPFLAGS) $(WARN) $(CFLAGS)

$(O)/bpfsh: $(OBJS)
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(O)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(COMPILE) -MMD -MP -c -o $@ $<

# Those files that have such points, compiled once more.
$(O)/faults/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(COMPILE) -DFAULTS -MMD -MP -c -o $@ $<

$(O)/faults/bpfsh: $(FAULTY:%.c=$(O)/faults/%.o) $(filter-out $(FAULTY:%.c=$(O)/%.o),$(OBJS))
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

faults: $(O)/faults/bpfsh

# Programs for the kernel: tests and worked examples.
BPFFLAGS := -target bpf -g -O2 -Wall -I/usr/include/$(shell $(CC) -dumpmachine)

$(O)/%.bpf.o: %.bpf.c Makefile
	@mkdir -p $(@D)
	$(call say,BPF)
	$(Q)$(CLANG) $(BPFFLAGS) $(if $(findstring _v3.,$@),-mcpu=v3) -MMD -MP -c -o $@ $<

progs: $(PROGS)

$(O)/tests/unit/%: $(O)/tests/unit/%.o $(LIBOBJS)
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

$(O)/tests/fuzz/%: $(O)/tests/fuzz/%.o $(LIBOBJS)
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

units: $(UNITS)
fuzzers: $(FUZZERS)

fuzz:
	$(MAKE) LIBFUZZER=1 O=$(O)/fuzz CC=$(CLANG) fuzzers

check: all units fuzzers progs faults
	tests/run $(O)

compile_commands:
	@mkdir -p $(O)
	@printf '%s\n' $(SRCS) | COMPILE='$(subst ','\'',$(COMPILE))' python3 -c \
		'import json, os, sys; json.dump([{"directory": os.getcwd(), "file": f, \
		"command": os.environ["COMPILE"] + " -c " + f} for f in sys.stdin.read().split()], \
		sys.stdout, indent=1)' >$(O)/compile_commands.json

tidy: compile_commands
	echo $(SRCS) | xargs -n 8 -P $$(nproc) clang-tidy -p $(O) --quiet

bench: all progs
	tests/bench/run $(O)

# The manual page and the completions are the program's own output.
SHARE	:= $(DESTDIR)$(PREFIX)/share

install: all
	install -D -m 755 $(O)/bpfsh $(DESTDIR)$(PREFIX)/bin/bpfsh
	$(O)/bpfsh --man >$(O)/bpfsh.8
	install -D -m 644 $(O)/bpfsh.8 $(SHARE)/man/man8/bpfsh.8
	$(O)/bpfsh --completion bash >$(O)/completion.bash
	install -D -m 644 $(O)/completion.bash $(SHARE)/bash-completion/completions/bpfsh
	$(O)/bpfsh --completion zsh >$(O)/completion.zsh
	install -D -m 644 $(O)/completion.zsh $(SHARE)/zsh/site-functions/_bpfsh
	$(O)/bpfsh --completion fish >$(O)/completion.fish
	install -D -m 644 $(O)/completion.fish $(SHARE)/fish/vendor_completions.d/bpfsh.fish

clean:
	rm -rf $(O)

-include $(OBJS:.o=.d) $(FAULTY:%.c=$(O)/faults/%.d) $(UNITS:=.d) $(FUZZERS:=.d) $(PROGS:.o=.d)

.PHONY: all faults progs units fuzzers fuzz check compile_commands tidy bench clean install
