code_elf.o: render/code/code_elf.c render/code/code_make.h \
 render/code/code.h shell/base/buf.h shell/base/diag.h \
 render/code/disasm.h render/code/elf_obj.h
render/code/code_make.h:
render/code/code.h:
shell/base/buf.h:
shell/base/diag.h:
render/code/disasm.h:
render/code/elf_obj.h:
