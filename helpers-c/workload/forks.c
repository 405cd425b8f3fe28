/* forks.c - children that come and go, each touching fresh pages.
 *
 *   forks [-w] [-j JOBS] CHILDREN PAGES
 *
 *   -j JOBS  so many children at once (default 1: one after another)
 *   -w       see section.h
 *
 * fork itself costs both sides some copy-on-write faults, more or fewer, so only
 * a child's PAGES touches are known beforehand (each child checks its own); the
 * totals are the kernel's.
 *
 * Output, one JSON line: children, pages, touched (CHILDREN x PAGES), own and
 * childrenTotal (each {minor, major}: the parent's in the section, and its
 * children's from fork to exit), minor, major (the sum of both), before, after
 * (section.h: the parent's).
 *
 * Exit: 0; 1 if a child took other faults than its PAGES; 2 usage.
 */
#define _GNU_SOURCE
#include <sys/wait.h>
#include "section.h"
#include "pages.h"

static __attribute__((noreturn)) void be_child(char *pages, long count)
{
	struct rusage before, after;

	touch_stack();
	getrusage(RUSAGE_SELF, &after);
	touch_pages(pages, 0, 1);
	getrusage(RUSAGE_SELF, &before);
	touch_pages(pages, count, 1);
	getrusage(RUSAGE_SELF, &after);
	_exit(after.ru_minflt - before.ru_minflt == count ? 0 : FAILED);
}

/* Waits for any child; says whether it counted as it should. */
static int reap(void)
{
	int status;

	return wait(&status) > 0 && status == 0;
}

/* Returns how many children disagree with the kernel. */
static long run(long children, long jobs, char *pages, long count)
{
	long wrong = 0, running = 0;

	for (long i = 0; i < children; i++) {
		pid_t pid = fork();
		if (pid < 0)
			die(FAILED, "cannot fork: %s", strerror(errno));
		if (pid == 0)
			be_child(pages, count);
		if (++running == jobs) {
			wrong += !reap();
			running--;
		}
	}
	while (running-- > 0)
		wrong += !reap();
	return wrong;
}

int main(int argc, char **argv)
{
	static struct section section;
	struct rusage before, after;
	long jobs = 1;
	int option;

	while ((option = getopt(argc, argv, "+wj:")) != -1) {
		if (option == 'w')
			section.wait = 1;
		else if (option == 'j')
			jobs = parse_number("JOBS", optarg, 1, 10000);
		else
			return USAGE;
	}
	if (argc - optind != 2)
		die(USAGE, "usage: forks [-w] [-j JOBS] CHILDREN PAGES");
	long children = parse_number("CHILDREN", argv[optind], 1, 1000000);
	long count = parse_number("PAGES", argv[optind + 1], 1, 1L << 30);
	char *pages = fresh_pages(count);

	run(1, 1, pages, 1);	/* the rehearsal */
	getrusage(RUSAGE_CHILDREN, &before);
	section_begin(&section, 0);
	long wrong = run(children, jobs, pages, count);
	section_end(&section);
	getrusage(RUSAGE_CHILDREN, &after);

	struct faults own = section_faults(&section);
	struct faults total = { after.ru_minflt - before.ru_minflt, after.ru_majflt - before.ru_majflt };
	printf("{\"children\":%ld,\"pages\":%ld,\"touched\":%ld,\"own\":{\"minor\":%ld,\"major\":%ld},"
	       "\"childrenTotal\":{\"minor\":%ld,\"major\":%ld},\"minor\":%ld,\"major\":%ld,",
	       children, count, children * count, own.minor, own.major,
	       total.minor, total.major, own.minor + total.minor, own.major + total.major);
	print_edges(&section);
	puts("}");
	fflush(stdout);
	if (wrong)
		die(FAILED, "%ld of %ld children did not take %ld minor faults", wrong, children, count);
	return 0;
}
