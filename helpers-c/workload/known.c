/* known.c - a workload that knows how many faults it takes, and of which kind.
 *
 *   known [-w] [-g CGROUP_DIR] MODE N
 *   known [-w] cold FILE N
 *
 *   touch N      first touches of anonymous pages                 N minor
 *   read N       read(2) into fresh pages (in kernel mode)        N minor
 *   cow N        writes to pages shared with a sleeping child     N minor
 *   cow-child N  the child writes them    0, and N minor in the child
 *   populate N   MAP_POPULATE                                     N untraced
 *   mlock N      mlock of fresh pages                             N untraced
 *   vmwritev N   process_vm_writev into own fresh pages           N untraced
 *   cold FILE N  reads of a file that is not in the page cache    N major
 *   swap N       touches of anonymous pages that were paged out   N major
 *   segv N       handled SIGSEGV                                  N failed
 *   sigbus N     handled SIGBUS, beyond the end of a file         N failed
 *
 *   -w  idle before and after the section, see section.h
 *   -g  move into this memory cgroup (v1 or v2) before anything is allocated
 *
 * untraced: faults that the kernel takes for the process in get_user_pages:
 * counted in /proc, but no event fires (mm/memory.c, mm_account_fault).
 *
 * Output, one JSON line: mode, pages, minor, major, failed, untraced (the
 * section's), before, after (this process's counters at its edges, from
 * getrusage: after - before = minor + untraced, major), child (null, or the
 * child's {minor, major} in the section).
 *
 * Exit: 0; 1 if the kernel did not count what was expected, or has not what
 * the mode needs; 2 usage.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include "section.h"
#include "pages.h"
#include "pageout.h"
#include "twin.h"

static char *pages, *source;
static int file = -1;
static size_t stride = 1;	/* swap: distance of the touches in pages */
static struct twin twin;	/* shares `pages`; pid 0 where there is none */
static struct faults child_faults;
static volatile size_t caught;
static sigjmp_buf skip;

static void map_fresh(size_t n) { pages = fresh_pages(n); }
static void unmap(size_t n) { munmap(pages, n * stride * page_size()); }
static void nothing(size_t n) { (void)n; }

static void touch(size_t n) { touch_pages(pages, n, stride); }

static void populate(size_t n)
{
	pages = mmap(NULL, n * page_size(), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
}

static void lock(size_t n)
{
	if (mlock(pages, n * page_size()))
		die(FAILED, "cannot mlock %zu pages: %s", n, strerror(errno));
}

static void map_two(size_t n)
{
	map_fresh(n);
	source = fresh_pages(n);
	touch_pages(source, n, 1);
}

static void unmap_two(size_t n)
{
	unmap(n);
	munmap(source, n * page_size());
}

static void vmwritev(size_t n)
{
	size_t length = n * page_size();
	struct iovec from = { source, length }, to = { pages, length };

	if (process_vm_writev(getpid(), &from, 1, &to, 1, 0) != (ssize_t)length)
		die(FAILED, "cannot process_vm_writev: %s", strerror(errno));
}

static void open_zero(size_t n)
{
	map_fresh(n);
	file = open("/dev/zero", O_RDONLY | O_CLOEXEC);
}

static void close_zero(size_t n)
{
	unmap(n);
	close(file);
}

static void read_zeros(size_t n)
{
	for (size_t done = 0, length = n * page_size(); done < length; ) {
		ssize_t got = read(file, pages + done, length - done);
		if (got <= 0)
			die(FAILED, "cannot read /dev/zero: %s", strerror(errno));
		done += got;
	}
}

static void share(size_t n)
{
	map_fresh(n);
	touch(n);
	twin = start_twin(pages);
}

static void let_child_write(size_t n) { child_faults = twin_writes(&twin, n); }

static void unshare_pages(size_t n)
{
	end_twin(&twin);
	unmap(n);
}

static void map_file(size_t n)
{
	pages = map_cold(file, n);
	if (!pages)
		die(FAILED, "the file's pages stay in the page cache: does its file system lie in memory?");
}

static void read_file(size_t n) { read_pages(pages, n); }

static void page_out(size_t n)
{
	stride = pageout_stride();
	pages = fresh_pages(n * stride);
	pageout(pages, n * stride);
}

static void on_fault(int number)
{
	(void)number;
	caught++;
	siglongjmp(skip, 1);
}

static void catch_faults(void)
{
	struct sigaction action = { .sa_handler = on_fault };

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	caught = 0;
}

static void map_forbidden(size_t n)
{
	catch_faults();
	map_fresh(n);
	mprotect(pages, n * page_size(), PROT_NONE);
}

static void map_beyond_end(size_t n)
{
	catch_faults();
	file = memfd_create("empty", MFD_CLOEXEC);
	pages = mmap(NULL, n * page_size(), PROT_READ, MAP_SHARED, file, 0);
	if (pages == MAP_FAILED)
		die(FAILED, "cannot map an empty file: %s", strerror(errno));
	close(file);
}

static void fail(size_t n)
{
	static volatile size_t i;	/* survives the jump */

	for (i = 0; i < n; i++)
		if (!sigsetjmp(skip, 1))
			read_pages(pages + i * page_size(), 1);
}

struct mode {
	const char *name;
	void (*prepare)(size_t n), (*section)(size_t n), (*clean)(size_t n);
	int minor, major, failed, untraced, in_child;	/* expected per page */
};

static const struct mode modes[] = {
	{ "touch", map_fresh, touch, unmap, .minor = 1 },
	{ "read", open_zero, read_zeros, close_zero, .minor = 1 },
	{ "cow", share, touch, unshare_pages, .minor = 1 },
	{ "cow-child", share, let_child_write, unshare_pages, .in_child = 1 },
	{ "populate", nothing, populate, unmap, .untraced = 1 },
	{ "mlock", map_fresh, lock, unmap, .untraced = 1 },
	{ "vmwritev", map_two, vmwritev, unmap_two, .untraced = 1 },
	{ "cold", map_file, read_file, unmap, .major = 1 },
	{ "swap", page_out, touch, unmap, .major = 1 },
	{ "segv", map_forbidden, fail, unmap, .failed = 1 },
	{ "sigbus", map_beyond_end, fail, unmap, .failed = 1 },
};

static const struct mode *find_mode(const char *name)
{
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
		if (!strcmp(modes[i].name, name))
			return &modes[i];
	die(USAGE, "no such mode: '%s'", name);
}

static void print_books(const struct mode *mode, long n, const struct section *section)
{
	printf("{\"mode\":\"%s\",\"pages\":%ld,\"minor\":%ld,\"major\":%ld,\"failed\":%ld,\"untraced\":%ld,",
	       mode->name, n, n * mode->minor, n * mode->major, n * mode->failed, n * mode->untraced);
	print_edges(section);
	if (mode->in_child)
		printf(",\"child\":{\"minor\":%ld,\"major\":%ld}}\n", child_faults.minor, child_faults.major);
	else
		printf(",\"child\":null}\n");
	fflush(stdout);
}

static void check_books(const struct mode *mode, long n, const struct section *section)
{
	struct faults took = section_faults(section);
	long minor = n * (mode->minor + mode->untraced), major = n * mode->major;

	if (took.minor != minor || took.major != major)
		die(FAILED, "%s: the kernel counted %ld minor and %ld major faults, expected %ld and %ld",
		    mode->name, took.minor, took.major, minor, major);
	if (mode->in_child && (child_faults.minor != n || child_faults.major))
		die(FAILED, "%s: the child took %ld minor and %ld major faults, expected %ld and 0",
		    mode->name, child_faults.minor, child_faults.major, n);
	if (mode->failed && caught != (size_t)n)
		die(FAILED, "%s: caught %zu signals, expected %ld", mode->name, caught, n);
}

int main(int argc, char **argv)
{
	static struct section section;
	int option;

	while ((option = getopt(argc, argv, "+wg:")) != -1) {
		if (option == 'w')
			section.wait = 1;
		else if (option == 'g')
			join_cgroup(optarg);
		else
			return USAGE;
	}
	argv += optind, argc -= optind;
	const struct mode *mode = find_mode(argc ? argv[0] : "");
	int is_file = mode->prepare == map_file;
	if (argc != 2 + is_file)
		die(USAGE, "usage: known [-w] [-g CGROUP_DIR] MODE [FILE] N");
	long n = parse_number("N", argv[1 + is_file], 1, 1L << 30);
	if (is_file)
		file = open_file(argv[1], n < 2 ? 2 : n);

	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);	/* MAP_POPULATE comes before any madvise */
	/* The rehearsal, over two pages, brings in every page of code. */
	mode->prepare(2);
	section_begin(&(struct section){ 0 }, 0);
	mode->section(2);
	mode->clean(2);

	mode->prepare(n);
	section_begin(&section, twin.pid);
	mode->section(n);
	section_end(&section);
	mode->clean(n);
	print_books(mode, n, &section);
	check_books(mode, n, &section);
	return 0;
}
