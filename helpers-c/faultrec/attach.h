/* attach.h - the fault events of the targets, redirected into the rings.
 *
 * One minor and one major event for each thread on each CPU: the kernel refuses to
 * map an inherited event that is on all CPUs. Threads that exist are opened one by
 * one, those that they create inherit: only threads of the process
 * (attr.inherit_thread, Linux 5.13) or, with -f, forked children too. The major
 * events also report mappings, names, forks and ends.
 *
 * A thread that appears while its siblings are being opened may have inherited the
 * events or not, so all are closed and opened again until none appeared meanwhile.
 *
 * Above THREADS_MOST threads that costs the target too much (each clone copies the
 * events, each exit folds them back): one pair of events a CPU then records all
 * processes, and the reader drops those of others.
 */
#ifndef FAULTREC_ATTACH_H
#define FAULTREC_ATTACH_H

#include <dirent.h>
#include "ring.h"
#include "wire.h"

enum { THREADS_MOST = 16, ATTEMPTS = 50 };

struct event { int fd; pid_t tid; enum ring_kind kind; };

static struct {
	struct perf_event_attr attr;	/* of both kinds, less config and side records */
	int follow, machine;
	int only_targets;		/* the kernel keeps other processes out */
	struct event *events;
	int count, room;
	int threads, unsure;
} attached;

static int event_open(enum ring_kind kind, pid_t tid, int cpu)
{
	struct perf_event_attr attr = attached.attr;

	attr.config = kind == MINORS ? PERF_COUNT_SW_PAGE_FAULTS_MIN : PERF_COUNT_SW_PAGE_FAULTS_MAJ;
	if (kind == OTHERS)
		attr.mmap = attr.mmap2 = attr.mmap_data = attr.comm = attr.comm_exec = attr.task = 1;
	return perf_open(&attr, tid, cpu);
}

static int can_open(void)
{
	int fd = event_open(MINORS, 0, rings.ring[0].cpu);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Leaves out what this kernel has not or this user may not, found by trying on ourselves. */
static void negotiate(void)
{
	struct perf_event_attr *attr = &attached.attr;

	if (can_open())
		return;
	if (errno == EACCES || errno == EPERM) {
		attr->sample_type &= ~PERF_SAMPLE_PHYS_ADDR;	/* perf_allow_kernel() */
		attr->exclude_kernel = 1;
		if (can_open())
			return;
	}
	attr->read_format &= ~PERF_FORMAT_LOST;			/* Linux 6.0 */
	if (can_open())
		return;
	attr->inherit_thread = 0;				/* Linux 5.13 */
	attached.only_targets = 0;
	if (can_open())
		return;
	attr->sample_type &= ~(PERF_SAMPLE_PHYS_ADDR | PERF_SAMPLE_DATA_PAGE_SIZE);	/* 5.11 */
	if (!can_open())
		die(FAILED, "cannot open the fault events: %s", strerror(errno));
}

/* Both kinds of one thread (-1: all) on every CPU: 1 done, 0 it is gone, -1 refused (errno). */
static int open_events(pid_t tid)
{
	if (attached.count + rings.count > attached.room) {
		attached.room = 2 * attached.room + rings.count;
		attached.events = realloc(attached.events, attached.room * sizeof *attached.events);
		if (!attached.events)
			die(FAILED, "cannot allocate events: %s", strerror(errno));
	}
	for (int i = 0; i < rings.count; i++) {
		const struct ring *ring = &rings.ring[i];
		struct event event = { event_open(ring->kind, tid, ring->cpu), tid, ring->kind };
		if (event.fd < 0) {
			int error = errno;
			while (i-- > 0)
				close(attached.events[--attached.count].fd);
			errno = error;
			return errno == ESRCH ? 0 : -1;
		}
		if (ioctl(event.fd, PERF_EVENT_IOC_SET_OUTPUT, ring->fd))
			die(FAILED, "cannot redirect an event: %s", strerror(errno));
		attached.events[attached.count++] = event;
	}
	return 1;
}

static void close_events(int from)
{
	while (attached.count > from)
		close(attached.events[--attached.count].fd);
}

static int is_open(pid_t tid, int from)
{
	for (int i = from; i < attached.count; i += rings.count)
		if (attached.events[i].tid == tid)
			return 1;
	return 0;
}

/* Opens the threads of a process that are not open yet: how many, -1 where it is gone. */
static int open_new_threads(pid_t pid, int from)
{
	char path[64];
	struct dirent *entry;
	int opened = 0;

	snprintf(path, sizeof path, "/proc/%d/task", pid);
	DIR *dir = opendir(path);
	if (!dir)
		return -1;
	while ((entry = readdir(dir)) != NULL) {
		pid_t tid = atoi(entry->d_name);
		if (tid <= 0 || is_open(tid, from))
			continue;
		int done = open_events(tid);
		if (done < 0)
			die(FAILED, "cannot record process %d: %s", pid, strerror(errno));
		opened += done;
	}
	closedir(dir);
	return opened;
}

/* 1 open, 0 gone. */
static int attach_process(pid_t pid)
{
	int from = attached.count;

	for (int attempt = 1;; attempt++) {
		int opened = open_new_threads(pid, from);
		if (opened <= 0)
			return 0;
		int late = open_new_threads(pid, from);
		if (late > 0 && attempt < ATTEMPTS) {
			close_events(from);
			continue;
		}
		attached.threads += opened;
		attached.unsure += late > 0 ? late : 0;
		return 1;
	}
}

/* For the whole machine: 1, or 0 where that is not allowed. */
static int attach_machine(void)
{
	struct perf_event_attr one_thread = attached.attr;

	attached.attr.inherit = attached.attr.inherit_thread = 0;
	if (open_events(-1) > 0) {
		attached.machine = 1;
		attached.only_targets = 0;
		return 1;
	}
	attached.attr = one_thread;
	return 0;
}

static int threads_of(pid_t pid)
{
	char path[64];
	int threads = 0;

	snprintf(path, sizeof path, "/proc/%d/task", pid);
	DIR *dir = opendir(path);
	if (!dir)
		return 0;
	for (struct dirent *entry; (entry = readdir(dir)) != NULL; )
		threads += entry->d_name[0] != '.';
	closedir(dir);
	return threads;
}

static void control_events(unsigned long request)
{
	for (int i = 0; i < attached.count; i++)
		ioctl(attached.events[i].fd, request, 0);
}

/* What the events of this kind counted, and the records that they found no room for. */
static void read_counts(enum ring_kind kind, uint64_t *counted, uint64_t *refused)
{
	*counted = 0;
	*refused = attached.attr.read_format & PERF_FORMAT_LOST ? 0 : UINT64_MAX;
	for (int i = 0; i < attached.count; i++) {
		uint64_t value[2] = { 0, 0 };
		if (attached.events[i].kind != kind)
			continue;
		if (read(attached.events[i].fd, value, sizeof value) > 0) {
			*counted += value[0];
			*refused += value[1];
		}
	}
}

#endif
