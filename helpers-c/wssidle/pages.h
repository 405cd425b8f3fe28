/* pages.h - pages of memory by their number (PFN): what kind they are, and what stands for them.
 *
 * Source: Documentation/admin-guide/mm/pagemap.rst; include/uapi/linux/kernel-page-flags.h.
 */
#ifndef WSSIDLE_PAGES_H
#define WSSIDLE_PAGES_H

#include "pagemap/process.h"

/* Bits of /proc/kpageflags. */
enum {
	KPF_LRU = 1 << 5, KPF_ANON = 1 << 12, KPF_HEAD = 1 << 15, KPF_TAIL = 1 << 16, KPF_HUGETLB = 1 << 17,
	KPF_NOPAGE = 1 << 20, KPF_ZERO = 1 << 24, KPF_IDLE = 1 << 25,
};

struct page {
	uint64_t pfn, head;	/* the first page of what it is a part of; itself, if of nothing */
	uint64_t flags;		/* the head's: the accessed state of a compound page is there alone */
	uint32_t at;		/* its place in the chunk */
	uint8_t compound, exclusive, file, idle, unread;
};

static int kpageflags = -1;

enum { FLAGS_GAP = 16, FLAGS_MOST = 4096, ORDER_MOST = 18 };

static uint64_t flags_of(uint64_t pfn)
{
	uint64_t flags;

	return pread(kpageflags, &flags, 8, pfn * 8) == 8 ? flags : KPF_NOPAGE;
}

/* A compound page begins at a multiple of its size; the smallest such place at
 * which one begins is the head, since all between it and the page are tails. */
static void find_head(struct page *page)
{
	for (int order = 1; order <= ORDER_MOST; order++) {
		uint64_t head = page->pfn >> order << order;
		uint64_t flags = flags_of(head);
		if (flags & KPF_HEAD) {
			page->head = head;
			page->flags = flags;
			return;
		}
	}
	page->flags = KPF_NOPAGE;	/* it was taken apart meanwhile */
}

static void take_flags(struct page *page, uint64_t flags, const struct page *before)
{
	page->head = page->pfn;
	page->flags = flags;
	page->compound = !!(flags & (KPF_HEAD | KPF_TAIL));
	if (!(flags & KPF_TAIL))
		return;
	if (before && before->compound && before->pfn + 1 == page->pfn) {
		page->head = before->head;
		page->flags = before->flags;
		return;
	}
	find_head(page);
}

/* Fills in head and flags; pages in ascending order. Neighbours are read together. */
static void read_flags(struct page *pages, size_t count)
{
	static uint64_t flags[FLAGS_MOST];

	for (size_t first = 0, last; first < count; first = last) {
		for (last = first + 1; last < count; last++)
			if (pages[last].pfn - pages[last - 1].pfn > FLAGS_GAP
			    || pages[last].pfn - pages[first].pfn >= FLAGS_MOST)
				break;
		size_t span = pages[last - 1].pfn - pages[first].pfn + 1;
		ssize_t got = pread(kpageflags, flags, span * 8, pages[first].pfn * 8);
		for (size_t i = first; i < last; i++) {
			size_t at = pages[i].pfn - pages[first].pfn;
			take_flags(&pages[i], (ssize_t)(at * 8) < got ? flags[at] : KPF_NOPAGE,
				   i ? &pages[i - 1] : NULL);
		}
	}
}

static int by_pfn(const void *a, const void *b)
{
	uint64_t left = ((const struct page *)a)->pfn, right = ((const struct page *)b)->pfn;

	return left < right ? -1 : left > right;
}

/* The present pages among some entries of pagemap, ascending by PFN, with their flags. */
static size_t pages_of(const uint64_t *entries, size_t count, struct page *pages)
{
	size_t found = 0;
	int sorted = 1;

	for (size_t i = 0; i < count; i++) {
		if (!ENTRY_PRESENT(entries[i]) || ENTRY_SWAPPED(entries[i]))
			continue;
		if (!ENTRY_PFN(entries[i]))
			die(PREREQUISITE, "pagemap hides page numbers: CAP_SYS_ADMIN");
		pages[found] = (struct page){
			.pfn = ENTRY_PFN(entries[i]), .at = i,
			.exclusive = ENTRY_EXCLUSIVE(entries[i]), .file = ENTRY_FILE(entries[i]),
		};
		sorted &= !found || pages[found - 1].pfn < pages[found].pfn;
		found++;
	}
	if (!sorted)
		qsort(pages, found, sizeof *pages, by_pfn);
	read_flags(pages, found);
	return found;
}

/* Memory of a device and the zero page are mapped, but are no memory of the process. */
static int is_memory(const struct page *page)
{
	return !(page->flags & (KPF_NOPAGE | KPF_ZERO)) && (page->file || page->flags & (KPF_ANON | KPF_HUGETLB));
}

/* The kernel tracks pages that reclaim could find: those on a list of pages by their use. */
static int is_trackable(const struct page *page)
{
	return page->flags & KPF_LRU && !(page->flags & KPF_HUGETLB);
}

#endif
