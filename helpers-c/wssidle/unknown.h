/* unknown.h - the addresses of pages that could not be marked: ranges, ascending.
 *
 * Where a page has no idle mark although none could be set, that says nothing.
 */
#ifndef WSSIDLE_UNKNOWN_H
#define WSSIDLE_UNKNOWN_H

#include "ranges.h"

static struct ranges unknown;

static int is_unknown(uint64_t address)
{
	size_t i = ranges_find(&unknown, address);

	return i < unknown.count && unknown.list[i].start <= address;
}

#endif
