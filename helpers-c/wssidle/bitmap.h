/* bitmap.h - the idle marks of pages: /sys/kernel/mm/page_idle/bitmap, a bit a page, 64 in a word.
 *
 * Source: Documentation/admin-guide/mm/idle_page_tracking.rst, mm/page_idle.c. A
 * write sets the bits that are 1, and nothing happens to the others: so only the
 * process's own pages are marked. The kernel knows nothing of tails.
 */
#ifndef WSSIDLE_BITMAP_H
#define WSSIDLE_BITMAP_H

#include "pages.h"

#define BITMAP "/sys/kernel/mm/page_idle/bitmap"

enum { WORDS = 512, WORDS_GAP = 2 };	/* sysfs transfers one page at a time (fs/kernfs/file.c) */

static int bitmap = -1;

/* From `first` on, the pages whose marks lie in one transfer; returns the one behind the last. */
static size_t words_together(const struct page *pages, size_t first, size_t count)
{
	size_t last = first + 1;

	for (; last < count; last++) {
		uint64_t word = pages[last].head / 64;
		if (word - pages[last - 1].head / 64 > WORDS_GAP || word - pages[first].head / 64 >= WORDS)
			break;
	}
	return last;
}

/* Heads ascend as pages do. */
static void mark_idle(const struct page *pages, size_t count)
{
	uint64_t words[WORDS];

	for (size_t first = 0, last; first < count; first = last) {
		last = words_together(pages, first, count);
		uint64_t from = pages[first].head / 64;
		size_t size = (pages[last - 1].head / 64 - from + 1) * 8;
		memset(words, 0, size);
		for (size_t i = first; i < last; i++)
			words[pages[i].head / 64 - from] |= 1ULL << pages[i].head % 64;
		if (pwrite(bitmap, words, size, from * 8) < 0 && errno != ENXIO)
			die(FAILED, "cannot write '%s': %s", BITMAP, strerror(errno));
	}
}

/* Whether each is idle still: the kernel looks into the page tables for that. It
 * does not tell of a last word that memory does not fill: up to 63 pages are unread. */
static void read_idle(struct page *pages, size_t count)
{
	uint64_t words[WORDS];

	for (size_t first = 0, last; first < count; first = last) {
		last = words_together(pages, first, count);
		uint64_t from = pages[first].head / 64;
		size_t size = (pages[last - 1].head / 64 - from + 1) * 8;
		memset(words, 0, size);
		ssize_t got = pread(bitmap, words, size, from * 8);
		if (got < 0)
			die(FAILED, "cannot read '%s': %s", BITMAP, strerror(errno));
		for (size_t i = first; i < last; i++) {
			size_t word = pages[i].head / 64 - from;
			pages[i].unread = (ssize_t)(word * 8) >= got;
			pages[i].idle = words[word] >> pages[i].head % 64 & 1;
		}
	}
}

#endif
