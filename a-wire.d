wire.o: shell/base/wire.c shell/base/wire.h shell/base/buf.h
shell/base/wire.h:
shell/base/buf.h:
