/* pagemap.h - PAGEMAP_SCAN, which the headers of Linux before 6.7 lack.
 *
 * Source: include/uapi/linux/fs.h of Linux 6.7 (PAGE_IS_GUARD: 6.15) and
 * Documentation/admin-guide/mm/pagemap.rst. Names of our own, so that a newer
 * system header can be included beside it.
 */
#ifndef UAPI_PAGEMAP_H
#define UAPI_PAGEMAP_H

#include <stdint.h>
#include <sys/ioctl.h>

/* What is known of a page; categories. */
enum {
	PM_WP_ALLOWED = 1 << 0,	/* its mapping is registered with WP_ASYNC */
	PM_WRITTEN    = 1 << 1,	/* not write-protected (any more) */
	PM_FILE       = 1 << 2,	/* of a file or shared memory */
	PM_PRESENT    = 1 << 3,
	PM_SWAPPED    = 1 << 4,
	PM_ZERO       = 1 << 5,	/* the zero page */
	PM_HUGE       = 1 << 6,	/* mapped by a PMD, or hugetlb */
	PM_SOFT_DIRTY = 1 << 7,	/* written since clear_refs 4 (CONFIG_MEM_SOFT_DIRTY) */
	PM_GUARD      = 1 << 8,	/* MADV_GUARD_INSTALL */
};

/* What a scan does. */
enum {
	PM_WP_MATCHING    = 1 << 0,	/* write-protects, atomically, what matches */
	PM_CHECK_WP_ASYNC = 1 << 1,	/* EPERM at the first mapping that is not registered */
};

struct pm_region {		/* struct page_region */
	uint64_t start, end, categories;
};

/* struct pm_scan_arg. A page matches if, after `inverted` is applied, it has all
 * of `all` and, unless that is 0, one of `any`. */
struct pm_scan {
	uint64_t size, flags;
	uint64_t start, end;
	uint64_t walk_end;	/* out: where it stopped */
	uint64_t regions, length;
	uint64_t max_pages;
	uint64_t inverted, all, any, returned;
};

#define PM_SCAN _IOWR('f', 16, struct pm_scan)

#endif
