// SPDX-License-Identifier: GPL-2.0
/* A stand-in: a room. */
#include "mprotect_model.h"

struct area_state state_zero = { .name = "zero" };
const struct area_kind kind_zero = { .name = "zero" };
