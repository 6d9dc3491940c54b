btf_raw.o: render/btf/btf_raw.c render/btf/btf_raw.h shell/base/buf.h \
 shell/base/diag.h shell/base/number.h
render/btf/btf_raw.h:
shell/base/buf.h:
shell/base/diag.h:
shell/base/number.h:
