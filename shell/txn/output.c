// SPDX-License-Identifier: BSD-2-Clause
/* Output is written before the changes that it tells of are final. */
#include <errno.h>
#include <string.h>

#include "render/sink/out.h"
#include "render/sink/sink.h"
#include "shell/base/diag.h"
#include "shell/base/interrupt.h"
#include "shell/lang/state.h"
#include "shell/txn/txn.h"

void txn_output_failed(const struct session *s, struct out *out, struct diags *d)
{
	if (out->told || out->error == EPIPE)
		return;
	diag_errno(d, NO_SPAN, out->error, "cannot write the output");
	if (txn_kept(s) && s->mode != MODE_PROMPT)
		diag_note(d, NO_SPAN, "what was committed before that stays");
	out->told = true;
}

int txn_flush_output(struct session *s, struct diags *d)
{
	if (!out_flush(s->out))
		return 0;
	if (!interrupted())
		txn_output_failed(s, s->out, d);
	return -1;
}
