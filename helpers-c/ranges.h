/* ranges.h - a sorted list of address ranges that do not overlap. */
#ifndef RANGES_H
#define RANGES_H

#include <stdint.h>
#include "common.h"

struct range { uint64_t start, end; };

struct ranges {
	struct range *list;
	size_t count, room;
};

/* At the end: `start` is not below that of the last one. */
static inline void ranges_add(struct ranges *ranges, uint64_t start, uint64_t end)
{
	if (ranges->count && ranges->list[ranges->count - 1].end == start) {
		ranges->list[ranges->count - 1].end = end;
		return;
	}
	if (ranges->count == ranges->room) {
		ranges->room = ranges->room ? 2 * ranges->room : 1024;
		ranges->list = realloc(ranges->list, ranges->room * sizeof *ranges->list);
		if (!ranges->list)
			die(FAILED, "cannot allocate %zu ranges", ranges->room);
	}
	ranges->list[ranges->count++] = (struct range){ start, end };
}

/* The first range that ends beyond `address`. */
static inline size_t ranges_find(const struct ranges *ranges, uint64_t address)
{
	size_t low = 0, high = ranges->count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (ranges->list[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

typedef void take_range(uint64_t start, uint64_t end, int inside, void *context);

/* Cuts [start, end) at the edges of the ranges, and says of each piece whether it is in one. */
static inline void ranges_cut(const struct ranges *ranges, uint64_t start, uint64_t end, take_range *take, void *context)
{
	for (size_t i = ranges_find(ranges, start); start < end; i++) {
		const struct range *range = i < ranges->count ? &ranges->list[i] : NULL;
		uint64_t outside = range && range->start < end ? range->start : end;
		if (outside > start)
			take(start, outside, 0, context);
		if (!range || range->start >= end)
			return;
		uint64_t from = range->start > start ? range->start : start;
		uint64_t to = range->end < end ? range->end : end;
		take(from, to, 1, context);
		start = to;
	}
}

#endif
