/* demo.c - some seconds in the life of a program, for whoever watches faults.
 *
 *   demo [-d DIR] [SECONDS]
 *
 *   -d DIR   where the file of the last phase lies (default $TMPDIR, else
 *            /var/tmp, which is a disk where /tmp may be memory)
 *   SECONDS  how long it takes, 1 to 3600 (default 5)
 *
 *   burst          first touches all at once, as when a heap grows
 *   trickle        first touches a few at a time, as when a cache fills
 *   copy-on-write  writes to pages shared with a forked child, as in a snapshot
 *   cold file      reads of a mapped file that is not in the page cache: each
 *                  one waits for the disk, a major fault
 *
 * The file has no name once it is open: nothing stays behind.
 *
 * Output, one JSON line at the end: seconds, phases [{name, pages, minor,
 * major}]: pages touched, and the faults that the kernel counted for them.
 *
 * Exit: 0; 1 if a phase took other faults than its pages; 2 usage. Where the
 * file lies in memory the last phase is skipped with a warning (pages 0).
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include "section.h"
#include "pages.h"

static const char *directory;
static pid_t child;

static char *first_touches(size_t count) { return fresh_pages(count); }

static char *shared_with_child(size_t count)
{
	char *pages = fresh_pages(count);
	pid_t parent = getpid();

	touch_pages(pages, count, 1);
	child = fork();
	if (child < 0)
		die(FAILED, "cannot fork: %s", strerror(errno));
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (getppid() == parent)
			pause();
		_exit(0);
	}
	return pages;
}

static char *cold_file(size_t count)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/pgfault-demo-%d", directory, getpid());
	int fd = open_file(path, count);
	unlink(path);
	char *pages = map_cold(fd, count);
	close(fd);
	if (!pages)
		warn("no major faults to show: '%s' seems to lie in memory, try -d DIR", directory);
	return pages;
}

static void write_one(char *page) { *(volatile char *)page = 1; }
static void read_one(char *page) { (void)*(volatile char *)page; }

struct phase {
	const char *name;
	double share;	/* of the whole time */
	size_t count;	/* pages; primes are easy to recognise in a table */
	size_t steps;	/* so many equal shares, evenly over the time */
	char *(*prepare)(size_t count);
	void (*touch)(char *page);
	int major;
};

static const struct phase phases[] = {
	{ "burst", 0.2, 20011, 1, first_touches, write_one, 0 },
	{ "trickle", 0.3, 2003, 60, first_touches, write_one, 0 },
	{ "copy-on-write", 0.2, 5003, 10, shared_with_child, write_one, 0 },
	{ "cold file", 0.3, 1009, 40, cold_file, read_one, 1 },
};
enum { PHASES = sizeof phases / sizeof *phases };

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static void sleep_until(double moment)
{
	struct timespec time = { (time_t)moment, (long)((moment - (time_t)moment) * 1e9) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR)
		;
}

/* Touches the pages in equal steps until `end`. Returns the section's faults. */
static struct faults run(const struct phase *phase, char *pages, double end)
{
	static struct section section;
	double start = now();
	size_t size = page_size(), next = 0;

	section_begin(&section, 0);
	for (size_t step = 1; step <= phase->steps; step++) {
		for (; next < phase->count * step / phase->steps; next++)
			phase->touch(pages + next * size);
		sleep_until(start + (end - start) * step / phase->steps);
	}
	section_end(&section);
	return section_faults(&section);
}

static void finish(const struct phase *phase, char *pages)
{
	munmap(pages, phase->count * page_size());
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		child = 0;
	}
}

int main(int argc, char **argv)
{
	struct faults took[PHASES] = { 0 };
	size_t touched[PHASES] = { 0 };
	int option, wrong = 0;

	directory = getenv("TMPDIR") ? getenv("TMPDIR") : "/var/tmp";
	while ((option = getopt(argc, argv, "+d:")) != -1) {
		if (option != 'd')
			return USAGE;
		directory = optarg;
	}
	if (argc - optind > 1)
		die(USAGE, "usage: demo [-d DIR] [SECONDS]");
	double seconds = argc > optind ? parse_number("SECONDS", argv[optind], 1, 3600) : 5;
	double start = now(), end = start;

	for (int i = 0; i < PHASES; i++) {
		const struct phase *phase = &phases[i];
		char *pages = phase->prepare(phase->count);
		end += seconds * phase->share;
		if (pages) {
			took[i] = run(phase, pages, end);
			touched[i] = phase->count;
			finish(phase, pages);
		}
	}
	printf("{\"seconds\":%.2f,\"phases\":[", now() - start);
	for (int i = 0; i < PHASES; i++) {
		printf("%s{\"name\":\"%s\",\"pages\":%zu,\"minor\":%ld,\"major\":%ld}", i ? "," : "",
		       phases[i].name, touched[i], took[i].minor, took[i].major);
		wrong |= took[i].minor + took[i].major < (long)touched[i]
			 || (phases[i].major && took[i].major != (long)touched[i]);
	}
	puts("]}");
	fflush(stdout);
	if (wrong)
		die(FAILED, "the kernel counted other faults than these phases should take");
	return 0;
}
