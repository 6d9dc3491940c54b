btf_elf.o: render/btf/btf_elf.c render/btf/btf_elf.h shell/base/buf.h
render/btf/btf_elf.h:
shell/base/buf.h:
