element_read.o: render/typed/element_read.c render/typed/typed_encoder.h \
 render/typed/typed_plan.h render/typed/typed.h shell/base/buf.h \
 shell/base/diag.h
render/typed/typed_encoder.h:
render/typed/typed_plan.h:
render/typed/typed.h:
shell/base/buf.h:
shell/base/diag.h:
