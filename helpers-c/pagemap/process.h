/* process.h - the mappings of a process, and the pages that it has in them.
 *
 * Source: proc_pid_maps(5), Documentation/admin-guide/mm/pagemap.rst. Memory is
 * bounded: neither mappings nor pages are kept.
 */
#ifndef PAGEMAP_PROCESS_H
#define PAGEMAP_PROCESS_H

#include <fcntl.h>
#include <unistd.h>
#include "common.h"
#include "scan.h"

enum { PAGE = 4096, CHUNK = 1 << 16 };	/* pages that are looked at together */

#define ENTRY_PRESENT(entry)	((entry) >> 63 & 1)
#define ENTRY_SWAPPED(entry)	((entry) >> 62 & 1)
#define ENTRY_FILE(entry)	((entry) >> 61 & 1)	/* of a file, or shared memory */
#define ENTRY_EXCLUSIVE(entry)	((entry) >> 56 & 1)	/* no other process maps it */
#define ENTRY_DIRTY(entry)	((entry) >> 55 & 1)	/* soft-dirty */
#define ENTRY_PFN(entry)	((entry) & ((1ULL << 55) - 1))

struct process { pid_t pid; FILE *maps; int pagemap; };

/* Opens its files: 0 once it is gone. */
static int process_open(struct process *process, pid_t pid)
{
	char path[64];

	*process = (struct process){ .pid = pid, .pagemap = -1 };
	snprintf(path, sizeof path, "/proc/%d/pagemap", pid);
	process->pagemap = open(path, O_RDONLY | O_CLOEXEC);
	int error = errno;
	snprintf(path, sizeof path, "/proc/%d/maps", pid);
	if (process->pagemap >= 0) {
		process->maps = fopen(path, "re");
		error = errno;
	}
	if (process->maps)
		return 1;
	if (process->pagemap >= 0)
		close(process->pagemap);
	if (error == ENOENT || error == ESRCH)
		return 0;
	die(PREREQUISITE, "cannot open the files of process %d in /proc: %s", pid, strerror(error));
}

static void process_close(struct process *process)
{
	fclose(process->maps);
	close(process->pagemap);
}

/* The next mapping: 0 after the last. [vsyscall] is no memory of the process. */
static int next_mapping(const struct process *process, uint64_t *start, uint64_t *end)
{
	static char *line;
	static size_t size;

	while (getline(&line, &size, process->maps) > 0)
		if (sscanf(line, "%lx-%lx", start, end) == 2 && !strstr(line, " [vsyscall]"))
			return 1;
	return 0;
}

/* Entries of pagemap for the pages from `start` on. */
typedef void take_pages(uint64_t start, const uint64_t *entries, size_t count, void *context);

struct run { const struct process *process; uint64_t start, end; take_pages *take; void *context; };

static void read_entries(const struct run *run)
{
	static uint64_t entries[CHUNK];

	for (uint64_t at = run->start, count; at < run->end; at += count * PAGE) {
		/* whole tables, so that what one of them maps is seen together */
		count = (at / (CHUNK * (uint64_t)PAGE) + 1) * CHUNK - at / PAGE;
		if (count > (run->end - at) / PAGE)
			count = (run->end - at) / PAGE;
		ssize_t got = pread(run->process->pagemap, entries, count * 8, at / PAGE * 8);
		if (got <= 0)
			return;	/* the memory is gone */
		count = got / 8;
		run->take(at, entries, count, run->context);
	}
}

/* Runs of pages that lie close together are read as one. */
static void add_present(const struct pm_region *region, void *context)
{
	struct run *run = context;

	if (run->end && region->start - run->end > 64 * PAGE) {
		read_entries(run);
		run->end = 0;
	}
	if (!run->end)
		run->start = region->start;
	run->end = region->end;
}

/* What there is in a range. Where the kernel can tell what is present, holes are
 * not looked at: a TiB of them costs nothing. */
static void each_page(const struct process *process, uint64_t start, uint64_t end, take_pages *take, void *context)
{
	static int cannot_scan;
	struct run run = { .process = process, .take = take, .context = context };
	struct pm_scan query = { .any = PM_PRESENT | PM_SWAPPED, .returned = PM_PRESENT };

	if (!cannot_scan) {
		int error = pagemap_scan(process->pagemap, query, start, end, add_present, &run);
		cannot_scan = error == ENOTTY || error == EINVAL;
	}
	if (cannot_scan)
		run = (struct run){ process, start, end, take, context };
	if (run.end)
		read_entries(&run);
}

#endif
