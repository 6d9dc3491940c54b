element_file.o: commands/map/element_file.c commands/map/element_file.h \
 render/typed/typed.h shell/base/buf.h shell/base/diag.h \
 shell/base/interrupt.h
commands/map/element_file.h:
render/typed/typed.h:
shell/base/buf.h:
shell/base/diag.h:
shell/base/interrupt.h:
