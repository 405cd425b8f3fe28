/* unknown.h - the addresses of pages that could not be marked: ranges, ascending.
 *
 * Where a page has no idle mark although none could be set, that says nothing.
 */
#ifndef WSSIDLE_UNKNOWN_H
#define WSSIDLE_UNKNOWN_H

#include <stdint.h>
#include "common.h"

static struct { struct { uint64_t start, end; } *list; size_t count, room; } unknown;

static void unknown_add(uint64_t start, uint64_t end)
{
	if (unknown.count && unknown.list[unknown.count - 1].end == start) {
		unknown.list[unknown.count - 1].end = end;
		return;
	}
	if (unknown.count == unknown.room) {
		unknown.room = unknown.room ? 2 * unknown.room : 256;
		unknown.list = realloc(unknown.list, unknown.room * sizeof *unknown.list);
		if (!unknown.list)
			die(FAILED, "cannot allocate %zu ranges", unknown.room);
	}
	unknown.list[unknown.count].start = start;
	unknown.list[unknown.count++].end = end;
}

static int is_unknown(uint64_t address)
{
	size_t low = 0, high = unknown.count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (unknown.list[middle].end > address)
			high = middle;
		else
			low = middle + 1;
	}
	return low < unknown.count && unknown.list[low].start <= address;
}

#endif
