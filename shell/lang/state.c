// SPDX-License-Identifier: BSD-2-Clause
/* What follows from the state that a session is in. */

#include "shell/lang/state.h"

unsigned session_match_flags(const struct session *s)
{
	return (s->mode == MODE_SCRIPT || s->depth) && !s->batch ? 0 : MATCH_PREFIX;
}
