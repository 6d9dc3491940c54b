// SPDX-License-Identifier: BSD-2-Clause
/* The table of the operations' kinds, by which a journal is read. */

#include "shell/op/attach.h"
#include "shell/op/map_ops.h"
#include "shell/op/ops.h"

const struct op_kind *const op_kinds[] = {
	&op_update_kind, &op_delete_kind, &op_pin_kind, &op_unpin_kind,
	&op_link_update_kind, &op_detach_kind, &op_freeze_kind, &op_folder_kind,
	&op_push_kind, &op_pop_kind, &op_batch_kind, &op_variable_kind, &op_attach_kind,
	&op_register_kind, &op_unregister_kind, NULL
};
