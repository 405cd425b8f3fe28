/* section.h - a measured section between two idle edges.
 *
 * All that the section needs is in memory before it begins: its code (rehearsed),
 * its stack, its buffers. With -w the program is idle at both edges:
 *
 *   {"state":"ready","pid":P,"child":C}   then waits for a byte on stdin
 *   ... the section ...
 *   {"state":"done"}                      then waits for another byte
 *
 * so that a tracer attached at the first and read at the second sees the section
 * and nothing else. child is null where there is none.
 */
#ifndef SECTION_H
#define SECTION_H

#include <sys/resource.h>
#include <sys/types.h>
#include <unistd.h>
#include "common.h"

struct section {
	int wait;			/* -w */
	struct rusage before, after;	/* at the section's edges */
};

struct faults { long minor, major; };

/* The command line of a workload whose one option is -w: argv[optind] is the first of so many arguments. */
static inline void section_arguments(struct section *section, int argc, char **argv, int wanted, const char *usage)
{
	for (int option; (option = getopt(argc, argv, "+w")) != -1;) {
		if (option != 'w')
			exit(USAGE);
		section->wait = 1;
	}
	if (argc - optind != wanted)
		die(USAGE, "usage: %s", usage);
}

static const char done_line[] = "{\"state\":\"done\"}\n";

/* Writes `line` and waits for a byte. With length 0 and `bytes` 0 it does
 * nothing, but has been executed. */
static inline void edge(const char *line, size_t length, size_t bytes)
{
	char byte;

	if (write(STDOUT_FILENO, line, length) != (ssize_t)length && length)
		exit(FAILED);
	if (read(STDIN_FILENO, &byte, bytes) != (ssize_t)bytes && bytes)
		exit(FAILED);	/* who waited for us is gone */
}

/* fork() write-protects the stack: touch it again, a bit deeper than needed. */
static __attribute__((noinline, unused)) void touch_stack(void)
{
	volatile char room[16 << 10];

	for (size_t i = 0; i < sizeof room; i += 1024)
		room[i] = 1;
}

static inline void section_begin(struct section *section, pid_t child)
{
	char line[128], number[16] = "null";

	if (child)
		snprintf(number, sizeof number, "%d", child);
	int length = snprintf(line, sizeof line, "{\"state\":\"ready\",\"pid\":%d,\"child\":%s}\n",
			      getpid(), number);
	touch_stack();
	edge(done_line, 0, 0);
	getrusage(RUSAGE_SELF, &section->after);
	getrusage(RUSAGE_SELF, &section->before);
	if (section->wait)
		edge(line, length, 1);
	getrusage(RUSAGE_SELF, &section->before);
}

static inline void section_end(struct section *section)
{
	/* A fork in the section has write-protected these pages again: their faults
	 * belong to it, the second reading has them. */
	touch_stack();
	getrusage(RUSAGE_SELF, &section->after);
	getrusage(RUSAGE_SELF, &section->after);
	if (section->wait)
		edge(done_line, sizeof done_line - 1, 1);
}

static inline struct faults section_faults(const struct section *section)
{
	return (struct faults){ section->after.ru_minflt - section->before.ru_minflt,
				section->after.ru_majflt - section->before.ru_majflt };
}

/* The fields "before" and "after": this process's counters at the edges. */
static inline void print_edges(const struct section *section)
{
	printf("\"before\":{\"minor\":%ld,\"major\":%ld},\"after\":{\"minor\":%ld,\"major\":%ld}",
	       section->before.ru_minflt, section->before.ru_majflt,
	       section->after.ru_minflt, section->after.ru_majflt);
}

#endif
