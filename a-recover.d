recover.o: shell/op/recover.c render/sink/sink.h shell/base/buf.h \
 shell/base/diag.h shell/base/byteset.h shell/kern/kern.h \
 shell/base/compat.h shell/kern/handle.h shell/lang/state.h \
 shell/lang/cmd.h shell/lang/lex.h shell/lang/value.h shell/txn/journal.h \
 shell/txn/mounted.h shell/txn/txn.h shell/base/wire.h
render/sink/sink.h:
shell/base/buf.h:
shell/base/diag.h:
shell/base/byteset.h:
shell/kern/kern.h:
shell/base/compat.h:
shell/kern/handle.h:
shell/lang/state.h:
shell/lang/cmd.h:
shell/lang/lex.h:
shell/lang/value.h:
shell/txn/journal.h:
shell/txn/mounted.h:
shell/txn/txn.h:
shell/base/wire.h:
