journal.o: shell/txn/journal.c shell/base/buf.h shell/base/fault.h \
 shell/txn/journal.h shell/base/diag.h shell/txn/mounted.h
shell/base/buf.h:
shell/base/fault.h:
shell/txn/journal.h:
shell/base/diag.h:
shell/txn/mounted.h:
