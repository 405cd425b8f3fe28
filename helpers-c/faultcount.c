/* faultcount.c - count the page faults of processes with plain perf events.
 *
 *   faultcount [-e] [-f] [-i MS] PID [PID...]
 *   -e      entries only (one event a thread instead of three)
 *   -f      count forked children too, into the row of the process they came from
 *   -i MS   print the counts every MS milliseconds (default 1000)
 *
 * Output, line-buffered, a header first:
 *   ready THREADS UNSURE MODES   all events are attached and enabled; MODES is "all", or "user" where
 *                                faults in kernel mode may not be counted (perf_event_paranoid)
 *   count PID ENTRIES MINOR MAJOR    faults since `ready`; MINOR and MAJOR are - under -e
 *   tick                         every PID has been printed
 *   final                        the counts that follow were read with the events disabled
 *   gone PID                     could not be opened: it has no thread any more
 *
 * ENTRIES is PERF_COUNT_SW_PAGE_FAULTS (fires when a fault begins), MINOR and MAJOR the events that
 * fire in mm_account_fault() when one is completed, so ENTRIES - MINOR - MAJOR are the failed ones.
 *
 * What threads create inherits the events: only threads of the process (attr.inherit_thread, Linux
 * 5.13) or, with -f, forked children too. UNSURE is the number of threads that may be counted twice:
 * they appeared while their siblings were attached to, at each of 50 attempts.
 *
 * Ends at SIGTERM or SIGINT with the final counts. Exit status: 0, 1 (no process left, or the kernel
 * refuses), 2 (usage).
 * Source: perf_event_open(2); kernel/events/core.c (inherit_event, perf_event_read_value).
 */
#define _GNU_SOURCE
#include <poll.h>
#include <stdint.h>
#include <sys/timerfd.h>
#include "perf.h"

enum { EVENTS = 3 };

static const uint64_t event_config[EVENTS] = {
	PERF_COUNT_SW_PAGE_FAULTS,
	PERF_COUNT_SW_PAGE_FAULTS_MIN,
	PERF_COUNT_SW_PAGE_FAULTS_MAJ,
};

static struct options {
	int events;        /* how many of event_config are counted */
	int follow;        /* forked children too */
	long interval_ms;
	int user_only;     /* set when the kernel refuses to count kernel mode */
} opt = { EVENTS, 0, 1000, 0 };

struct thread {
	pid_t tid;
	int fd[EVENTS];
};

struct process {
	struct attachment attachment;
	struct thread *threads;
	int count, room;
};

static int perf_open(pid_t tid, int event, int group)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof attr,
		.config = event_config[event],
		.disabled = group < 0,
		.inherit = 1,
		.inherit_thread = !opt.follow,
		.exclude_kernel = opt.user_only,
	};

	return syscall(SYS_perf_event_open, &attr, tid, -1, group, PERF_FLAG_FD_CLOEXEC);
}

static int is_open(const struct attachment *of, pid_t tid)
{
	const struct process *p = (const struct process *)of;

	for (int i = 0; i < p->count; i++)
		if (p->threads[i].tid == tid)
			return 1;
	return 0;
}

static void threads_room(struct process *p)
{
	if (p->count < p->room)
		return;
	p->room = 2 * p->room + 16;
	p->threads = realloc(p->threads, p->room * sizeof *p->threads);
	if (!p->threads)
		die(FAILED, "cannot allocate threads: %s", strerror(errno));
}

/* Opens one thread's events: 1 done, 0 it is gone. */
static int open_thread(struct attachment *of, pid_t tid)
{
	struct process *p = (struct process *)of;
	struct thread t = { .tid = tid, .fd = { -1, -1, -1 } };

	for (int e = 0; e < opt.events; e++) {
		t.fd[e] = perf_open(tid, e, t.fd[0]);
		if (t.fd[e] < 0 && errno == EACCES && !opt.user_only) {
			opt.user_only = 1;
			t.fd[e] = perf_open(tid, e, t.fd[0]);
		}
		if (t.fd[e] >= 0)
			continue;
		if (errno == ESRCH) {
			while (e-- > 0)
				close(t.fd[e]);
			return 0;
		}
		die(FAILED, "perf_event_open: %s", strerror(errno));
	}
	threads_room(p);
	p->threads[p->count++] = t;
	return 1;
}

static void close_threads(struct attachment *of)
{
	struct process *p = (struct process *)of;

	for (int i = 0; i < p->count; i++)
		for (int e = opt.events - 1; e >= 0; e--)
			close(p->threads[i].fd[e]);
	p->count = 0;
}

static int open_process(struct process *p, pid_t pid)
{
	p->attachment = (struct attachment){ .pid = pid, .is_open = is_open, .open = open_thread, .close = close_threads };
	return attach_threads(&p->attachment);
}

static void control(const struct process *p, unsigned long request)
{
	for (int i = 0; i < p->count; i++)
		ioctl(p->threads[i].fd[0], request, PERF_IOC_FLAG_GROUP);
}

static uint64_t sum(const struct process *p, int event)
{
	uint64_t total = 0, value;

	for (int i = 0; i < p->count; i++)
		if (read(p->threads[i].fd[event], &value, sizeof value) == sizeof value)
			total += value;
	return total;
}

static void print_counts(const struct process *all, int n)
{
	for (int i = 0; i < n; i++) {
		/* completions first: read later, the entries can only be more */
		if (opt.events == EVENTS) {
			uint64_t minor = sum(&all[i], 1), major = sum(&all[i], 2);
			printf("count %d %lu %lu %lu\n", all[i].attachment.pid, sum(&all[i], 0), minor, major);
		} else {
			printf("count %d %lu - -\n", all[i].attachment.pid, sum(&all[i], 0));
		}
	}
	printf("tick\n");
}

static int ticks(void)
{
	struct itimerspec every = {
		.it_interval = { opt.interval_ms / 1000, opt.interval_ms % 1000 * 1000000L },
	};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);

	every.it_value = every.it_interval;
	if (fd < 0 || timerfd_settime(fd, 0, &every, NULL) < 0)
		die(FAILED, "cannot set a timer: %s", strerror(errno));
	return fd;
}

int main(int argc, char **argv)
{
	int c;

	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((c = getopt(argc, argv, "efi:")) != -1) {
		switch (c) {
		case 'e': opt.events = 1; break;
		case 'f': opt.follow = 1; break;
		case 'i': opt.interval_ms = parse_number("MS", optarg, 1, 2000000000); break;
		default: return USAGE;
		}
	}
	int n = argc - optind;
	if (n < 1)
		die(USAGE, "usage: faultcount [-e] [-f] [-i MS] PID [PID...]");

	as_many_files_as_may_be();
	struct process *all = calloc(n, sizeof *all);
	if (!all)
		die(FAILED, "cannot allocate processes: %s", strerror(errno));
	int stop = stop_signals(), timer = ticks(), threads = 0, unsure = 0;
	for (int i = 0; i < n; i++) {
		pid_t pid = parse_number("PID", argv[optind + i], 1, 1L << 22);
		if (!open_process(&all[i], pid))
			printf("gone %d\n", pid);
		threads += all[i].attachment.threads;
		unsure += all[i].attachment.unsure;
	}
	if (threads == 0)
		die(FAILED, "no such process: %s", argv[optind]);
	for (int i = 0; i < n; i++)
		control(&all[i], PERF_EVENT_IOC_ENABLE);
	printf("ready %d %d %s\n", threads, unsure, opt.user_only ? "user" : "all");

	struct pollfd fds[] = { { stop, POLLIN, 0 }, { timer, POLLIN, 0 } };
	for (;;) {
		uint64_t expired;
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			die(FAILED, "cannot wait: %s", strerror(errno));
		if (fds[0].revents)
			break;
		if (fds[1].revents && read(timer, &expired, sizeof expired) == sizeof expired)
			print_counts(all, n);
		if (ferror(stdout))
			return FAILED;
	}
	for (int i = 0; i < n; i++)
		control(&all[i], PERF_EVENT_IOC_DISABLE);
	printf("final\n");
	print_counts(all, n);
	return 0;
}
