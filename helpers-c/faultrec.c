/* faultrec.c - record every page fault of processes, in the order they happened.
 *
 *   faultrec [-f] [-n] [-P] [-s] [-m] [-i MS] PID [PID...]
 *
 *   -f      forked children too
 *   -n      no instruction pointer: 8 bytes less a fault
 *   -P      physical address and page size of what was mapped (needs privilege)
 *   -s      call chain in user space (by frame pointers)
 *   -m      one event a CPU for the whole machine, as for many threads
 *   -i MS   a record waits about this long at most (default 100)
 *
 * Output: binary records on stdout, see faultrec/wire.h and docs/faultrec.md:
 * `ready` first, once everything is attached, `end` last. Between them every
 * minor and major fault that the kernel's events of those names tell, with time,
 * address, thread and instruction; every mapping, name, thread, child and end of
 * the processes from then on; and where records were lost, how many.
 *
 * Nothing wakes up per fault: the rings are read when one is a quarter full, and
 * every MS milliseconds.
 *
 * Ends at SIGTERM or SIGINT, or when all processes have ended.
 * Exit: 0; 1 no such process, or the kernel refuses; 2 usage.
 * Source: perf_event_open(2), kernel/events/core.c, kernel/events/ring_buffer.c.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include "faultrec/tell.h"

enum { LINGER_MS = 2 };	/* until the next read, when somebody has ended */

static struct options { int machine, interval_ms; } opt = { .interval_ms = 100 };

static void tell_ready(void)
{
	uint64_t now = now_ns(CLOCK_MONOTONIC);
	struct wire_ready *out = output_record(READY, sizeof *out, (struct prefix){ .time = now });

	out->version = WIRE_VERSION;
	out->features = (fields.no_ip ? 0 : HAS_IP) | (fields.physical ? HAS_PHYSICAL : 0) | (fields.chain ? HAS_CHAIN : 0) |
			(attached.attr.exclude_kernel ? USER_ONLY : 0) | (attached.machine ? MACHINE : 0) |
			(attached.follow ? FOLLOW : 0);
	out->threads = attached.threads;
	out->unsure = attached.unsure;
	out->realtime = now_ns(CLOCK_REALTIME) - now;
	out->ring = rings.size;
	output_flush();
}

static void tell_gone(char **pids, int count)
{
	for (int i = 0; i < count; i++) {
		struct prefix gone = { .pid = atoi(pids[i]), .time = now_ns(CLOCK_MONOTONIC) };
		if (!is_member(gone.pid))
			output_record(GONE, sizeof gone, gone);
	}
}

static struct wire_tally tally(enum ring_kind kind)
{
	struct wire_tally all = { .told = seen[kind].told, .foreign = seen[kind].foreign };

	read_counts(kind, &all.counted, &all.refused);
	all.lost = all.counted - all.told - all.foreign;
	/* Of one fault in 10^5 of the whole machine the kernel neither writes a sample nor says
	 * that it could not: not one of the targets' is known. */
	if (attached.machine && all.refused < all.lost) {
		all.foreign += all.lost - all.refused;
		all.lost = all.refused;
	}
	return all;
}

static void tell_end(void)
{
	struct prefix at = { .time = now_ns(CLOCK_MONOTONIC) };
	struct wire_end *out = output_record(END, sizeof *out, at);

	out->minor = tally(MINORS);
	out->major = tally(OTHERS);
	out->lost_others = lost_records[OTHERS];
	output_flush();
}

static int stop_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	int fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd < 0)
		die(FAILED, "cannot take signals: %s", strerror(errno));
	return fd;
}

static void as_many_files_as_may_be(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

static void set_up_events(void)
{
	struct perf_event_attr *attr = &attached.attr;

	attr->type = PERF_TYPE_SOFTWARE;
	attr->size = sizeof *attr;
	attr->sample_period = 1;
	attr->sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR |
			    (fields.no_ip ? 0 : PERF_SAMPLE_IP) | (fields.chain ? PERF_SAMPLE_CALLCHAIN : 0) |
			    (fields.physical ? PERF_SAMPLE_PHYS_ADDR | PERF_SAMPLE_DATA_PAGE_SIZE : 0);
	attr->read_format = PERF_FORMAT_LOST;
	attr->disabled = attr->inherit = attr->sample_id_all = 1;
	attr->inherit_thread = !attached.follow;
	attr->exclude_hv = attr->exclude_callchain_kernel = 1;
	attr->use_clockid = 1;
	attr->clockid = CLOCK_MONOTONIC;
	attr->watermark = 1;
	attr->wakeup_watermark = RING_LEAST;	/* the ring has its own */
	attached.only_targets = 1;
	rings_open(sizeof(struct perf_event_header) + (fields.no_ip ? 0 : 8) + 8);
	negotiate();
	fields.physical = !!(attr->sample_type & PERF_SAMPLE_PHYS_ADDR);
}

static void attach(char **pids, int count)
{
	int threads = 0;

	for (int i = 0; i < count; i++)
		threads += threads_of(atoi(pids[i]));
	int machine = (opt.machine || threads > THREADS_MOST) && attach_machine();
	if (opt.machine && !machine)
		die(FAILED, "cannot record the whole machine: %s", strerror(errno));
	for (int i = 0; i < count; i++) {
		pid_t pid = parse_number("PID", pids[i], 1, PID_MOST - 1);
		if (machine ? threads_of(pid) > 0 : attach_process(pid))
			member_join(pid);
	}
	if (members.count == 0)
		die(FAILED, "no such process: %s", pids[0]);
	if (machine)
		attached.threads = threads;
}

/* Until a signal, or the end of all processes. */
static void record(void)
{
	uint64_t limit = 0;

	for (int timeout = opt.interval_ms;;) {
		if (poll(members.polls, members.fixed + members.count, timeout) < 0 && errno != EINTR)
			die(FAILED, "cannot wait: %s", strerror(errno));
		if (members.polls[0].revents)
			return;
		uint64_t now = now_ns(CLOCK_MONOTONIC);
		timeout = members_check(now) ? LINGER_MS : opt.interval_ms;
		rings_read(limit, tell);
		output_flush();
		members_leave(limit);
		limit = now;
		if (members.count == 0)
			return;
	}
}

int main(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "+fnPsmi:")) != -1) {
		switch (option) {
		case 'f': attached.follow = 1; break;
		case 'n': fields.no_ip = 1; break;
		case 'P': fields.physical = 1; break;
		case 's': fields.chain = 1; break;
		case 'm': opt.machine = 1; break;
		case 'i': opt.interval_ms = parse_number("MS", optarg, 1, 60000); break;
		default: return USAGE;
		}
	}
	if (optind == argc)
		die(USAGE, "usage: faultrec [-f] [-n] [-P] [-s] [-m] [-i MS] PID [PID...]");
	for (int i = optind; i < argc; i++)
		parse_number("PID", argv[i], 1, PID_MOST - 1);
	as_many_files_as_may_be();
	set_up_events();
	members.fixed = 1 + rings.count;
	members_room();
	members.polls[0] = (struct pollfd){ .fd = stop_signals(), .events = POLLIN };
	for (int i = 0; i < rings.count; i++)
		members.polls[1 + i] = (struct pollfd){ .fd = rings.ring[i].fd, .events = POLLIN };
	attach(argv + optind, argc - optind);
	control_events(PERF_EVENT_IOC_ENABLE);
	tell_ready();
	tell_gone(argv + optind, argc - optind);
	record();
	control_events(PERF_EVENT_IOC_DISABLE);
	rings_read(UINT64_MAX, tell);
	tell_end();
	return 0;
}
