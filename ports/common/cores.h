/* SPDX-License-Identifier: MIT */
#ifndef BOARD_COMMON_CORES_H
#define BOARD_COMMON_CORES_H

/*
 * Offsets that secondary.S shares with C: struct board_core, checked in cores.c. Numbers only, as
 * the assembler reads it too.
 */
#define CORE_MAX        8
#define CORE_SIZE       96
#define CORE_STACK      0
#define CORE_TRAP_STACK 8
#define CORE_THREAD     16
#define CORE_TRANSLATE  24
#define CORE_REGS       32

#endif /* BOARD_COMMON_CORES_H */
