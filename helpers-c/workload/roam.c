/* roam.c - faults on ever other pages of a large address space, in little memory.
 *
 *   roam [-w] PAGES STEP
 *
 * Touches one page in STEP of PAGES x STEP reserved ones, upward, and gives each back
 * once 1024 more have been touched: PAGES distinct pages fault, once each.
 * -w: see section.h.
 *
 * Output, one JSON line: pages, step, minor, start, end (of the space), before, after
 * (section.h).
 *
 * Exit: 0; 1 if the kernel counted other faults than these, or the space cannot be
 * reserved; 2 usage.
 */
#define _GNU_SOURCE
#include "section.h"
#include "pages.h"

enum { KEPT = 1024 };

static char *reserve(size_t size)
{
	char *space = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (space == MAP_FAILED)
		die(FAILED, "cannot reserve %zu bytes: %s", size, strerror(errno));
	madvise(space, size, MADV_NOHUGEPAGE);
	return space;
}

static void roam(char *space, size_t pages, size_t step)
{
	size_t bytes = step * page_size();

	for (size_t i = 0; i < pages; i += KEPT) {
		size_t count = pages - i < KEPT ? pages - i : KEPT;
		touch_pages(space + i * bytes, count, step);
		madvise(space + i * bytes, count * bytes, MADV_DONTNEED);
	}
}

int main(int argc, char **argv)
{
	static struct section section;

	section_arguments(&section, argc, argv, 2, "roam [-w] PAGES STEP");
	size_t pages = parse_number("PAGES", argv[optind], 1, 1L << 28);
	size_t step = parse_number("STEP", argv[optind + 1], 1, 1L << 20);
	size_t size = pages * step * page_size();
	char *space = reserve(size);

	roam(reserve(page_size()), 1, 1);	/* the rehearsal */
	section_begin(&section, 0);
	roam(space, pages, step);
	section_end(&section);

	printf("{\"pages\":%zu,\"step\":%zu,\"minor\":%zu,\"start\":\"%p\",\"end\":\"%p\",", pages, step, pages,
	       (void *)space, (void *)(space + size));
	print_edges(&section);
	puts("}");
	fflush(stdout);
	struct faults took = section_faults(&section);
	if (took.minor != (long)pages || took.major)
		die(FAILED, "the kernel counted %ld minor and %ld major faults, expected %zu and 0",
		    took.minor, took.major, pages);
	return 0;
}
