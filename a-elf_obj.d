elf_obj.o: render/code/elf_obj.c render/btf/btf_check.h shell/base/buf.h \
 render/code/elf_obj.h shell/base/diag.h
render/btf/btf_check.h:
shell/base/buf.h:
render/code/elf_obj.h:
shell/base/diag.h:
