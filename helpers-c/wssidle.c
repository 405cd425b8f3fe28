/* wssidle.c - what a process touches, by the kernel's idle marks on its pages.
 *
 *   wssidle PID
 *   wssidle -t     only tries whether this kernel can do it, on itself
 *
 * stdin, a byte each: "m" marks all pages of PID idle, a window begins; "r" reads
 * which are so no more; "q" or the end of it ends; newlines are ignored. By hand:
 *   (echo m; sleep 1; echo r) | build/wssidle PID
 *
 * stdout, a JSON object a line; *Ns are CLOCK_MONOTONIC, sizes bytes:
 *   mark     beginNs, endNs, pages (marked; a compound page is one), untracked
 *   mapping  start, end, touched, low, high, anon (of touched), untracked
 *   read     beginNs, endNs, touched, low, high, anon, untracked, zero
 *   gone     instead of either: there is no such process any more
 * Before a read line come its mapping lines, of those with anything in them.
 *
 * touched: pages in memory that were touched, or came, since the mark; of a compound
 * page (huge pages are such) all that the process maps. low: of a compound page
 * 4096 bytes; and nothing that others may have touched: pages of files, and pages
 * that other processes map too. high: touched and untracked. untracked: pages that
 * have no mark, or took none: hugetlb, those in none of the kernel's lists of pages,
 * and the last of the machine's memory, of which the kernel does not tell. zero: the zero page, where memory that was never written was read; it is no
 * memory, and in nothing else.
 *
 * The kernel does not flush the TLB when it marks a page (mm/page_idle.c): whoever
 * wants short windows to be true flushes it after the mark (clear_refs, value 4).
 *
 * Needs CONFIG_IDLE_PAGE_TRACKING and CAP_SYS_ADMIN. Exit: 0; 1; 2 usage; 3 the
 * kernel or the privilege lacks.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include "pagemap/serve.h"
#include "wssidle/bitmap.h"
#include "wssidle/unknown.h"

enum { MOVE_PAGES = 1 << 1 };	/* MPOL_MF_MOVE */

struct sums { uint64_t pages, touched, low, high, anon, untracked, zero; };

/* New pages wait for a list of the kernel's in batches, on each CPU. move_pages(2)
 * has them put there, even if nothing moves; without NUMA they are untracked. */
static void drain_batches(void)
{
	static char here[PAGE] __attribute__((aligned(PAGE)));
	void *page = here;
	int node = -1, status;

	here[0] = 1;
	if (syscall(SYS_move_pages, 0, 1UL, &page, NULL, &node, 0) == 0 && node >= 0)
		syscall(SYS_move_pages, 0, 1UL, &page, &node, &status, MOVE_PAGES);
}

static void mark_chunk(uint64_t start, const uint64_t *entries, size_t count, void *context)
{
	static struct page pages[CHUNK], marked[CHUNK];
	static uint8_t stuck[CHUNK], mine[CHUNK];
	struct sums *sums = context;
	size_t found = pages_of(entries, count, pages), heads = 0;

	memset(stuck, 0, count);
	memset(mine, 0, count);
	for (size_t i = 0; i < found; i++)
		if (is_memory(&pages[i]) && is_trackable(&pages[i]))
			if (!heads || marked[heads - 1].head != pages[i].head)
				marked[heads++] = (struct page){ .pfn = pages[i].head, .head = pages[i].head };
	mark_idle(marked, heads);
	sums->pages += heads;
	read_flags(marked, heads);	/* did it take? */
	for (size_t i = 0, head = 0; i < found; i++) {
		if (!is_memory(&pages[i]))
			continue;
		mine[pages[i].at] = 1;
		while (head < heads && marked[head].pfn < pages[i].head)
			head++;
		stuck[pages[i].at] = head < heads && marked[head].pfn == pages[i].head
			&& marked[head].flags & KPF_IDLE;
	}
	for (size_t i = 0; i < count; i++) {
		if (!mine[i] || stuck[i])
			continue;
		sums->untracked += PAGE;
		ranges_add(&unknown, start + i * PAGE, start + (i + 1) * PAGE);
	}
}

/* A compound page counts once in `low`, where its head is mapped. */
static void add_touched(struct sums *sums, const struct page *page, int own)
{
	sums->touched += PAGE;
	sums->high += PAGE;
	if (!page->file)
		sums->anon += PAGE;
	if (own && (!page->compound || page->pfn == page->head))
		sums->low += PAGE;
}

/* No other process maps any part of it, as far as this chunk shows. */
static int is_own(const struct page *pages, size_t found, size_t at)
{
	for (size_t i = at; i < found && pages[i].head == pages[at].head; i++)
		if (!pages[i].exclusive || pages[i].file)
			return 0;
	return 1;
}

static void read_chunk(uint64_t start, const uint64_t *entries, size_t count, void *context)
{
	static struct page pages[CHUNK];
	struct sums *sums = context;
	size_t found = pages_of(entries, count, pages);

	read_idle(pages, found);
	for (size_t i = 0, own = 0; i < found; i++) {
		const struct page *page = &pages[i];
		if (!i || page->head != pages[i - 1].head)
			own = is_own(pages, found, i);
		if (page->flags & KPF_ZERO)
			sums->zero += PAGE;
		if (!is_memory(page) || page->idle)
			continue;
		/* marked, but in no list just now: nobody has looked whether it was touched */
		int hidden = !(page->flags & KPF_LRU) && page->flags & KPF_IDLE;
		if (page->unread || page->flags & KPF_HUGETLB || hidden || is_unknown(start + page->at * (uint64_t)PAGE)) {
			sums->untracked += PAGE;
			sums->high += PAGE;
		} else {
			add_touched(sums, page, own);
		}
	}
}

static int mark(pid_t pid)
{
	struct sums sums = { 0 };
	struct process process;
	uint64_t start, end;
	int64_t begin = now_ns();
	int mappings = 0;

	drain_batches();
	unknown.count = 0;
	if (!process_open(&process, pid))
		return 0;
	for (; next_mapping(&process, &start, &end); mappings++)
		each_page(&process, start, end, mark_chunk, &sums);
	process_close(&process);
	if (mappings)
		printf("{\"type\":\"mark\",\"beginNs\":%ld,\"endNs\":%ld,\"pages\":%lu,\"untracked\":%lu}\n", begin,
		       now_ns(), sums.pages, sums.untracked);
	return mappings;
}

static void add_sums(struct sums *all, const struct sums *one)
{
	all->touched += one->touched;
	all->low += one->low;
	all->high += one->high;
	all->anon += one->anon;
	all->untracked += one->untracked;
	all->zero += one->zero;
}

static int read_marks(pid_t pid)
{
	struct sums all = { 0 };
	struct process process;
	uint64_t start, end;
	int64_t begin = now_ns();
	int mappings = 0;

	if (!process_open(&process, pid))
		return 0;
	for (; next_mapping(&process, &start, &end); mappings++) {
		struct sums sums = { 0 };
		each_page(&process, start, end, read_chunk, &sums);
		add_sums(&all, &sums);
		if (sums.high)
			printf("{\"type\":\"mapping\",\"start\":\"0x%lx\",\"end\":\"0x%lx\",\"touched\":%lu,\"low\":%lu,"
			       "\"high\":%lu,\"anon\":%lu,\"untracked\":%lu}\n", start, end, sums.touched, sums.low,
			       sums.high, sums.anon, sums.untracked);
	}
	process_close(&process);
	if (mappings)
		printf("{\"type\":\"read\",\"beginNs\":%ld,\"endNs\":%ld,\"touched\":%lu,\"low\":%lu,\"high\":%lu,"
		       "\"anon\":%lu,\"untracked\":%lu,\"zero\":%lu}\n", begin, now_ns(), all.touched, all.low,
		       all.high, all.anon, all.untracked, all.zero);
	return mappings;
}

static void open_files(void)
{
	bitmap = open(BITMAP, O_RDWR | O_CLOEXEC);
	if (bitmap < 0)
		die(PREREQUISITE, errno == ENOENT ? "the kernel has no idle marks (CONFIG_IDLE_PAGE_TRACKING)"
		    : "cannot open '" BITMAP "': %s", strerror(errno));
	kpageflags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	if (kpageflags < 0)
		die(PREREQUISITE, errno == ENOENT ? "the kernel has no /proc/kpageflags (CONFIG_PROC_PAGE_MONITOR)"
		    : "cannot open '/proc/kpageflags': %s", strerror(errno));
}

/* A page of our own takes a mark. */
static int trial(void)
{
	struct process process;
	struct sums sums = { 0 };
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	uint64_t at = (uintptr_t)page;

	if (page == MAP_FAILED || !process_open(&process, getpid()))
		die(FAILED, "cannot look at myself: %s", strerror(errno));
	drain_batches();
	each_page(&process, at, at + PAGE, mark_chunk, &sums);
	if (sums.pages != 1)
		die(PREREQUISITE, "the kernel does not track a page of our own");
	return 0;
}

int main(int argc, char **argv)
{
	static const struct marker marker = { "wssidle", open_files, trial, mark, read_marks };

	return serve(&marker, argc, argv);
}
