/* target.h - the process that is looked at: its mappings, and what of them is in memory.
 *
 * Source: proc_pid_maps(5), PAGEMAP_SCAN in Documentation/admin-guide/mm/pagemap.rst.
 */
#ifndef WSSEVICT_TARGET_H
#define WSSEVICT_TARGET_H

#include <stdint.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "common.h"
#include "uapi/pagemap.h"

enum { PAGE = 4096, REGIONS = 1 << 12 };

static struct { int pid, pidfd, maps, pagemap, large_anon; } target;

typedef void take_region(uint64_t start, uint64_t end, uint64_t categories, void *context);

/* Calls take for each run of present pages; 0 once the memory is gone. */
static int each_present(uint64_t start, uint64_t end, take_region *take, void *context)
{
	struct pm_region regions[REGIONS];
	struct pm_scan scan = {
		.size = sizeof scan, .end = end, .regions = (uintptr_t)regions, .length = REGIONS,
		.inverted = PM_ZERO, .all = PM_PRESENT | PM_ZERO, .returned = PM_FILE,
	};

	for (scan.start = start; scan.start < end; scan.start = scan.walk_end) {
		scan.walk_end = 0;
		int count = ioctl(target.pagemap, PM_SCAN, &scan);
		if (count < 0 && errno == EINTR)
			scan.walk_end = scan.start;
		else if (count < 0 && errno == ENOTTY)
			die(PREREQUISITE, "this kernel has no PAGEMAP_SCAN: Linux 6.7 has");
		else if (count < 0 || scan.walk_end <= scan.start)
			return 0;
		for (int i = 0; i < count; i++)
			take(regions[i].start, regions[i].end, regions[i].categories, context);
	}
	return 1;
}

/* Memory of a device has no pages to take away. */
static int is_memory(const char *line)
{
	const char *path = strchr(line, '/');

	return !strstr(line, "[v") && !(path && (!strncmp(path, "/dev/", 5) && strncmp(path, "/dev/shm/", 9) &&
						   strncmp(path, "/dev/zero", 9)));
}

typedef int take_mapping(uint64_t start, uint64_t end);

/* 0 once the memory is gone. */
static int each_mapping(take_mapping *take)
{
	static char *line;
	static size_t room;
	uint64_t start, end;
	size_t count = 0;
	int alive = 1;
	FILE *maps = fdopen(dup(target.maps), "re");

	if (!maps)
		die(FAILED, "cannot read the mappings of pid %d: %s", target.pid, strerror(errno));
	rewind(maps);
	while (alive && getline(&line, &room, maps) > 0)
		if (++count && sscanf(line, "%lx-%lx", &start, &end) == 2 && is_memory(line))
			alive = take(start, end);
	fclose(maps);
	return alive && count > 0;
}

#endif
