# SPDX-License-Identifier: BSD-2-Clause
#
# bpfsh: an interactive, transactional shell for the BPF objects of a running kernel
#
#	make                    build bpfsh
#	make check              every test (root and a kernel with bpf(2))
#	make bench              speed side by side with the installed bpftool
#	make static             O/static/bpfsh, without shared libraries (scripts/deps static)
#	make test               the tests that want neither root nor a kernel with bpf(2)
#	make install            what `make` built, to DESTDIR and the folders named below
#	make uninstall          takes the same files away
#	make dist               O/bpfsh-VERSION.tar.gz, the same bytes from the same commit
#	make faults             O/faults/bpfsh, with points at which the tests kill it (shell/base/fault.h)
#	make fuzz               O/fuzz/tests/fuzz/*_fuzz: libFuzzer, for tests/fuzz/run (clang)
#	make compile_commands   O/compile_commands.json, for clangd and clang-tidy
#	make tidy               clang-tidy with the checks of .clang-tidy, on the whole tree
#	make SANITIZE=1 O=DIR   the same with address and undefined-behaviour sanitizers
#
# Objects go below O; WERROR=1 turns warnings into errors; V=1 shows the commands. CC, CPPFLAGS,
# CFLAGS, LDFLAGS and LDLIBS are the builder's, from the environment or the command line: what
# bpfsh itself cannot do without stands in variables of its own.

O	?= build
CC	?= cc
CLANG	?= clang
PKG_CONFIG ?= pkg-config

PREFIX	?= /usr/local
DESTDIR	?=
BINDIR	?= $(PREFIX)/bin
DATADIR	?= $(PREFIX)/share
MANDIR	?= $(DATADIR)/man
DOCDIR	?= $(DATADIR)/doc/bpfsh
BASHCOMPDIR ?= $(DATADIR)/bash-completion/completions
ZSHCOMPDIR ?= $(DATADIR)/zsh/site-functions
FISHCOMPDIR ?= $(DATADIR)/fish/vendor_completions.d

# Linked; and opened only when they are needed, as most commands do without.
LINKED	:= libbpf libelf zlib
OPENED	:= libedit libmnl smartcols libcgraph libgvc
SONAMES	:= edit mnl smartcols cgraph gvc capstone

WARN	:= -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 \
	   -Wno-unused-parameter -Wno-missing-field-initializers -Wno-format-nonliteral \
	   -Wno-sign-compare
ifeq ($(WERROR),1)
WARN	+= -Werror
endif
INSTRUMENT :=
LINK	:=
ifeq ($(LIBFUZZER),1)
SANITIZE := 1
CFLAGS	?= -O1 -g
INSTRUMENT += -fsanitize=fuzzer-no-link -DLIBFUZZER
LINK	+= -fsanitize=fuzzer
endif
ifeq ($(SANITIZE),1)
CFLAGS	?= -O2 -g
INSTRUMENT += -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
endif

# Who gives flags of his own gives his own hardening with them. Binding all symbols at the start
# (-Wl,-z,now) costs 3 % of it, so that is left to who wants it.
CFLAGS	?= -O2 -g -fPIE -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
LDFLAGS	?= -Wl,-z,relro
LINK	+= $(if $(filter -fPIE,$(CFLAGS)),-pie)

# What pkg-config says, asked once and only where something is compiled or linked.
pkg	= $(shell $(PKG_CONFIG) $(1))$(if $(filter-out 0,$(.SHELLSTATUS)),$(error \
	  '$(PKG_CONFIG) $(1)' failed: 'scripts/deps build' installs the libraries, PKG_CONFIG_PATH tells where they are))
PKG_CPPFLAGS = $(eval PKG_CPPFLAGS := $(call pkg,--cflags $(LINKED) $(OPENED)))$(PKG_CPPFLAGS)
PKG_LDLIBS = $(eval PKG_LDLIBS := $(call pkg,--libs $(LINKED)))$(PKG_LDLIBS)

OWN_CPPFLAGS = -D_GNU_SOURCE -I. -I$(O)/made $(PKG_CPPFLAGS)
OWN_LDLIBS = $(PKG_LDLIBS) -ljq -ldl -lm -pthread

ALL_SRCS := $(wildcard shell/*.c shell/*/*.c render/*/*.c commands/*.c commands/*/*.c)
SRCS	:= $(filter-out %_static.c,$(ALL_SRCS))
OBJS	:= $(SRCS:%.c=$(O)/%.o)
FAULTY	:= $(shell grep -l '"shell/base/fault.h"' $(SRCS))
LIBOBJS	:= $(filter-out $(O)/shell/main.o,$(OBJS))
UNITS	:= $(patsubst tests/unit/%.c,$(O)/tests/unit/%,$(wildcard tests/unit/*_test.c))
FUZZERS	:= $(patsubst tests/fuzz/%.c,$(O)/tests/fuzz/%,$(wildcard tests/fuzz/*_fuzz.c))
PROGS	:= $(patsubst %.c,$(O)/%.o,$(wildcard tests/progs/*.bpf.c scripts/*.bpf.c))

BPFSH_HOST ?= $(O)/bpfsh
SHARED	:= $(O)/share

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

all: $(O)/bpfsh $(SHARED)/.made

COMPILE	= $(CC) -std=gnu11 $(OWN_CPPFLAGS) $(CPPFLAGS) $(WARN) $(CFLAGS) $(INSTRUMENT)
LINKING	= $(CC) $(CFLAGS) $(INSTRUMENT) $(LINK) $(LDFLAGS) -o $@ $^
LIBS	= $(OWN_LDLIBS) $(LDLIBS)

# Headers that say what this build is and what it found; written anew only where they change.
MADE	:= $(O)/made/version.h $(O)/made/sonames.h

$(O)/made/version.h: always
	@mkdir -p $(@D)
	@scripts/version | awk 'BEGIN { split("VERSION COMMIT DATE", name) } \
		{ printf "#define %s \"%s\"\n", name[NR], $$0 }' >$@.tmp
	@if cmp -s $@.tmp $@; then rm $@.tmp; else mv $@.tmp $@; fi

$(O)/made/sonames.h: export FLAGS = $(CFLAGS) $(LDFLAGS)
$(O)/made/sonames.h: scripts/sonames shell/base/machine.h Makefile
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) -fsyntax-only shell/base/machine.h
	@CC="$(CC)" scripts/sonames $(SONAMES) >$@

$(OBJS): | $(MADE)

$(O)/bpfsh: $(OBJS)
	$(call say,LD)
	$(Q)$(LINKING) $(LIBS)

$(O)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(COMPILE) -MMD -MP -c -o $@ $<

# Those files that have such points, compiled once more.
$(O)/faults/%.o: %.c Makefile | $(MADE)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(COMPILE) -DFAULTS -MMD -MP -c -o $@ $<

$(O)/faults/bpfsh: $(FAULTY:%.c=$(O)/faults/%.o) $(filter-out $(FAULTY:%.c=$(O)/%.o),$(OBJS))
	$(call say,LD)
	$(Q)$(LINKING) $(LIBS)

faults: $(O)/faults/bpfsh

# Everything in one file, that runs where there is nothing else: also what is otherwise opened when
# it is needed, but graphviz. A debugger's information and unused functions stay out.
STATIC	= -DLINKED -ffunction-sections -fdata-sections -fno-pie
STATIC_LIBS = -L$(shell scripts/deps folder) -ljq -lonig -lsmartcols -ledit -lbsd -lmd -lcapstone \
	  $(call pkg,--static --libs $(LINKED)) -lm -pthread

$(O)/static/%.o: %.c Makefile | $(MADE)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(COMPILE) $(STATIC) -MMD -MP -c -o $@ $<

$(O)/static/bpfsh: $(ALL_SRCS:%.c=$(O)/static/%.o)
	$(call say,LD)
	$(Q)$(LINKING) -static -no-pie -s -Wl,--gc-sections $(STATIC_LIBS) $(LDLIBS)

static: $(O)/static/bpfsh

# Programs for the kernel: tests and worked examples.
BPFFLAGS := -target bpf -g -O2 -Wall -I/usr/include/$(shell $(CC) -dumpmachine)

$(O)/%.bpf.o: %.bpf.c Makefile
	@mkdir -p $(@D)
	$(call say,BPF)
	$(Q)$(CLANG) $(BPFFLAGS) $(if $(findstring _v3.,$@),-mcpu=v3) -MMD -MP -c -o $@ $<

progs: $(PROGS)

$(O)/tests/unit/%: $(O)/tests/unit/%.o $(LIBOBJS)
	$(call say,LD)
	$(Q)$(LINKING) -lcmocka $(LIBS)

$(O)/tests/fuzz/%: $(O)/tests/fuzz/%.o $(LIBOBJS)
	$(call say,LD)
	$(Q)$(LINKING) $(LIBS)

units: $(UNITS)
fuzzers: $(FUZZERS)

fuzz:
	$(MAKE) LIBFUZZER=1 O=$(O)/fuzz CC=$(CLANG) fuzzers

test: units fuzzers
	tests/run -k unit -k fuzz $(O)

check: all units fuzzers progs faults
	tests/run $(O)

compile_commands: $(MADE)
	@mkdir -p $(O)
	@printf '%s\n' $(SRCS) | COMPILE='$(subst ','\'',$(COMPILE))' python3 -c \
		'import json, os, sys; json.dump([{"directory": os.getcwd(), "file": f, \
		"command": os.environ["COMPILE"] + " -c " + f} for f in sys.stdin.read().split()], \
		sys.stdout, indent=1)' >$(O)/compile_commands.json

tidy: compile_commands
	echo $(SRCS) | xargs -n 8 -P $$(nproc) clang-tidy -p $(O) --quiet

bench: all progs
	tests/bench/run $(O)

# The manual pages and the completions are the program's own output: of BPFSH_HOST, where what
# is built is for another processor.
$(SHARED)/.made: $(O)/bpfsh scripts/share
	$(call say,SHARE)
	@scripts/share $(BPFSH_HOST) $(SHARED)
	@touch $@

# What is installed, as FILE:PATH.
into	= $(foreach file,$(2),$(file):$(1)/$(notdir $(file)))
INSTALLED = $(call into,$(BINDIR),$(O)/bpfsh) \
	    $(call into,$(MANDIR)/man7,$(wildcard $(SHARED)/man/man7/*)) \
	    $(call into,$(MANDIR)/man8,$(wildcard $(SHARED)/man/man8/*)) \
	    $(call into,$(BASHCOMPDIR),$(SHARED)/bash-completion/completions/bpfsh) \
	    $(call into,$(ZSHCOMPDIR),$(SHARED)/zsh/site-functions/_bpfsh) \
	    $(call into,$(FISHCOMPDIR),$(SHARED)/fish/vendor_completions.d/bpfsh.fish) \
	    $(call into,$(DOCDIR),LICENSE README.md CHANGELOG.md) \
	    $(call into,$(DOCDIR)/docs,$(wildcard docs/*.md docs/*.svg docs/*.png)) \
	    $(call into,$(DOCDIR)/examples,scripts/demo.bsh scripts/demo_fail.bsh \
			scripts/xdp_flow.bpf.c scripts/xdp_refused.bpf.c)

# Only copies: what was built is neither run nor touched, as root may install what a user built.
install: $(if $(wildcard $(SHARED)/.made),,all)
	$(Q)set -e; for pair in $(INSTALLED); do \
		from=$${pair%%:*} mode=644; [ ! -x $$from ] || mode=755; \
		install -D -m $$mode $$from $(DESTDIR)$${pair#*:}; \
	done

# The pages by their names, as those of another build may be there.
uninstall:
	$(Q)for pair in $(INSTALLED); do rm -f $(DESTDIR)$${pair#*:}; done
	$(Q)rm -f $(DESTDIR)$(MANDIR)/man7/bpfsh-*.7 $(DESTDIR)$(MANDIR)/man8/bpfsh-*.8
	$(Q)rmdir $(DESTDIR)$(DOCDIR)/docs $(DESTDIR)$(DOCDIR)/examples $(DESTDIR)$(DOCDIR) 2>/dev/null || :

dist:
	@mkdir -p $(O)
	@scripts/dist $(O)

clean:
	rm -rf $(O)

-include $(OBJS:.o=.d) $(FAULTY:%.c=$(O)/faults/%.d) $(ALL_SRCS:%.c=$(O)/static/%.d) $(UNITS:=.d) $(FUZZERS:=.d) $(PROGS:.o=.d)

.PHONY: all static faults progs units fuzzers fuzz check test always compile_commands tidy bench clean install uninstall dist
