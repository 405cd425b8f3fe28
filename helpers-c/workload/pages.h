/* pages.h - base pages to fault on, and how to get them out of memory again. */
#ifndef PAGES_H
#define PAGES_H

#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "common.h"

static inline size_t page_size(void)
{
	return sysconf(_SC_PAGESIZE);
}

/* `count` anonymous pages that nobody has touched; never huge ones. */
static inline char *fresh_pages(size_t count)
{
	char *pages = mmap(NULL, count * page_size(), PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED)
		die(FAILED, "cannot map %zu pages: %s", count, strerror(errno));
	madvise(pages, count * page_size(), MADV_NOHUGEPAGE);
	return pages;
}

/* One write to the first byte of every `stride`-th of `count` pages. */
static inline void touch_pages(char *pages, size_t count, size_t stride)
{
	size_t size = page_size();

	for (size_t i = 0; i < count; i++)
		*(volatile char *)(pages + i * stride * size) = 1;
}

/* The same by reading. */
static inline void read_pages(const char *pages, size_t count)
{
	size_t size = page_size();

	for (size_t i = 0; i < count; i++)
		(void)*(const volatile char *)(pages + i * size);
}

/* How many of the pages memory still holds, in the page or swap cache too. */
static inline size_t cached_pages(char *pages, size_t count)
{
	unsigned char *vector = malloc(count);
	size_t cached = 0;

	if (!vector || mincore(pages, count * page_size(), vector))
		die(FAILED, "cannot ask mincore: %s", strerror(errno));
	for (size_t i = 0; i < count; i++)
		cached += vector[i] & 1;
	free(vector);
	return cached;
}

/* A file of at least `count` pages, written when it is missing. */
static inline int open_file(const char *path, size_t count)
{
	size_t size = page_size();
	struct stat status;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || fstat(fd, &status))
		die(FAILED, "cannot open '%s': %s", path, strerror(errno));
	if (status.st_size == 0) {
		char page[size];

		for (size_t i = 0; i < count; i++) {
			memset(page, (int)i | 1, size);
			if (write(fd, page, size) != (ssize_t)size)
				die(FAILED, "cannot write '%s': %s", path, strerror(errno));
		}
	} else if ((size_t)status.st_size < count * size) {
		die(FAILED, "'%s' is too small: %ld bytes for %zu pages", path,
		    (long)status.st_size, count);
	}
	return fd;
}

/* Maps a file's first pages with none of them in the page cache; NULL if they
 * stay there, as in a file system that lies in memory. Only an unmapped, clean
 * page can be dropped; pages still in a per-CPU list cannot. */
static inline char *map_cold(int fd, size_t count)
{
	size_t length = count * page_size();

	fsync(fd);
	for (int attempt = 0; attempt < 20; attempt++) {
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		char *pages = mmap(NULL, length, PROT_READ, MAP_SHARED, fd, 0);
		if (pages == MAP_FAILED)
			die(FAILED, "cannot map the file: %s", strerror(errno));
		/* One page per read: no read-ahead, so no neighbour to map around. */
		madvise(pages, length, MADV_RANDOM);
		if (cached_pages(pages, count) == 0)
			return pages;
		munmap(pages, length);
		usleep(20000);
	}
	return NULL;
}

#endif
