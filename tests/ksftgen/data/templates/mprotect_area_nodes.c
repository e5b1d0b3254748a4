// SPDX-License-Identifier: GPL-2.0
/* A stand-in of a verb's source. */
