/* SPDX-License-Identifier: MIT */
#ifndef EXAMPLES_TASKS_ROLES_H
#define EXAMPLES_TASKS_ROLES_H

/*
 * What a program is started with: a role, and above it whatever makes two of the same role differ.
 */

#define ROLE_MASK 0xff

#define ROLE_KEEP         0 /* writes words of its own and finds them again */
#define ROLE_COUNT        1 /* the same for ever, in silence */
#define ROLE_READ_KERNEL  2 /* from here on it is stopped */
#define ROLE_WRITE_KERNEL 3
#define ROLE_CALL_KERNEL  4
#define ROLE_READ_OTHER   5
#define ROLE_READ_NOWHERE 6
#define ROLE_WRITE_CODE   7
#define ROLE_CALL_DATA    8
#define ROLE_OVERFLOW     9
#define ROLE_FLOAT        10

/* System call of this kernel: the address that the role is about. */
#define CALL_WHERE 16

#endif /* EXAMPLES_TASKS_ROLES_H */
