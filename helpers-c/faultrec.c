/* faultrec.c - record every page fault of processes, in the order they happened.
 *
 *   faultrec [-f] [-n] [-l] [-t] [-P] [-s] [-m] [-i MS] PID [PID...]
 *   faultrec -L [-f] [-i MS] PID [PID...]
 *   faultrec -a|-g DIR [-x PID] [-n] [-l] [-t] [-P] [-s] [-i MS]
 *
 *   -f      forked children too
 *   -n      no instruction pointer: 8 bytes less a fault
 *   -L      light: no instruction pointer, and of minor faults not the time but that of
 *           the thread's next switch, mapping or read of the rings (faultrec/stretch.h)
 *   -l      latency: from the fault's entry to its completion
 *   -t      the access: read, write or execute, of a page that was there or not (x86, privilege)
 *   -P      physical address and page size of what was mapped (needs privilege)
 *   -s      call chain in user space (by frame pointers)
 *   -m      one event a CPU for the whole machine, as for many threads
 *   -a      all processes but this one
 *   -g DIR  those of a cgroup (v2) and below it, by its directory, also if they come to it later
 *   -x PID  but not this one (-a, -g; may be repeated)
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
#include "faultrec/attach.h"
#include "faultrec/tell.h"
#include "perf.h"

enum { LINGER_MS = 2 };	/* until the next read, when somebody has ended */

static struct options {
	int machine, all, light, interval_ms;
	const char *cgroup;
	pid_t except[8];
	int exceptions;
} opt = { .interval_ms = 100 };

static void tell_ready(void)
{
	uint64_t now = now_ns(CLOCK_MONOTONIC);
	struct wire_ready *out = output_record(READY, sizeof *out, (struct prefix){ .time = now });

	out->version = WIRE_VERSION;
	out->features = (fields.no_ip ? 0 : HAS_IP) | (fields.physical ? HAS_PHYSICAL : 0) | (fields.chain ? HAS_CHAIN : 0) |
			(attached.attr.exclude_kernel ? USER_ONLY : 0) | (attached.machine ? MACHINE : 0) |
			(attached.follow ? FOLLOW : 0) | (entries.latency ? HAS_LATENCY : 0) |
			(entries.types ? HAS_ACCESS : 0) | (rings.timeless ? LIGHT : 0);
	out->threads = attached.threads;
	out->unsure = attached.unsure;
	out->realtime = now_ns(CLOCK_REALTIME) - now;
	out->ring = rings.size;
	out->interval = opt.interval_ms * 1000000ull;
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

static struct wire_tally tally(enum event_kind kind)
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

/* Mappings and tasks, and majors. They have a ring of their own, but for anchors, of which the kernel says how many. */
static uint64_t lost_others(void)
{
	uint64_t counted, refused;

	if (!rings.timeless)
		return lost_records[OTHERS];
	read_counts(ANCHOR_EVENT, &counted, &refused);
	return lost_records[OTHERS] + (refused == UINT64_MAX ? lost_records[MINORS] : refused);
}

static void tell_end(void)
{
	struct prefix at = { .time = now_ns(CLOCK_MONOTONIC) };
	size_t more = entries.events ? sizeof(struct wire_entries) : 0;
	struct wire_end *out = output_record(END, sizeof *out + more, at);

	out->minor = tally(MINOR_EVENT);
	out->major = tally(MAJOR_EVENT);
	out->lost_others = lost_others();
	if (more)
		*(struct wire_entries *)(out + 1) = (struct wire_entries){
			tally(ENTRY_EVENT), underway.failed, underway.open,
		};
	output_flush();
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
	attached.light = opt.light && can_open_event(ANCHOR_EVENT, 0);
	negotiate_entries();
	if (entries.events && !entries.types)
		rings.short_size = SHORT_TIME + 8;
}

static pid_t pid_of(const char *text) { return parse_number("PID", text, 1, PID_MOST - 1); }

static void attach(char **pids, int count)
{
	int threads = 0;

	for (int i = 0; i < count; i++)
		threads += threads_of(atoi(pids[i]));
	int machine = (opt.machine || threads > THREADS_MOST) && attach_machine();
	if (opt.machine && !machine)
		die(FAILED, "cannot record the whole machine: %s", strerror(errno));
	for (int i = 0; i < count; i++) {
		pid_t pid = pid_of(pids[i]);
		if (machine ? threads_of(pid) > 0 : attach_process(pid))
			member_join(pid);
	}
	if (members.count == 0)
		die(FAILED, "no such process: %s", pids[0]);
	if (machine)
		attached.threads = threads;
	rings.timeless = attached.light;
	if (count == 1 && !attached.follow && attached.only_targets)
		only_task = (struct task){ members.list[0].pid, members.list[0].pid };
}

static void attach_everybody(void)
{
	members_everybody();
	for (int i = 0; i < opt.exceptions; i++)
		member_except(opt.except[i]);
	if (opt.cgroup) {
		attached.cgroup = open(opt.cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (attached.cgroup < 0)
			die(FAILED, "cannot open cgroup '%s': %s", opt.cgroup, strerror(errno));
	}
	attached.follow = 1;
	if (attach_machine())
		return;
	if (opt.cgroup)
		die(FAILED, "cannot record cgroup '%s': %s", opt.cgroup, strerror(errno));
	die(FAILED, "cannot record all processes: %s", strerror(errno));
}

/* Until a signal, or the end of all processes. */
static void record(void)
{
	for (int timeout = opt.interval_ms;;) {
		if (poll(members.polls, members.fixed + members.count, timeout) < 0 && errno != EINTR)
			die(FAILED, "cannot wait: %s", strerror(errno));
		if (members.polls[0].revents)
			return;
		uint64_t now = now_ns(CLOCK_MONOTONIC);
		timeout = members_check(now) ? LINGER_MS : opt.interval_ms;
		uint64_t limit = rings_read(0, tell);
		output_flush();
		members_leave(limit);
		if (members.count == 0 && !members.everybody)
			return;
	}
}

static void parse_options(int argc, char **argv)
{
	int option, most = sizeof opt.except / sizeof *opt.except;

	while ((option = getopt(argc, argv, "+fnlLtPsmai:g:x:")) != -1) {
		switch (option) {
		case 'f': attached.follow = 1; break;
		case 'n': fields.no_ip = 1; break;
		case 'L': opt.light = fields.no_ip = 1; break;
		case 'l': entries.latency = 1; break;
		case 't': entries.types = 1; break;
		case 'P': fields.physical = 1; break;
		case 's': fields.chain = 1; break;
		case 'm': opt.machine = 1; break;
		case 'a': opt.all = 1; break;
		case 'g': opt.cgroup = optarg; break;
		case 'x':
			if (opt.exceptions == most)
				die(USAGE, "-x can be given %d times", most);
			opt.except[opt.exceptions++] = pid_of(optarg);
			break;
		case 'i': opt.interval_ms = parse_number("MS", optarg, 1, 60000); break;
		default: exit(USAGE);
		}
	}
	if (opt.light && (opt.machine || entries.latency || entries.types || fields.physical || fields.chain))
		die(USAGE, "-L leaves out what -l, -t, -P, -s and -m need");
	if ((optind < argc) + opt.all + !!opt.cgroup != 1 || (opt.light && optind == argc))
		die(USAGE, "usage: faultrec [-L] [-f] [-n] [-l] [-t] [-P] [-s] [-m] [-i MS] PID [PID...] | "
		    "-a | -g DIR, [-x PID]");
	for (int i = optind; i < argc; i++)
		pid_of(argv[i]);
}

int main(int argc, char **argv)
{
	parse_options(argc, argv);
	as_many_files_as_may_be();
	set_up_events();
	members.fixed = 1 + rings.count;
	members_room();
	members.polls[0] = (struct pollfd){ .fd = stop_signals(), .events = POLLIN };
	for (int i = 0; i < rings.count; i++)
		members.polls[1 + i] = (struct pollfd){ .fd = rings.ring[i].fd, .events = POLLIN };
	if (opt.all || opt.cgroup)
		attach_everybody();
	else
		attach(argv + optind, argc - optind);
	enable_events();
	if (rings.timeless)
		visit_cpus();
	tell_ready();
	tell_gone(argv + optind, argc - optind);
	record();
	disable_events();
	rings_read(1, tell);
	tell_end();
	return 0;
}
