/* events.h - the fault events of one thread, or of all, redirected into the rings.
 *
 * One minor and one major event on each CPU, and those of its entries: the kernel refuses to map an inherited
 * event that is on all CPUs. The major events also report mappings, names, forks and ends; or the anchors do,
 * which make minor faults that are but an address somebody's (stretch.h).
 */
#ifndef FAULTREC_EVENTS_H
#define FAULTREC_EVENTS_H

#include "entry.h"
#include "ring.h"
#include "wire.h"

/* Entries and anchors go to the ring of MINORS. */
enum event_kind { MINOR_EVENT = MINORS, MAJOR_EVENT = OTHERS, ENTRY_EVENT, ANCHOR_EVENT, EVENT_KINDS };

struct event { int fd; pid_t tid; enum event_kind kind; };

static struct {
	struct perf_event_attr attr;	/* of both kinds, less config and side records */
	int follow, machine, light;
	int cgroup;			/* its open directory, or -1 */
	int only_targets;		/* the kernel keeps other processes out */
	struct event *events;
	int count, room;
	int threads, unsure;
} attached = { .cgroup = -1 };

/* `which` of the events of this kind: 0, for all but the entries. */
static int event_open(enum event_kind kind, int which, pid_t tid, int cpu)
{
	struct perf_event_attr attr = attached.attr;
	int is_cgroup = attached.machine && attached.cgroup >= 0;

	attr.config = kind == MINOR_EVENT ? PERF_COUNT_SW_PAGE_FAULTS_MIN : PERF_COUNT_SW_PAGE_FAULTS_MAJ;
	if (kind == (attached.light ? ANCHOR_EVENT : MAJOR_EVENT))
		attr.mmap = attr.mmap2 = attr.mmap_data = attr.comm = attr.comm_exec = attr.task = 1;
	if (kind == ENTRY_EVENT) {
		attr.type = entries.type;
		attr.sample_type = entries.sample_type;
		attr.config = entries.config[which];
	}
	if (kind == MINOR_EVENT && attached.light)
		attr.sample_type = PERF_SAMPLE_ADDR;
	if (kind == ANCHOR_EVENT) {
		attr.config = PERF_COUNT_SW_DUMMY;
		attr.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME;
		attr.context_switch = 1;
	}
	return perf_open(&attr, is_cgroup ? attached.cgroup : tid, cpu, is_cgroup ? PERF_FLAG_PID_CGROUP : 0);
}

/* Tried on ourselves. */
static int can_open_event(enum event_kind kind, int which)
{
	int fd = event_open(kind, which, 0, rings.ring[0].cpu);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int can_open(void) { return can_open_event(MINOR_EVENT, 0); }

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

/* Entries that cannot be had are left out: their types alone, where page-faults tells the rest. */
static void negotiate_entries(void)
{
	struct perf_event_attr *attr = &attached.attr;

	entries.types = entries.types && !attr->exclude_kernel && entries_by_tracepoint(attr->sample_type) &&
			can_open_event(ENTRY_EVENT, 0) && can_open_event(ENTRY_EVENT, 1);
	if (entries.types)
		return;
	entries.events = 0;
	if (!entries.latency)
		return;
	entries_by_page_faults();
	if (!can_open_event(ENTRY_EVENT, 0))
		die(FAILED, "cannot open the entry event: %s", strerror(errno));
}

/* Events of one thread: two for each pair of rings, and the entries or the anchor. */
static int events_each(void) { return rings.count + rings.count / RING_KINDS * (entries.events + attached.light); }

static void events_room(void)
{
	if (attached.count + events_each() <= attached.room)
		return;
	attached.room = 2 * attached.room + events_each();
	attached.events = realloc(attached.events, attached.room * sizeof *attached.events);
	if (!attached.events)
		die(FAILED, "cannot allocate events: %s", strerror(errno));
}

/* 0, or the error. */
static int add_event(const struct ring *ring, enum event_kind kind, int which, pid_t tid)
{
	struct event event = { event_open(kind, which, tid, ring->cpu), tid, kind };

	if (event.fd < 0)
		return errno;
	if (ioctl(event.fd, PERF_EVENT_IOC_SET_OUTPUT, ring->fd))
		die(FAILED, "cannot redirect an event: %s", strerror(errno));
	attached.events[attached.count++] = event;
	return 0;
}

static void close_events(int from)
{
	while (attached.count > from)
		close(attached.events[--attached.count].fd);
}

/* All kinds of one thread (-1: all) on every CPU: 1 done, 0 it is gone, -1 refused (errno). */
static int open_events(pid_t tid)
{
	int from = attached.count, error = 0;

	events_room();
	for (int i = 0; i < rings.count && !error; i++) {
		const struct ring *ring = &rings.ring[i];
		error = add_event(ring, (enum event_kind)ring->kind, 0, tid);
		for (int which = 0; ring->kind == MINORS && which < entries.events && !error; which++)
			error = add_event(ring, ENTRY_EVENT, which, tid);
		if (ring->kind == MINORS && attached.light && !error)
			error = add_event(ring, ANCHOR_EVENT, 0, tid);
	}
	if (!error)
		return 1;
	close_events(from);
	errno = error;
	return error == ESRCH ? 0 : -1;
}

static void control_kind(enum event_kind kind, unsigned long request)
{
	for (int i = 0; i < attached.count; i++)
		if (attached.events[i].kind == kind)
			ioctl(attached.events[i].fd, request, 0);
}

/* Anchors are on whenever faults are. Entries are on last, and off first: else those whose completion is
 * not seen would look failed. */
static const enum event_kind order[EVENT_KINDS] = { ANCHOR_EVENT, MINOR_EVENT, MAJOR_EVENT, ENTRY_EVENT };

static void enable_events(void)
{
	for (int i = 0; i < EVENT_KINDS; i++)
		control_kind(order[i], PERF_EVENT_IOC_ENABLE);
}

static void disable_events(void)
{
	for (int i = EVENT_KINDS; i-- > 0;)
		control_kind(order[i], PERF_EVENT_IOC_DISABLE);
}

/* What the events of this kind counted, and the records that they found no room for. */
static void read_counts(enum event_kind kind, uint64_t *counted, uint64_t *refused)
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
