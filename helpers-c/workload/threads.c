/* threads.c - threads that begin in the section and each touch fresh pages.
 *
 *   threads [-w] THREADS PAGES
 *
 * The threads get stacks that are in memory already, so THREADS x PAGES minor
 * faults are all there is: those of threads that have ended count too.
 * -w: see section.h.
 *
 * Output, one JSON line: threads, pages, minor, major, before, after (section.h).
 *
 * Exit: 0; 1 if the kernel counted other faults than these; 2 usage.
 */
#define _GNU_SOURCE
#include <malloc.h>
#include <pthread.h>
#include "section.h"
#include "pages.h"

enum { STACK_PAGES = 32 };

struct worker {
	pthread_t thread;
	char *stack, *pages;
	size_t count;	/* of pages to touch */
};

static void *work(void *argument)
{
	struct worker *worker = argument;

	if (worker->count == 0)
		usleep(20000);	/* the rehearsal must wait in pthread_join too */
	touch_pages(worker->pages, worker->count, 1);
	return NULL;
}

/* Starts all, then waits for all. */
static void run(struct worker *workers, long threads)
{
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	for (long i = 0; i < threads; i++) {
		pthread_attr_setstack(&attributes, workers[i].stack, STACK_PAGES * page_size());
		int error = pthread_create(&workers[i].thread, &attributes, work, &workers[i]);
		if (error)
			die(FAILED, "cannot start thread %ld: %s", i + 1, strerror(error));
	}
	for (long i = 0; i < threads; i++)
		pthread_join(workers[i].thread, NULL);
	pthread_attr_destroy(&attributes);
}

/* pthread_create callocs each thread's dtv, and calloc passes over freed chunks
 * in the thread's cache: leave touched room at the top of the heap. */
static void touch_heap(size_t size)
{
	mallopt(M_MMAP_THRESHOLD, 1 << 30);
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
	char *room = malloc(size);
	touch_pages(room, size / page_size(), 1);
	free(room);
}

int main(int argc, char **argv)
{
	static struct section section;

	section_arguments(&section, argc, argv, 2, "threads [-w] THREADS PAGES");
	long threads = parse_number("THREADS", argv[optind], 1, 10000);
	long count = parse_number("PAGES", argv[optind + 1], 1, 1L << 30);
	struct worker *workers = calloc(threads, sizeof *workers);

	for (long i = 0; i < threads; i++)
		workers[i] = (struct worker){ .stack = fresh_pages(STACK_PAGES), .pages = fresh_pages(count) };
	touch_heap((threads + 64) << 10);
	run(workers, threads);	/* the rehearsal: nothing to touch */
	for (long i = 0; i < threads; i++) {
		touch_pages(workers[i].stack, STACK_PAGES, 1);	/* a thread's end gives stack back */
		workers[i].count = count;
	}
	section_begin(&section, 0);
	run(workers, threads);
	section_end(&section);

	printf("{\"threads\":%ld,\"pages\":%ld,\"minor\":%ld,\"major\":0,", threads, count, threads * count);
	print_edges(&section);
	puts("}");
	fflush(stdout);
	free(workers);
	struct faults took = section_faults(&section);
	if (took.minor != threads * count || took.major)
		die(FAILED, "the kernel counted %ld minor and %ld major faults, expected %ld and 0",
		    took.minor, took.major, threads * count);
	return 0;
}
