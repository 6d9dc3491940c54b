undo.o: shell/txn/undo.c shell/base/buf.h shell/base/byteset.h \
 shell/base/diag.h shell/base/interrupt.h shell/base/wire.h \
 shell/txn/journal.h shell/txn/txn.h shell/lang/cmd.h render/sink/sink.h \
 shell/lang/lex.h shell/lang/value.h shell/kern/handle.h
shell/base/buf.h:
shell/base/byteset.h:
shell/base/diag.h:
shell/base/interrupt.h:
shell/base/wire.h:
shell/txn/journal.h:
shell/txn/txn.h:
shell/lang/cmd.h:
render/sink/sink.h:
shell/lang/lex.h:
shell/lang/value.h:
shell/kern/handle.h:
