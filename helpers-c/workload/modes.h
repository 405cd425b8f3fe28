/* modes.h - what each mode of walks maps, and how its section goes through it. */
#ifndef MODES_H
#define MODES_H

#include "regions.h"
#include "twin.h"

/* fork in the section: how many pages of its own (stack, data) the parent copies at most. */
enum { FORK_PAGES = 64 };

static struct twin twin;

static void map_order(struct walk *walk, struct order order)
{
	walk->order = order;
	walk->distinct = walk->minor = distinct_pages(order, walk->n);
	walk->length = walk->n * walk->stride;
	walk->pages = reserve(walk->length, PROT_READ | PROT_WRITE);
}

static void map_upward(struct walk *walk) { map_order(walk, order_of(walk->n)); }
static void map_downward(struct walk *walk) { map_order(walk, backward(order_of(walk->n))); }
static void map_shuffled(struct walk *walk) { map_order(walk, shuffle(order_of(walk->n))); }
static void map_zipf(struct walk *walk) { map_order(walk, zipf(walk->n, 4 * walk->n)); }

static void map_turns(struct walk *walk)
{
	map_order(walk, in_turns(order_of(walk->n), 2, 0));
	walk->streams = 2;
}

static void map_comb(struct walk *walk)
{
	map_order(walk, in_turns(order_of(walk->n), 2, 1));
	walk->streams = 2;
}

static void map_links(struct walk *walk)
{
	map_shuffled(walk);
	munmap(walk->pages, walk->length * page_size());
	link_pages(walk);
}

static void map_parts(struct walk *walk)
{
	walk->n -= walk->n % walk->threads;
	map_upward(walk);
	walk->streams = walk->threads;
	start_team(walk);
}

/* Under the limit all but the region stays in memory, so that all the section's faults are the region's. */
static void map_passes(struct walk *walk)
{
	if (walk->in_cgroup) {
		munmap(walk->pages, walk->length * page_size());
		if (mlockall(MCL_CURRENT))
			die(FAILED, "cannot lock this program into memory: %s", strerror(errno));
		walk->pages = reserve(walk->length, PROT_READ | PROT_WRITE);
	}
	walk->refaults = walk->distinct * (walk->passes - 1);
	walk->minor = walk->in_cgroup ? -1 : (long)(walk->distinct * walk->passes);
}

static void map_thrash(struct walk *walk) { map_upward(walk); map_passes(walk); }
static void map_thrash_random(struct walk *walk) { map_shuffled(walk); map_passes(walk); }

static void write_in_passes(struct walk *walk)
{
	for (size_t pass = 0; pass < walk->passes; pass++) {
		write_in_order(walk);
		if (!walk->in_cgroup)
			madvise(walk->pages, walk->length * page_size(), MADV_DONTNEED);
	}
}

/* fork: the write after it copies. */
static void map_twice(struct walk *walk)
{
	map_upward(walk);
	walk->minor = 2 * walk->distinct;
}

/* Whether a page that is read first is the kernel's zero page, so that its first write is another fault.
 * Where the kernel gives none (mm_forbids_zeropage() on s390, some guests), the read maps its own page. */
static int has_zero_page(void)
{
	struct rusage before, after;
	char *page = fresh_pages(1);

	read_pages(page, 1);
	getrusage(RUSAGE_SELF, &before);
	touch_pages(page, 1, 1);
	getrusage(RUSAGE_SELF, &after);
	munmap(page, page_size());
	return after.ru_minflt > before.ru_minflt;
}

static void map_zero(struct walk *walk)
{
	map_upward(walk);
	walk->minor = walk->distinct * (has_zero_page() ? 2 : 1);
}

static void write_fork_write(struct walk *walk)
{
	write_in_order(walk);
	twin = start_twin(walk->pages);
	write_in_order(walk);
	end_twin(&twin);
}

static void read_then_write(struct walk *walk)
{
	read_in_order(walk);
	write_in_order(walk);
}

/* Warm, whether it was written just now or not. How many faults it takes is the page cache's business. */
static void map_file(struct walk *walk, struct order order)
{
	char page[page_size()];

	walk->order = order;
	for (size_t i = 0; i < walk->n; i++)
		if (pread(walk->file, page, sizeof page, i * sizeof page) != (ssize_t)sizeof page)
			die(FAILED, "cannot read the file: %s", strerror(errno));
	walk->length = walk->n;
	walk->pages = map_shared(walk->file, walk->n, PROT_READ);
	walk->minor = -1;
}

static void map_file_upward(struct walk *walk) { map_file(walk, order_of(walk->n)); }
static void map_file_shuffled(struct walk *walk) { map_file(walk, shuffle(order_of(walk->n))); }

static void map_memfd(struct walk *walk)
{
	map_upward(walk);
	munmap(walk->pages, walk->length * page_size());
	int fd = memory_file(walk->n);
	walk->pages = map_shared(fd, walk->n, PROT_READ | PROT_WRITE);
	close(fd);
}

static void write_half(struct walk *walk, size_t half)
{
	size_t middle = walk->n / 2;

	touch_pages(at(walk, half * middle), half ? walk->n - middle : middle, 1);
}

static void write_move_write(struct walk *walk)
{
	size_t length = walk->n * page_size();
	char *elsewhere = reserve(walk->n, PROT_NONE);

	write_half(walk, 0);
	walk->old = walk->pages;
	walk->pages = mremap(walk->old, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, elsewhere);
	if (walk->pages != elsewhere)
		die(FAILED, "cannot move the mapping: %s", strerror(errno));
	write_half(walk, 1);
}

static void write_vanish_write(struct walk *walk)
{
	size_t length = walk->n * page_size();

	write_half(walk, 0);
	walk->old = walk->pages;
	munmap(walk->old, length);
	walk->pages = mmap(walk->old, length, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (walk->pages != walk->old)
		die(FAILED, "cannot map there again: %s", strerror(errno));
	touch_pages(walk->pages, walk->n - walk->n / 2, 1);
	walk->distinct = walk->n;
}

static void map_code(struct walk *walk)
{
	map_upward(walk);
	if (mprotect(walk->pages, walk->length * page_size(), PROT_READ | PROT_WRITE | PROT_EXEC))
		die(FAILED, "cannot make memory executable: %s", strerror(errno));
}

static void write_and_call(struct walk *walk)
{
#if defined(__x86_64__)
	static const unsigned char code[] = { 0xc3 };			/* ret */
#elif defined(__aarch64__)
	static const unsigned char code[] = { 0xc0, 0x03, 0x5f, 0xd6 };	/* ret */
#else
	static const unsigned char code[] = { 0 };
	die(FAILED, "jit: no code for this architecture");
#endif
	for (size_t i = 0; i < walk->n; i++) {
		memcpy(at(walk, i), code, sizeof code);
		__builtin___clear_cache(at(walk, i), at(walk, i) + sizeof code);
		((void (*)(void))at(walk, i))();
	}
}

static void map_sparse(struct walk *walk)
{
	walk->stride = 5003;
	map_shuffled(walk);
}

static void map_huge(struct walk *walk)
{
	size_t size = HUGE_PAGES * page_size();
	char *room = reserve((walk->n + 1) * HUGE_PAGES, PROT_READ | PROT_WRITE);

	walk->stride = HUGE_PAGES;
	walk->length = walk->n * HUGE_PAGES;
	walk->order = order_of(walk->n);
	walk->distinct = walk->minor = walk->n;
	walk->pages = (char *)(((uintptr_t)room + size - 1) & -size);
	madvise(walk->pages, walk->n * size, MADV_HUGEPAGE);
}

static void write_all(struct walk *walk) { touch_pages(walk->pages, walk->length, 1); }

struct mode {
	const char *name, *pattern, *order;
	void (*prepare)(struct walk *), (*section)(struct walk *);
};

static const struct mode modes[] = {
	{ "seq", "sequential", "sequential", map_upward, write_in_order },
	{ "reverse", "reverse", "reverse", map_downward, write_in_order },
	{ "stride", "strided", "strided", map_upward, write_in_order },
	{ "random", "random", "random", map_shuffled, write_in_order },
	{ "zipf", "random", "random", map_zipf, write_in_order },
	{ "chase", "random", "random", map_links, follow_links },
	{ "interleaved", "sequential", "sequential", map_turns, write_in_order },
	{ "fill", "sequential", "sequential", map_comb, write_in_order },
	{ "threads", "sequential", "sequential", map_parts, let_team_walk },
	{ "thrash", "thrashing", "sequential", map_thrash, write_in_passes },
	{ "thrash-random", "thrashing", "random", map_thrash_random, write_in_passes },
	{ "stack", "reverse", "reverse", find_stack, grow_stack },
	{ "cow", "sequential", "sequential", map_twice, write_fork_write },
	{ "zero", "sequential", "sequential", map_zero, read_then_write },
	{ "file-seq", "sequential", "sequential", map_file_upward, read_in_order },
	{ "file-random", "random", "random", map_file_shuffled, read_in_order },
	{ "memfd", "sequential", "sequential", map_memfd, write_in_order },
	{ "mremap", "sequential", "sequential", map_upward, write_move_write },
	{ "vanish", "sequential", "sequential", map_upward, write_vanish_write },
	{ "jit", "sequential", "sequential", map_code, write_and_call },
	{ "sparse", "sparse", "sparse", map_sparse, write_in_order },
	{ "thp", "sequential", "sequential", map_huge, write_all },
};

static const struct mode *find_mode(const char *name)
{
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
		if (!strcmp(modes[i].name, name))
			return &modes[i];
	die(USAGE, "no such mode: '%s'", name);
}

#endif
