code.o: render/code/code.c render/btf/proto.h render/code/code_make.h \
 render/code/code.h shell/base/buf.h shell/base/diag.h \
 render/code/disasm.h shell/base/compat.h
render/btf/proto.h:
render/code/code_make.h:
render/code/code.h:
shell/base/buf.h:
shell/base/diag.h:
render/code/disasm.h:
shell/base/compat.h:
