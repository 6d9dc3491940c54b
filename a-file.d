file.o: shell/kern/file.c shell/base/buf.h shell/base/child.h \
 shell/base/diag.h shell/base/interrupt.h shell/kern/kern.h \
 shell/base/compat.h shell/kern/handle.h shell/kern/load.h
shell/base/buf.h:
shell/base/child.h:
shell/base/diag.h:
shell/base/interrupt.h:
shell/kern/kern.h:
shell/base/compat.h:
shell/kern/handle.h:
shell/kern/load.h:
