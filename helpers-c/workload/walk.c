/* walk.c - the worst case for a tracer: nothing but first touches.
 *
 *   walk [-w] PAGES ROUNDS
 *
 * Each round maps PAGES fresh 4 KiB pages, touches them one after another, and
 * unmaps them; only the touching is timed. -w: see section.h.
 *
 * Output, one JSON line: pages, rounds, minor (PAGES x ROUNDS), bestNs and
 * medianNs (nanoseconds per fault, of the best and the median round; a fault
 * includes clearing the page), before, after (section.h).
 *
 * Exit: 0; 1 if the kernel counted other faults than these; 2 usage.
 */
#define _GNU_SOURCE
#include <time.h>
#include "section.h"
#include "pages.h"

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

static double round_ns(size_t count)
{
	char *pages = fresh_pages(count);
	double start = now_ns();

	touch_pages(pages, count, 1);
	double end = now_ns();
	munmap(pages, count * page_size());
	return (end - start) / count;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	static struct section section;

	section_arguments(&section, argc, argv, 2, "walk [-w] PAGES ROUNDS");
	long count = parse_number("PAGES", argv[optind], 1, 1L << 30);
	long rounds = parse_number("ROUNDS", argv[optind + 1], 1, 1000000);
	double *ns = malloc(rounds * sizeof *ns);

	for (long i = 0; i < rounds; i++)
		ns[i] = round_ns(1);	/* the rehearsal, and the result's own pages */
	section_begin(&section, 0);
	for (long i = 0; i < rounds; i++)
		ns[i] = round_ns(count);
	section_end(&section);

	qsort(ns, rounds, sizeof *ns, ascending);
	printf("{\"pages\":%ld,\"rounds\":%ld,\"minor\":%ld,\"bestNs\":%.1f,\"medianNs\":%.1f,",
	       count, rounds, count * rounds, ns[0], ns[rounds / 2]);
	print_edges(&section);
	puts("}");
	fflush(stdout);
	free(ns);
	struct faults took = section_faults(&section);
	if (took.minor != count * rounds || took.major)
		die(FAILED, "the kernel counted %ld minor and %ld major faults, expected %ld and 0",
		    took.minor, took.major, count * rounds);
	return 0;
}
