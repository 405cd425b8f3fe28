/* serve.h - the command line and the standard input of a helper that marks a process and reads its marks.
 */
#ifndef PAGEMAP_SERVE_H
#define PAGEMAP_SERVE_H

#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>
#include "clock.h"
#include "common.h"

struct marker {
	const char *name;
	void (*set_up)(void);
	int (*trial)(void);			/* exit status: can this kernel do it? */
	int (*mark)(pid_t), (*read)(pid_t);	/* print; 0 once the process is gone */
};

static int serve(const struct marker *marker, int argc, char **argv)
{
	int option, tries = 0;

	setvbuf(stdout, NULL, _IOLBF, 1 << 16);
	while ((option = getopt(argc, argv, "+t")) != -1) {
		if (option != 't')
			return USAGE;
		tries = 1;
	}
	if (argc - optind != !tries)
		die(USAGE, "usage: %s PID | %s -t", marker->name, marker->name);
	long pid = tries ? 0 : parse_number("PID", argv[optind], 1, 1L << 22);
	marker->set_up();
	if (tries)
		return marker->trial();
	for (int byte; (byte = getchar()) != EOF && byte != 'q';) {
		if (byte == '\n')
			continue;
		if (byte != 'm' && byte != 'r')
			die(USAGE, "stdin: 'm', 'r' or 'q', not byte %d", byte);
		if (!(byte == 'm' ? marker->mark(pid) : marker->read(pid)))
			printf("{\"type\":\"gone\"}\n");
	}
	return 0;
}

#endif
