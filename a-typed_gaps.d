typed_gaps.o: render/typed/typed_gaps.c render/typed/typed_plan.h \
 render/typed/typed.h shell/base/buf.h shell/base/diag.h
render/typed/typed_plan.h:
render/typed/typed.h:
shell/base/buf.h:
shell/base/diag.h:
