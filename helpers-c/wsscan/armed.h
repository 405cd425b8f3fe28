/* armed.h - the addresses at which a written page can be told from one that was read.
 *
 * Where a first read maps a page of its own (shared memory; anonymous memory on
 * kernels that give no zero page) a page in a hole has neither been armed nor need
 * it have been written. It counts in the upper bound alone, and its surroundings
 * are armed, holes too: as far as its page table reaches (2 MiB), so that no
 * memory is made for that in the process.
 *
 * Ranges ascend and do not touch. A mapping that comes anew is taken out first;
 * mappings that grow or merge keep what they had.
 */
#ifndef WSSCAN_ARMED_H
#define WSSCAN_ARMED_H

#include "pages.h"
#include "ranges.h"

#define PIECE (2ULL << 20)	/* what one page table maps */

static struct ranges armed;

static uint64_t min_u64(uint64_t a, uint64_t b) { return a < b ? a : b; }
static uint64_t max_u64(uint64_t a, uint64_t b) { return a > b ? a : b; }

/* Puts `count` ranges in the place of those from `first` up to `last`. */
static void armed_replace(size_t first, size_t last, const struct range *with, size_t count)
{
	if (armed.count + count >= armed.room) {
		armed.room = 2 * (armed.count + count) + 64;
		armed.list = realloc(armed.list, armed.room * sizeof *armed.list);
		if (!armed.list)
			die(FAILED, "cannot allocate %zu ranges", armed.room);
	}
	memmove(armed.list + first + count, armed.list + last, (armed.count - last) * sizeof *armed.list);
	memcpy(armed.list + first, with, count * sizeof *armed.list);
	armed.count += count - (last - first);
}

static void armed_add(uint64_t start, uint64_t end)
{
	size_t first = ranges_find(&armed, start - 1), last = first;	/* one that touches is joined */

	for (; last < armed.count && armed.list[last].start <= end; last++) {
		start = min_u64(start, armed.list[last].start);
		end = max_u64(end, armed.list[last].end);
	}
	armed_replace(first, last, &(struct range){ start, end }, 1);
}

static void armed_remove(uint64_t start, uint64_t end)
{
	struct range rest[2];
	size_t first = ranges_find(&armed, start), last = first, count = 0;

	for (; last < armed.count && armed.list[last].start < end; last++) {
		if (armed.list[last].start < start)
			rest[count++] = (struct range){ armed.list[last].start, start };
		if (armed.list[last].end > end)
			rest[count++] = (struct range){ end, armed.list[last].end };
	}
	armed_replace(first, last, rest, count);
}

struct count {
	const struct mapping *mapping;
	uint64_t low, high;	/* bytes */
	uint64_t done;		/* up to here all is counted */
};

/* Arms what is not armed round an address, within its page table and its mapping,
 * before it counts: what is written in between is told by the next scan. */
static uint64_t take_unarmed(uint64_t at, struct count *count)
{
	size_t next = ranges_find(&armed, at);
	uint64_t start = max_u64(at / PIECE * PIECE, count->mapping->start);
	uint64_t end = min_u64(at / PIECE * PIECE + PIECE, count->mapping->end);

	if (next > 0)
		start = max_u64(start, armed.list[next - 1].end);
	if (next < armed.count)
		end = min_u64(end, armed.list[next].start);
	if (arm_range(start, end) == 0)
		armed_add(start, end);
	count->high += present_bytes(start, end);
	return end;
}

/* What a later scan will find and arm; up to `end` or where something is armed. */
static uint64_t peek_unarmed(uint64_t at, uint64_t end, struct count *count)
{
	size_t next = ranges_find(&armed, at);

	if (next < armed.count)
		end = min_u64(end, armed.list[next].start);
	count->high += end - at;
	return end;
}

/* One run of pages that are not write-protected, where a read shows as such. */
static void take_shown(const struct pm_region *region, void *context)
{
	struct count *count = context;

	count->high += region->end - region->start;
	if (!may_be_partly_written(count->mapping->kind, region))
		count->low += region->end - region->start;
}

/* One run of pages that are not write-protected, where only what was armed tells. */
static void take_run(const struct pm_region *region, void *context)
{
	struct count *count = context;
	uint64_t end = region->end;

	for (uint64_t at = max_u64(region->start, count->done); at < end; at = count->done) {
		size_t next = ranges_find(&armed, at);
		if (next == armed.count || armed.list[next].start > at) {
			count->done = process.peeks ? peek_unarmed(at, end, count) : take_unarmed(at, count);
			continue;
		}
		count->done = min_u64(end, armed.list[next].end);
		count->high += count->done - at;
		if (!may_be_partly_written(count->mapping->kind, region))
			count->low += count->done - at;
	}
}

#endif
