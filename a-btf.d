btf.o: shell/kern/btf.c render/btf/btf_check.h shell/base/buf.h \
 render/btf/btf_elf.h shell/base/diag.h shell/base/fault.h \
 shell/kern/kern.h shell/base/compat.h shell/kern/handle.h \
 shell/kern/load.h
render/btf/btf_check.h:
shell/base/buf.h:
render/btf/btf_elf.h:
shell/base/diag.h:
shell/base/fault.h:
shell/kern/kern.h:
shell/base/compat.h:
shell/kern/handle.h:
shell/kern/load.h:
