/* wssevict.c - the working set of a process by what comes back: its memory is paged out, and after a
 * while what is there again has been touched.
 *
 *   wssevict PID
 *   wssevict -t
 *
 *   -t   only tries whether this kernel can do it, on itself
 *
 * stdin, a byte each: "e" pages out, "r" tells what has come back since, "q" or the end of it ends;
 * newlines are ignored.
 *
 * stdout, a JSON object a line; *Ns are CLOCK_MONOTONIC, sizes bytes:
 *   ready    the process may be looked at
 *   evicted  beginNs, endNs, before (present), kept (present still)
 *   mapping  start, end, anon, file (there again), low (the least of anon + file that was touched), kept (never
 *            away: nothing is known of it); only those where there is something
 *   read     beginNs, endNs, swapsChanged (a swap was set up or taken down since the eviction, or is being so)
 *   end      reason: asked, exit
 *
 * Nothing of the process is lost or changed, but it waits for every page that it touches. A page stays
 * where it is when it is locked, mapped by another process too, or when it is anonymous and there is no swap.
 *
 * One fault may map neighbours of a file page (fault_around_bytes, large folios): of a stretch within an aligned
 * 2 MiB one page was touched for certain. Anonymous pages come back one by one, unless smaller sizes of huge
 * pages are enabled (alloc_swap_folio() in mm/memory.c).
 *
 * Source: process_madvise(2), MADV_PAGEOUT in madvise(2); Documentation/admin-guide/mm/pagemap.rst.
 *
 * Exit: 0; 1; 2 usage; 3 the kernel or the user cannot.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>
#include "clock.h"
#include "common.h"
#include "wssevict/evict.h"

enum { PIECE = 2 << 20 };

struct back { uint64_t anon, file, low, kept, last_window; };

static void take_piece(uint64_t start, uint64_t end, int stayed, void *context)
{
	struct { struct back *back; int file; } *to = context;
	struct back *back = to->back;

	if (stayed) {
		back->kept += end - start;
		return;
	}
	*(to->file ? &back->file : &back->anon) += end - start;
	if (!to->file && !target.large_anon) {
		back->low += end - start;
		return;
	}
	for (uint64_t window = start / PIECE; window <= (end - 1) / PIECE; window++) {
		if (window + 1 != back->last_window)
			back->low += PAGE;
		back->last_window = window + 1;
	}
}

static void come_back(uint64_t start, uint64_t end, uint64_t categories, void *context)
{
	struct { struct back *back; int file; } to = { context, categories & PM_FILE };

	ranges_cut(&kept, start, end, take_piece, &to);
}

static int evict_mapping(uint64_t start, uint64_t end) { return each_present(start, end, evict_run, NULL); }

static int read_mapping(uint64_t start, uint64_t end)
{
	struct back back = { 0 };

	if (!each_present(start, end, come_back, &back))
		return 0;
	if (back.anon + back.file + back.kept)
		printf("{\"type\":\"mapping\",\"start\":\"0x%lx\",\"end\":\"0x%lx\",\"anon\":%lu,\"file\":%lu,\"low\":%lu,"
		       "\"kept\":%lu}\n", start, end, back.anon, back.file, back.low, back.kept);
	return 1;
}

static char *touched_page(void)
{
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		die(FAILED, "cannot map a page: %s", strerror(errno));
	*(volatile char *)page = 1;
	return page;
}

/* New pages wait in a list of their CPU, where nobody can take them: each CPU has to give up its own
 * (lru_add_drain() in madvise_pageout(), mm/madvise.c). */
static void drain_cpus(void)
{
	char *page = touched_page();
	cpu_set_t all, one;

	sched_getaffinity(0, sizeof all, &all);
	for (int cpu = 0; cpu < sysconf(_SC_NPROCESSORS_CONF) && cpu < CPU_SETSIZE; cpu++) {
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		if (!sched_setaffinity(0, sizeof one, &one))
			madvise(page, PAGE, MADV_PAGEOUT);
	}
	sched_setaffinity(0, sizeof all, &all);
	munmap(page, PAGE);
}

/* The swaps since the eviction. An end of swapon(2) or swapoff(2) wakes who polls what they opened before
 * (swaps_poll() in mm/swapfile.c), also where another swap has the same name by now; a swapoff that has begun
 * has taken its size away already. */
static struct { int fd, changed; unsigned long total; } swaps = { .fd = -1 };

static unsigned long swap_total(void)
{
	struct sysinfo info;

	return sysinfo(&info) ? 0 : info.totalswap * info.mem_unit;
}

static void watch_swaps(void)
{
	if (swaps.fd >= 0)
		close(swaps.fd);
	swaps.fd = open("/proc/swaps", O_RDONLY | O_CLOEXEC);
	swaps.total = swap_total();
	swaps.changed = 0;
}

static int have_swaps_changed(void)
{
	struct pollfd end = { .fd = swaps.fd, .events = POLLPRI };

	if ((poll(&end, 1, 0) > 0 && end.revents & (POLLPRI | POLLERR)) || swap_total() != swaps.total)
		swaps.changed = 1;
	return swaps.changed;
}

static int page_out(void)
{
	int64_t begin = now_ns();

	watch_swaps();
	drain_cpus();
	kept.count = 0;
	before = kept_bytes = 0;
	if (!each_mapping(evict_mapping))
		return 0;
	printf("{\"type\":\"evicted\",\"beginNs\":%ld,\"endNs\":%ld,\"before\":%lu,\"kept\":%lu}\n", begin, now_ns(),
	       before, kept_bytes);
	return 1;
}

static int tell_back(void)
{
	int64_t begin = now_ns();

	if (!each_mapping(read_mapping))
		return 0;
	printf("{\"type\":\"read\",\"beginNs\":%ld,\"endNs\":%ld,\"swapsChanged\":%s}\n", begin, now_ns(),
	       have_swaps_changed() ? "true" : "false");
	return 1;
}

/* Whether a swapped page may come back with others: any size of huge pages below that of a PMD. */
static int has_small_huge_pages(void)
{
	glob_t found;
	int large = 0;

	if (glob("/sys/kernel/mm/transparent_hugepage/hugepages-*kB/enabled", 0, NULL, &found))
		return 0;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		char text[64] = "";
		unsigned kib = 0;
		FILE *file = fopen(found.gl_pathv[i], "re");
		if (file && !fgets(text, sizeof text, file))
			text[0] = 0;
		if (file)
			fclose(file);
		sscanf(strstr(found.gl_pathv[i], "hugepages-"), "hugepages-%ukB", &kib);
		large |= kib < PIECE / 1024 && !strstr(text, "[never]");
	}
	globfree(&found);
	return large;
}

static int open_of(const char *what)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/%s", target.pid, what);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die(errno == ENOENT ? FAILED : PREREQUISITE, "cannot open '%s': %s%s", path, strerror(errno), denial(errno));
	return fd;
}

static void open_target(int pid)
{
	target.pid = pid;
	target.pidfd = syscall(SYS_pidfd_open, pid, 0);
	if (target.pidfd < 0)
		die(errno == ESRCH ? FAILED : PREREQUISITE, "cannot open pid %d: %s", pid, strerror(errno));
	target.maps = open_of("maps");
	target.pagemap = open_of("pagemap");
	target.large_anon = has_small_huge_pages();
}

static int trial(void)
{
	char *page = touched_page();

	open_target(getpid());
	evict_run((uintptr_t)page, (uintptr_t)page + PAGE, 0, NULL);
	return 0;
}

int main(int argc, char **argv)
{
	const char *reason = "exit";
	char byte;

	setvbuf(stdout, NULL, _IOLBF, 1 << 16);
	if (argc == 2 && !strcmp(argv[1], "-t"))
		return trial();
	if (argc != 2)
		die(USAGE, "usage: wssevict PID");
	open_target(parse_number("PID", argv[1], 1, 1L << 22));
	printf("{\"type\":\"ready\"}\n");
	for (;;) {
		if (read(STDIN_FILENO, &byte, 1) != 1 || byte == 'q') {
			reason = "asked";
			break;
		}
		if (byte == '\n')
			continue;
		if (byte != 'e' && byte != 'r')
			die(USAGE, "stdin: 'e', 'r' or 'q', not byte %d", byte);
		if (!(byte == 'e' ? page_out() : tell_back()))
			break;
	}
	printf("{\"type\":\"end\",\"reason\":\"%s\"}\n", reason);
	return 0;
}
