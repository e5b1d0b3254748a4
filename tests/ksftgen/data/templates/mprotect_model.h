/* SPDX-License-Identifier: GPL-2.0 */
/* A stand-in: what helpers share. */
#ifndef __MPROTECT_MODEL_H__
#define __MPROTECT_MODEL_H__

#include "mprotect_area.h"
#include "mprotect_area_tree.h"

#endif /* __MPROTECT_MODEL_H__ */
