/* SPDX-License-Identifier: MIT */
#ifndef BOARD_COMMON_FRAME_H
#define BOARD_COMMON_FRAME_H

/*
 * Offsets that assembly shares with C: struct board_frame (board.h), checked in trap.c, and the
 * registers that board_try() keeps. Numbers only, as the assembler reads it too.
 */
#define FRAME_X       0
#define FRAME_PC      256
#define FRAME_STATUS  264
#define FRAME_CAUSE   272
#define FRAME_ADDRESS 280
#define FRAME_KIND    288
#define FRAME_THREAD  296
#define FRAME_SIZE    304

/* Registers that a call preserves, sp among them: 12 + 8 + 1 on AArch64, 14 on RISC-V. */
#define TRY_REGISTER_COUNT 22

#endif /* BOARD_COMMON_FRAME_H */
