/* walks.c - programs that know in which pattern they fault.
 *
 *   walks [-w] [-g CGROUP_DIR] [-s STRIDE] [-t THREADS] [-p PASSES] [-f FILE] MODE N
 *
 *   seq, reverse, random     N fresh pages upward, downward, in no order
 *   stride                   N pages, one in STRIDE (2 to 4096, default 7)
 *   zipf                     4N draws from N pages, few of them often: a page faults once
 *   chase                    a ring of pointers over N pages
 *   interleaved, fill        two walks in turns over a half each; over every second page each
 *   threads                  THREADS (1 to 64, default 4) walk a part each
 *   thrash, thrash-random    PASSES (default 3) over N pages, given back after each
 *                            (-g: left to the cgroup's limit and to swap)
 *   stack                    N pages of stack downward
 *   cow                      N pages written, fork, written again
 *   zero                     N pages read (the zero page), then written
 *   file-seq, file-random    reads of FILE's first N pages; it is written where it is missing
 *   memfd                    N pages of a memfd
 *   mremap                   N pages, moved after half of them
 *   vanish                   N pages, half of them; unmapped, and another mapping there
 *   jit                      N pages of code written and executed, anonymous and rwx
 *   sparse                   N pages of 5003 N in no order
 *   thp                      N huge pages of 2 MiB
 *
 *   -w  idle before and after the section, see section.h
 *   -g  move into this memory cgroup (v1 or v2) before anything is allocated
 *
 * Output, one JSON line: mode, pattern and order (of the region's faults), stride
 * (pages; null where there is none), streams (walks at once), pages (that fault),
 * refaults, minor, major (of the region), mapped (pages a fault maps), start, end
 * (of the region), old (null, or where it began before), before, after (section.h).
 *
 * Exit: 0; 1 if the kernel counted other faults than these, or lacks what the mode
 * needs; 2 usage.
 */
#define _GNU_SOURCE
#include <sys/prctl.h>
#include "regions.h"
#include "pageout.h"
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

static void map_passes(struct walk *walk)
{
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

/* The region ends 16 pages below this frame, room for what else the section calls;
 * that of the section lies below that of the rehearsal. */
static void find_stack(struct walk *walk)
{
	static char *end;

	walk->distinct = walk->minor = walk->length = walk->n;
	if (!end) {
		end = (char *)((uintptr_t)__builtin_frame_address(0) & -page_size());
		for (size_t i = 0; i < 16; i++)
			*(volatile char *)(end -= page_size()) = 1;
	}
	walk->pages = end -= walk->n * page_size();
}

static __attribute__((noinline)) void grow_stack(struct walk *walk)
{
	char *here = __builtin_frame_address(0);
	volatile char *room = alloca(here - walk->pages);

	for (size_t i = walk->n; i-- > 0; )
		*(volatile char *)at(walk, i) = 1;
	(void)room;
}

static void map_twice(struct walk *walk)
{
	map_upward(walk);
	walk->minor = 2 * walk->distinct;
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
	{ "zero", "sequential", "sequential", map_twice, read_then_write },
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

static int is(const struct mode *mode, const char *name) { return !strcmp(mode->name, name); }

static void run(const struct mode *mode, struct walk *walk, struct section *section)
{
	walk->streams = 1;
	mode->prepare(walk);
	section_begin(section, 0);
	mode->section(walk);
	section_end(section);
	if (mode->prepare == map_parts)
		end_team(walk);
}

/* Of a region whose faults only the kernel knows, all are this process's. */
static void count_faults(struct walk *walk, struct faults took)
{
	size_t faults = took.minor + took.major;

	if (walk->distinct == 0)
		walk->distinct = faults;	/* a file: each fault was on another page */
	else
		walk->refaults = faults - walk->distinct;
}

static void print_walk(const struct mode *mode, const struct walk *walk, const struct section *section)
{
	struct faults took = section_faults(section);
	char stride[16] = "null", old[32] = "null";

	if (is(mode, "stride"))
		snprintf(stride, sizeof stride, "%zu", walk->stride);
	if (walk->old)
		snprintf(old, sizeof old, "\"%p\"", (void *)walk->old);
	printf("{\"mode\":\"%s\",\"pattern\":\"%s\",\"order\":\"%s\",\"stride\":%s,\"streams\":%zu,"
	       "\"pages\":%zu,\"refaults\":%zu,\"minor\":%ld,\"major\":%ld,\"mapped\":%d,"
	       "\"start\":\"%p\",\"end\":\"%p\",\"old\":%s,",
	       mode->name, mode->pattern, mode->order, stride, walk->streams, walk->distinct, walk->refaults,
	       walk->minor < 0 ? took.minor : walk->minor, walk->minor < 0 ? took.major : 0,
	       is(mode, "thp") ? HUGE_PAGES : 1,
	       (void *)walk->pages, (void *)at(walk, walk->length), old);
	print_edges(section);
	puts("}");
	fflush(stdout);
}

static void check_faults(const struct mode *mode, const struct walk *walk, struct faults took)
{
	long spare = is(mode, "cow") ? FORK_PAGES : 0;

	if (walk->minor < 0)
		return;
	if (took.minor < walk->minor || took.minor > walk->minor + spare || took.major)
		die(FAILED, "%s: the kernel counted %ld minor and %ld major faults, expected %ld and 0",
		    mode->name, took.minor, took.major, walk->minor);
}

int main(int argc, char **argv)
{
	static struct section section;
	struct walk asked = { .stride = 1, .threads = 4, .passes = 3, .file = -1 };
	const char *path = NULL;
	size_t stride = 7;
	int option;

	while ((option = getopt(argc, argv, "+wg:s:t:p:f:")) != -1) {
		if (option == 'w')
			section.wait = 1;
		else if (option == 'g')
			join_cgroup(optarg), asked.in_cgroup = 1;
		else if (option == 's')
			stride = parse_number("STRIDE", optarg, 2, 4096);
		else if (option == 't')
			asked.threads = parse_number("THREADS", optarg, 1, 64);
		else if (option == 'p')
			asked.passes = parse_number("PASSES", optarg, 2, 1000);
		else if (option == 'f')
			path = optarg;
		else
			return USAGE;
	}
	if (argc - optind != 2)
		die(USAGE, "usage: walks [-w] [-g CGROUP_DIR] [-s STRIDE] [-t THREADS] [-p PASSES] [-f FILE] MODE N");
	const struct mode *mode = find_mode(argv[optind]);
	asked.n = parse_number("N", argv[optind + 1], is(mode, "thp") ? 1 : 64, 1L << 24);
	if (is(mode, "stride"))
		asked.stride = stride;
	if (mode->section == read_in_order) {
		if (!path)
			die(USAGE, "%s needs -f FILE", mode->name);
		asked.file = open_file(path, asked.n);
	}
	if (!is(mode, "thp"))
		prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);

	/* The rehearsal, over a few pages, brings in every page of code. */
	struct walk rehearsal = asked, walk = asked;
	rehearsal.n = 64;
	rehearsal.passes = 2;
	if (is(mode, "thp"))
		rehearsal.n = 1;
	run(mode, &rehearsal, &(struct section){ 0 });
	run(mode, &walk, &section);
	if (walk.minor < 0)
		count_faults(&walk, section_faults(&section));
	print_walk(mode, &walk, &section);
	check_faults(mode, &walk, section_faults(&section));
	return 0;
}
