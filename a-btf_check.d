btf_check.o: render/btf/btf_check.c render/btf/btf_check.h \
 shell/base/buf.h
render/btf/btf_check.h:
shell/base/buf.h:
