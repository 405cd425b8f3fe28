/* wssdirty.c - what a process writes, by the kernel's soft-dirty marks in its page tables.
 *
 *   wssdirty PID
 *   wssdirty -t    only tries whether this kernel can do it, on itself
 *
 * stdin, a byte each: "m" takes all marks of PID away, a window begins; "r" reads
 * which are there again; "q" or the end of it ends; newlines are ignored. By hand:
 *   (echo m; sleep 1; echo r) | build/wssdirty PID
 *
 * stdout, a JSON object a line; *Ns are CLOCK_MONOTONIC, sizes bytes:
 *   mark     beginNs, endNs: PID waits for its memory meanwhile
 *   mapping  start, end, written, huge (of it, in huge pages, which are marked whole;
 *            null where the kernel does not tell), anon (of it, of no file)
 *   read     beginNs, endNs, written, anon, exact
 *   gone     instead of either: there is no such process any more
 * Before a read line come its mapping lines, of those that were written.
 *
 * exact: the marks are those of the pages. Else (before Linux 6.7, where PAGEMAP_SCAN
 * is not there) in a mapping that is new or has grown since, "sd" in VmFlags of
 * smaps, all pages count as written.
 *
 * Needs CONFIG_MEM_SOFT_DIRTY. There is one set of marks for everybody who uses them
 * (CRIU). Exit: 0; 1; 2 usage; 3 the kernel or the privilege lacks.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <sys/mman.h>
#include "pagemap/process.h"
#include "pagemap/serve.h"

struct sums { uint64_t written, huge, anon; };

static struct process self;
static int scans = 1, exact;	/* PAGEMAP_SCAN is there; and tells the marks of pages alone */

/* Takes the marks away, and flushes the TLB: 0, or the error. */
static int clear_marks(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/clear_refs", pid);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int error = fd < 0 || write(fd, "4", 1) != 1 ? errno : 0;
	if (fd >= 0)
		close(fd);
	return error;
}

static void add_region(const struct pm_region *region, void *context)
{
	struct sums *sums = context;
	uint64_t size = region->end - region->start;

	sums->written += size;
	if (region->categories & PM_HUGE)
		sums->huge += size;
	if (!(region->categories & PM_FILE))
		sums->anon += size;
}

static void add_entries(uint64_t start, const uint64_t *entries, size_t count, void *context)
{
	struct sums *sums = context;

	(void)start;
	for (size_t i = 0; i < count; i++) {
		if (!ENTRY_DIRTY(entries[i]) || !(ENTRY_PRESENT(entries[i]) || ENTRY_SWAPPED(entries[i])))
			continue;
		sums->written += PAGE;
		if (!ENTRY_FILE(entries[i]))
			sums->anon += PAGE;
	}
}

/* Nothing was ever written to the zero page. */
static const struct pm_scan written_query = {
	.all = PM_SOFT_DIRTY | PM_ZERO, .inverted = PM_ZERO, .any = PM_PRESENT | PM_SWAPPED,
	.returned = PM_HUGE | PM_FILE,
};

static struct sums written_in(const struct process *process, uint64_t start, uint64_t end)
{
	struct sums sums = { 0 };

	if (scans) {
		int error = pagemap_scan(process->pagemap, written_query, start, end, add_region, &sums);
		scans = error != ENOTTY && error != EINVAL;
	}
	if (!scans)
		each_page(process, start, end, add_entries, &sums);
	return sums;
}

static int mark(pid_t pid)
{
	int64_t begin = now_ns();
	int error = clear_marks(pid);

	if (error == ENOENT || error == ESRCH)
		return 0;
	if (error)
		die(PREREQUISITE, "cannot clear the marks of process %d: %s", pid, strerror(error));
	printf("{\"type\":\"mark\",\"beginNs\":%ld,\"endNs\":%ld}\n", begin, now_ns());
	return 1;
}

static void print_mapping(uint64_t start, uint64_t end, const struct sums *sums)
{
	char huge[24] = "null";

	if (scans)
		snprintf(huge, sizeof huge, "%lu", sums->huge);
	printf("{\"type\":\"mapping\",\"start\":\"0x%lx\",\"end\":\"0x%lx\",\"written\":%lu,\"huge\":%s,\"anon\":%lu}\n",
	       start, end, sums->written, huge, sums->anon);
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
		struct sums sums = written_in(&process, start, end);
		all.written += sums.written;
		all.anon += sums.anon;
		if (sums.written)
			print_mapping(start, end, &sums);
	}
	process_close(&process);
	if (mappings)
		printf("{\"type\":\"read\",\"beginNs\":%ld,\"endNs\":%ld,\"written\":%lu,\"anon\":%lu,\"exact\":%s}\n",
		       begin, now_ns(), all.written, all.anon, exact ? "true" : "false");
	return mappings;
}

/* A new mapping whose page was only read: is that told from one that was written? */
static int tells_pages(void)
{
	volatile char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t at = (uintptr_t)page;

	if (page == MAP_FAILED)
		die(FAILED, "cannot map a page: %s", strerror(errno));
	(void)*page;
	struct sums sums = written_in(&self, at, at + PAGE);
	munmap((void *)page, PAGE);
	return scans && !sums.written;
}

/* Two pages of our own, one of them written after the marks were taken away. */
static int tells_writes(void)
{
	char *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	uint64_t at = (uintptr_t)pages;

	if (pages == MAP_FAILED || clear_marks(getpid()))
		die(PREREQUISITE, "cannot write '/proc/self/clear_refs' (CONFIG_PROC_PAGE_MONITOR): %s",
		    strerror(errno));
	*(volatile char *)pages = 1;
	return written_in(&self, at, at + 2 * PAGE).written == PAGE;
}

static void look_at_kernel(void)
{
	if (!process_open(&self, getpid()))
		die(PREREQUISITE, "cannot open '/proc/self/pagemap' (CONFIG_PROC_PAGE_MONITOR)");
	exact = tells_pages();
}

static int trial(void)
{
	if (!tells_writes())
		die(PREREQUISITE, "the kernel has no soft-dirty marks (CONFIG_MEM_SOFT_DIRTY)");
	return 0;
}

int main(int argc, char **argv)
{
	static const struct marker marker = { "wssdirty", look_at_kernel, trial, mark, read_marks };

	return serve(&marker, argc, argv);
}
