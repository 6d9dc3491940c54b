vlog.o: render/code/vlog.c render/code/vlog.h shell/base/buf.h
render/code/vlog.h:
shell/base/buf.h:
