/* pageout.h - anonymous pages that are in swap, and not in the swap cache. */
#ifndef PAGEOUT_H
#define PAGEOUT_H

#include "pages.h"
#include "uapi/mman.h"

enum { PAGEMAP_SWAPPED = 62 };	/* Documentation/admin-guide/mm/pagemap.rst */

/* v1 and v2 both take a pid in cgroup.procs. */
static inline void join_cgroup(const char *directory)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/cgroup.procs", directory);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || dprintf(fd, "%d\n", getpid()) < 0)
		die(FAILED, "cannot join the cgroup '%s': %s", directory, strerror(errno));
	close(fd);
}

/* Swap read-ahead brings in up to 2^page-cluster neighbours, whose touch would
 * then be minor: one touch in twice as many pages meets none of them. */
static inline size_t pageout_stride(void)
{
	unsigned cluster = 3;
	FILE *file = fopen("/proc/sys/vm/page-cluster", "re");

	if (file) {
		if (fscanf(file, "%u", &cluster) != 1)
			cluster = 3;
		fclose(file);
	}
	return 2UL << cluster;
}

static inline size_t swapped_pages(char *pages, size_t count)
{
	size_t swapped = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	for (size_t i = 0; i < count; i++) {
		uint64_t entry = 0;
		off_t at = ((uintptr_t)pages / page_size() + i) * sizeof entry;
		if (pread(fd, &entry, sizeof entry, at) != sizeof entry)
			die(FAILED, "cannot read /proc/self/pagemap: %s", strerror(errno));
		swapped += entry >> PAGEMAP_SWAPPED & 1;
	}
	close(fd);
	return swapped;
}

/* Writing to a disk ends after madvise returns and leaves the pages in the swap
 * cache, unmapped, where a second MADV_PAGEOUT does not find them. Read back
 * (never written: that would free the swap slot) they are clean and mapped, and
 * the next MADV_PAGEOUT drops them at once (mm/vmscan.c, shrink_folio_list). */
static inline void evict(char *pages, size_t count)
{
	size_t length = count * page_size(), swapped = 0, cached = 0;

	for (int attempt = 0; attempt < 100; attempt++) {
		madvise(pages, length, MADV_PAGEOUT);
		swapped = swapped_pages(pages, count);
		cached = cached_pages(pages, count);
		if (swapped == count && cached == 0)
			return;
		usleep(20000);
		read_pages(pages, count);
	}
	die(FAILED, "cannot page out %zu pages: %zu are in swap, %zu still in memory: is swap configured, and not full?",
	    count, swapped, cached);
}

/* Writes `count` pages that do not compress to nothing and pages them out, all
 * from one CPU: pages in another CPU's list of new pages cannot be isolated. */
static inline void pageout(char *pages, size_t count)
{
	cpu_set_t all, one;

	sched_getaffinity(0, sizeof all, &all);
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	sched_setaffinity(0, sizeof one, &one);
	for (size_t i = 0; i < count * page_size(); i += sizeof(uint64_t))
		*(uint64_t *)(pages + i) = (i + 1) * 0x9e3779b97f4a7c15;
	evict(pages, count);
	sched_setaffinity(0, sizeof all, &all);
}

#endif
