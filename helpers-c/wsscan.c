/* wsscan.c - the write working set of a process: which pages it wrote, window by window.
 *
 *   inject PID wsscan [-m] [-b KIB] [-i MS [-c COUNT]] PID
 *   wsscan -t
 *
 *   -m        a line for each mapping that was written
 *   -b KIB    page tables that may be made in PID so that holes of its shared
 *             mappings can be told exactly (default 8192: 4 GiB of them)
 *   -i MS     scans by itself, every MS milliseconds
 *   -c COUNT  ends after so many
 *   -t        only tries whether this kernel can do it, on itself
 *
 * fd 3 is a userfaultfd of PID, fd 4 its pidfd (inject.c). Every writable mapping
 * is registered for asynchronous write-protection: the kernel itself lets a write
 * through, by one minor fault for each page and window, and PAGEMAP_SCAN tells
 * the pages and protects them again. However this process ends, the kernel then
 * undoes all of it, since nobody else holds the userfaultfd.
 *
 * stdin, a byte each: "s" scans; "p" peeks, which protects nothing again, so that
 * the next scan tells all of it too; "q" or the end of it ends; newlines are ignored.
 *
 * stdout, a JSON object a line; *Ns are CLOCK_MONOTONIC, sizes bytes:
 *   ready    pid, pageSize, mappings, registered (bytes), holeTables (page tables
 *            made), beginNs, endNs (of arming: the first window begins), stoppedNs
 *   scan     n, beginNs, endNs, low, high (written since the last scan), anonLow,
 *            anonHigh (of that in private memory), newMappings (not armed
 *            before: in high alone), mappings, registered
 *   peek     as scan; n is that of the scan before, mappings that came since are left out
 *   mapping  start, end, name, kind (anon, copied: private of a file, shared), low, high, new
 *   refused  start, end, name, reason: a mapping that could not be registered, once
 *   end      reason: asked, count, exit, exec
 * Before each scan or peek line come its mapping lines, those of one together.
 *
 * Exit: 0; 1; 2 usage; 3 the kernel cannot do it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include "clock.h"
#include "wsscan/track.h"
#include "wsscan/trial.h"

static struct { pid_t pid; long interval_ms, count; int each_mapping; } opt = { .interval_ms = -1 };

struct totals { uint64_t low, high, anon_low, anon_high, registered, fresh, mappings; };

static int open_of(const char *what)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/%s", opt.pid, what);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die(errno == ENOENT ? FAILED : PREREQUISITE, "cannot open '%s': %s%s", path, strerror(errno), denial(errno));
	return fd;
}

static void add_written(struct totals *totals, const struct mapping *mapping, const struct written *written)
{
	totals->mappings++;
	totals->registered += mapping->end - mapping->start;
	totals->fresh += written->is_new;
	totals->low += written->low;
	totals->high += written->high;
	if (mapping->kind != SHARED) {
		totals->anon_low += written->low;
		totals->anon_high += written->high;
	}
	if (opt.each_mapping && written->high)
		printf("{\"type\":\"mapping\",\"start\":\"0x%lx\",\"end\":\"0x%lx\",\"name\":\"%s\",\"kind\":\"%s\","
		       "\"low\":%lu,\"high\":%lu,\"new\":%s}\n", mapping->start, mapping->end, mapping->name,
		       kind_names[mapping->kind], written->low, written->high, written->is_new ? "true" : "false");
}

/* One pass over all mappings; 0 once the memory is gone. */
static int pass(struct totals *totals)
{
	struct written written;
	char byte;

	*totals = (struct totals){ 0 };
	if (!mappings_read(process.maps))
		return 0;
	for (size_t i = 0; i < mappings.count; i++)
		if (track(&mappings.list[i], &written) == 0)
			add_written(totals, &mappings.list[i], &written);
	return pread(process.maps, &byte, 1, 0) == 1;
}

static int scan(int peeks)
{
	static long n;
	struct totals totals;
	int64_t begin = now_ns();

	process.peeks = peeks;
	if (!pass(&totals))
		return 0;
	n += !peeks;
	printf("{\"type\":\"%s\",\"n\":%ld,\"beginNs\":%ld,\"endNs\":%ld,\"low\":%lu,\"high\":%lu,\"anonLow\":%lu,"
	       "\"anonHigh\":%lu,\"newMappings\":%lu,\"mappings\":%lu,\"registered\":%lu}\n", peeks ? "peek" : "scan", n, begin, now_ns(),
	       totals.low, totals.high, totals.anon_low, totals.anon_high, totals.fresh, totals.mappings,
	       totals.registered);
	return 1;
}

/* The memory went before the process did, or it lives on with another program. */
static const char *exit_or_exec(void)
{
	struct pollfd end = { .fd = PIDFD, .events = POLLIN };

	return poll(&end, 1, 200) == 1 ? "exit" : "exec";
}

/* Registers and arms what is there. What this pass finds written tells nothing. */
static int arm(void)
{
	const char *stopped = getenv("INJECT_STOPPED_NS");
	int each = opt.each_mapping;
	struct totals totals;
	int64_t begin = now_ns();

	opt.each_mapping = 0;
	if (!pass(&totals))
		return 0;
	opt.each_mapping = each;
	printf("{\"type\":\"ready\",\"pid\":%d,\"pageSize\":%ld,\"mappings\":%lu,\"registered\":%lu,\"holeTables\":%lu,"
	       "\"beginNs\":%ld,\"endNs\":%ld,\"stoppedNs\":%s}\n", opt.pid, sysconf(_SC_PAGESIZE), totals.mappings,
	       totals.registered, holes.used, begin, now_ns(), stopped ? stopped : "null");
	return 1;
}

/* What stdin asks for: 's', 'p', 'q', or 0 where it has nothing to say. */
static char command(void)
{
	char byte;

	if (read(STDIN_FILENO, &byte, 1) != 1)
		return 'q';
	if (!strchr("\nspq", byte) || !byte)
		die(USAGE, "stdin: 's', 'p' or 'q', not byte %d", byte);
	return byte == '\n' ? 0 : byte;
}

/* Serves until its end, and says why it came. */
static const char *serve(void)
{
	struct pollfd polled[] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .fd = PIDFD, .events = POLLIN } };
	int64_t next = now_ns() + opt.interval_ms * 1000000;

	for (long n = 0; !opt.count || n < opt.count;) {
		int64_t left = (next - now_ns() + 999999) / 1000000;
		int ready = poll(polled, 2, opt.interval_ms < 0 ? -1 : left < 0 ? 0 : left);
		if (ready < 0 && errno != EINTR)
			die(FAILED, "cannot wait: %s", strerror(errno));
		if (polled[1].revents)
			return "exit";
		char asked = ready > 0 && polled[0].revents ? command() : ready == 0 ? 's' : 0;
		if (asked == 'q')
			return "asked";
		if (!asked)
			continue;
		if (!scan(asked == 'p'))
			return exit_or_exec();
		n += asked == 's';
		while (opt.interval_ms > 0 && next <= now_ns())	/* a late scan is not made up for */
			next += opt.interval_ms * 1000000;
	}
	return "count";
}

int main(int argc, char **argv)
{
	int option;

	setvbuf(stdout, NULL, _IOLBF, 1 << 16);
	while ((option = getopt(argc, argv, "+mb:i:c:t")) != -1)
		switch (option) {
		case 'm': opt.each_mapping = 1; break;
		case 'b': holes.most = parse_number("KIB", optarg, 0, 1L << 40) * 1024; break;
		case 'i': opt.interval_ms = parse_number("MS", optarg, 1, 86400000); break;
		case 'c': opt.count = parse_number("COUNT", optarg, 1, 1L << 40); break;
		case 't': return trial();
		default: return USAGE;
		}
	if (argc - optind != 1)
		die(USAGE, "usage: wsscan [-m] [-b KIB] [-i MS [-c COUNT]] PID  (started by inject)");
	opt.pid = parse_number("PID", argv[optind], 1, 1L << 22);
	process.maps = open_of("maps");
	process.pagemap = open_of("pagemap");
	if (syscall(SYS_pidfd_send_signal, PIDFD, 0, NULL, 0))	/* still the one that was injected into */
		die(FAILED, "descriptor 4 is no pidfd of a living process: %s", strerror(errno));
	set_up(USERFAULTFD);
	const char *end = arm() ? serve() : exit_or_exec();
	printf("{\"type\":\"end\",\"reason\":\"%s\"}\n", end);
	return 0;
}
