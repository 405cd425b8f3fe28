/* pages.h - questions to the kernel about ranges of pages: PAGEMAP_SCAN and UFFDIO_WRITEPROTECT.
 *
 * Source: Documentation/admin-guide/mm/pagemap.rst; do_pagemap_scan() in fs/proc/task_mmu.c.
 */
#ifndef WSSCAN_PAGES_H
#define WSSCAN_PAGES_H

#include "mappings.h"
#include "pagemap/scan.h"
#include "uapi/userfaultfd.h"

enum { USERFAULTFD = 3, PIDFD = 4 };

/* One question holds the mmap lock, for reading: page faults go on, mmap and
 * munmap wait for it. Some 6 ms where every page was written. */
#define PIECE_AT_ONCE (256ULL << 20)

static struct {
	int maps, pagemap;
	uint64_t guard;		/* PM_GUARD, or 0 before Linux 6.15 */
	int zero_page;		/* a first read of anonymous memory maps the zero page */
	int peeks;		/* tells what was written, and leaves it so */
} process = { .guard = PM_GUARD };

/* Calls take for each run of pages that match; 0 or the error. */
static int scan_pages(struct pm_scan scan, uint64_t start, uint64_t end, take_region *take, void *context)
{
	int error = 0;

	for (uint64_t boundary; start < end && !error; start = boundary) {
		boundary = (start / PIECE_AT_ONCE + 1) * PIECE_AT_ONCE;
		if (boundary > end)
			boundary = end;
		error = pagemap_scan(process.pagemap, scan, start, boundary, take, context);
	}
	return error;
}

/* A page that is not write-protected need not have been written: one that came
 * into memory by a read is not either. In private memory it gives itself away: it
 * is the zero page, or the file's own, and the write that comes maps another. */
static int reads_show(enum kind kind)
{
	return kind == COPIED || (kind == ANON && process.zero_page);
}

/* What is not write-protected (any more), and protects it, atomically for each
 * page, unless it only peeks; but not what shows that it was only read. Guard
 * regions are no pages. */
static struct pm_scan written_query(enum kind kind)
{
	uint64_t not_written = process.guard | (kind == SHARED ? 0 : PM_ZERO) | (kind == COPIED ? PM_FILE : 0);

	return (struct pm_scan){
		.flags = PM_CHECK_WP_ASYNC | (process.peeks ? 0 : PM_WP_MATCHING),
		.all = PM_WRITTEN | not_written,
		.inverted = not_written,
		.any = PM_PRESENT | PM_SWAPPED,
		.returned = PM_WRITTEN | PM_HUGE,
	};
}

/* A write to an armed huge page has it mapped by small ones. One that is still
 * whole came since, for one of its pages or, by a read where no zero page is as
 * large, for none; or it was moved here. hugetlb is of a file, and stays whole. */
static int may_be_partly_written(enum kind kind, const struct pm_region *region)
{
	return kind == ANON && (region->categories & PM_HUGE);
}

static struct pm_scan present_query(void)
{
	return (struct pm_scan){ .all = PM_PRESENT, .returned = PM_PRESENT };
}

static void add_pages(const struct pm_region *region, void *bytes)
{
	*(uint64_t *)bytes += region->end - region->start;
}

static uint64_t present_bytes(uint64_t start, uint64_t end)
{
	uint64_t bytes = 0;

	scan_pages(present_query(), start, end, add_pages, &bytes);
	return bytes;
}

static int register_range(uint64_t start, uint64_t end)
{
	struct uffdio_register range = {
		.range = { .start = start, .len = end - start },
		.mode = UFFDIO_REGISTER_MODE_WP,
	};

	return ioctl(USERFAULTFD, UFFDIO_REGISTER, &range) ? errno : 0;
}

/* Arms pages and holes; each 2 MiB that was empty costs the process a page table. */
static int arm_range(uint64_t start, uint64_t end)
{
	struct uffdio_writeprotect range = {
		.range = { .start = start, .len = end - start },
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};

	while (ioctl(USERFAULTFD, UFFDIO_WRITEPROTECT, &range))
		if (errno != EAGAIN && errno != EINTR)
			return errno;
	return 0;
}

#endif
