/* scan.h - PAGEMAP_SCAN over a range, however long.
 *
 * Source: Documentation/admin-guide/mm/pagemap.rst; do_pagemap_scan() in fs/proc/task_mmu.c.
 */
#ifndef PAGEMAP_SCAN_H
#define PAGEMAP_SCAN_H

#include <errno.h>
#include "uapi/pagemap.h"

enum { SCAN_REGIONS = 1 << 13 };

typedef void take_region(const struct pm_region *region, void *context);

/* Calls take for each run of pages that match; 0 or the error: ENOTTY before Linux 6.7. */
static int pagemap_scan(int pagemap, struct pm_scan scan, uint64_t start, uint64_t end, take_region *take,
			void *context)
{
	struct pm_region regions[SCAN_REGIONS];	/* not static: take may scan as well */

	scan.size = sizeof scan;
	scan.end = end;
	scan.regions = (uintptr_t)regions;
	scan.length = SCAN_REGIONS;
	for (scan.start = start; scan.start < end; scan.start = scan.walk_end) {
		scan.walk_end = 0;
		int count = ioctl(pagemap, PM_SCAN, &scan);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return errno;
		for (int i = 0; i < count; i++)
			take(&regions[i], context);
		if (scan.walk_end <= scan.start)	/* the memory is gone */
			return ESRCH;
	}
	return 0;
}

#endif
