/* pieces.h - the memory of a process in pieces of about equal size, in each of which DAMON looks at one page.
 */
#ifndef WSSDAMON_PIECES_H
#define WSSDAMON_PIECES_H

#include "pagemap/process.h"

enum { PIECES = 1000, PIECES_MOST = 4 * PIECES };

struct piece { uint64_t start, end; int hit; };

struct pieces {
	struct piece *list;
	size_t count;
	uint64_t pages, quota;	/* present in all; in each piece */
	uint64_t gap;		/* a hole so large, in bytes, is in no piece */
	int open;		/* the last one is not full; pages in it */
};

static void count_pages(uint64_t start, const uint64_t *entries, size_t count, void *context)
{
	struct pieces *pieces = context;

	(void)start;
	for (size_t i = 0; i < count; i++)
		pieces->pages += ENTRY_PRESENT(entries[i]);
}

static void cut(uint64_t start, const uint64_t *entries, size_t count, void *context)
{
	struct pieces *pieces = context;

	for (size_t i = 0; i < count; i++) {
		uint64_t at = start + i * PAGE;
		if (!ENTRY_PRESENT(entries[i]))
			continue;
		struct piece *last = pieces->list + pieces->count - 1;
		if (!pieces->open || at - last->end > pieces->gap) {
			if (pieces->count == PIECES_MOST)
				return;
			last = pieces->list + pieces->count++;
			*last = (struct piece){ .start = at };
			pieces->open = 0;
		}
		last->end = at + PAGE;
		pieces->open++;
		if ((uint64_t)pieces->open == pieces->quota)
			pieces->open = 0;
	}
}

/* 0 once the process is gone. */
static int each_mapping(pid_t pid, take_pages *take, struct pieces *pieces)
{
	struct process process;
	uint64_t start, end;
	int mappings = 0;

	if (!process_open(&process, pid))
		return 0;
	for (; next_mapping(&process, &start, &end); mappings++) {
		pieces->open = 0;
		each_page(&process, start, end, take, pieces);
	}
	process_close(&process);
	return mappings;
}

/* Cuts what is in memory now; 0 once the process is gone. */
static int pieces_cut(struct pieces *pieces, pid_t pid)
{
	pieces->pages = 0;
	if (!each_mapping(pid, count_pages, pieces))
		return 0;
	pieces->quota = (pieces->pages + PIECES - 1) / PIECES;
	/* memory that lies scattered is taken together */
	for (pieces->gap = 2 << 20; pieces->gap < 1ULL << 40; pieces->gap *= 8) {
		pieces->count = 0;
		if (!each_mapping(pid, cut, pieces))
			return 0;
		if (pieces->count < PIECES_MOST)
			break;
	}
	return pieces->count > 0;
}

#endif
