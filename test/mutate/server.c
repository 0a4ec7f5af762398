/* SPDX-License-Identifier: MIT */
/*
 * Linked to the library with all changes: before a test program's main() runs, it asks for what to
 * run, again and again, and each time a child goes on to main(). A line on the first descriptor of
 * VMM_MUTATE is "change milliseconds case", where the case is a name that CMocka filters by, or "-";
 * the answer, on the second, is a line "status microseconds" of CPU time. Without VMM_MUTATE the
 * program is an ordinary one.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define SLOTS (256 * 2048)

int vmm_mutant;
unsigned char vmm_slot[SLOTS] __attribute__((aligned(65536)));

static void limit(long milliseconds)
{
	struct itimerval timer = { .it_interval = { 0, 0 } };

	timer.it_value.tv_sec = milliseconds / 1000;
	timer.it_value.tv_usec = milliseconds % 1000 * 1000;
	setitimer(ITIMER_PROF, &timer, NULL);
	/* For one that waits instead of working. */
	alarm((unsigned int)(20 * milliseconds / 1000 + 20));
}

static long microseconds(const struct rusage *usage)
{
	return (long)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000 +
	       (long)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec);
}

/* Where the slots are, somebody else reads them. */
static void share_slots(const char *path)
{
	const int access = PROT_READ | PROT_WRITE;
	int fd = open(path, O_RDWR);

	if (fd < 0 ||
	    mmap(vmm_slot, SLOTS, access, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED) {
		_exit(120);
	}
	close(fd);
}

/* Comes back in a child alone. */
static void serve(FILE *lines, int answers)
{
	static char name[512];
	long milliseconds;

	while (fscanf(lines, "%d %ld %511[^\n]", &vmm_mutant, &milliseconds, name) == 3) {
		struct rusage usage;
		int status;
		pid_t child = fork();

		if (child == 0) {
			if (strcmp(name, "-") != 0) {
				cmocka_set_test_filter(name);
			}
			limit(milliseconds);
			return;
		}
		if (child < 0 || wait4(child, &status, 0, &usage) != child) {
			_exit(121);
		}
		dprintf(answers, "%d %ld\n", status, microseconds(&usage));
	}
	_exit(0);
}

__attribute__((constructor)) static void begin(void)
{
	const char *descriptors = getenv("VMM_MUTATE");
	const char *slots = getenv("VMM_MUTATE_SLOTS");
	const struct rlimit no_core = { 0, 0 };
	const struct rlimit space = { UINT64_C(64) << 30, UINT64_C(64) << 30 };
	FILE *lines;
	int in;
	int out;

	if (descriptors == NULL || sscanf(descriptors, "%d %d", &in, &out) != 2) {
		return;
	}
	setrlimit(RLIMIT_CORE, &no_core);
	setrlimit(RLIMIT_AS, &space);
	if (slots != NULL) {
		share_slots(slots);
	}
	lines = fdopen(in, "r");
	if (lines == NULL) {
		_exit(122);
	}
	serve(lines, out);
}
