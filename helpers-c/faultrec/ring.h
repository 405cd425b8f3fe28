/* ring.h - perf's rings, two a CPU, read together in the order of time.
 *
 * Minor faults have a ring to themselves: no identifier in each of them needs to
 * tell them from major ones, and however fast they come, no mapping is lost.
 *
 * A ring's owner is a dummy event on this process, which every user may open; the
 * events of the targets are redirected to it (PERF_EVENT_IOC_SET_OUTPUT wants the
 * same CPU and the same clock, kernel/events/core.c). So a ring outlives them all.
 *
 * Order: what has been written until a round began is read in the next round. By
 * then no CPU is still busy writing an older record (perf's ordered_events rely on
 * the same). Records wait in the rings, so nothing is copied for it.
 */
#ifndef FAULTREC_RING_H
#define FAULTREC_RING_H

#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include "../common.h"

enum ring_kind { MINORS, OTHERS, RING_KINDS };

enum {
	RINGS_TOTAL = 64 << 20,	/* bytes for the minor faults of all CPUs together, at most */
	RING_MOST = 16 << 20,	/* half a second of the fastest program */
	RING_LEAST = 16 << 10,
	OTHERS_SHARE = 4,	/* the other ring is so many times smaller */
	RECORD_MOST = 1 << 16,	/* perf_event_header.size is 16 bits */
};

struct ring {
	int fd, cpu;
	enum ring_kind kind;
	struct perf_event_mmap_page *page;
	char *data;
	uint64_t mask, head, cursor;
	const struct perf_event_header *next;	/* the record at the cursor, or NULL */
	uint64_t time;				/* its time */
	char wrapped[RECORD_MOST];		/* it, where the end of the ring cuts it */
};

static struct {
	struct ring *ring;	/* cpu 0 MINORS, cpu 0 OTHERS, cpu 1 MINORS ... */
	int count;
	size_t size;		/* of one for minor faults */
	size_t sample_time;	/* offset of the time in a sample */
} rings;

static inline uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static inline int perf_open(const struct perf_event_attr *attr, pid_t tid, int cpu)
{
	return syscall(SYS_perf_event_open, attr, tid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

/* Opens the ring: 0, or the error. */
static int ring_open(struct ring *ring, size_t size)
{
	size_t system_page = sysconf(_SC_PAGESIZE);
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof attr, .config = PERF_COUNT_SW_DUMMY,
		.sample_period = 1, .exclude_kernel = 1, .exclude_hv = 1,
		.use_clockid = 1, .clockid = CLOCK_MONOTONIC,
		.watermark = 1, .wakeup_watermark = size / 4,
	};

	ring->fd = perf_open(&attr, 0, ring->cpu);
	if (ring->fd < 0)
		return errno;
	void *at = mmap(NULL, system_page + size, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);
	if (at == MAP_FAILED) {
		int error = errno;
		close(ring->fd);
		return error;
	}
	ring->page = at;
	ring->data = (char *)at + system_page;
	ring->mask = size - 1;
	return 0;
}

static void ring_close(struct ring *ring)
{
	munmap(ring->page, sysconf(_SC_PAGESIZE) + ring->mask + 1);
	close(ring->fd);
}

/* One of each kind for each CPU that is there: 0, or the error. */
static int rings_try(size_t size)
{
	int cpus = sysconf(_SC_NPROCESSORS_CONF);

	rings.count = 0;
	for (int cpu = 0; cpu < cpus; cpu++) {
		for (enum ring_kind kind = MINORS; kind < RING_KINDS; kind++) {
			struct ring *ring = &rings.ring[rings.count];
			ring->cpu = cpu;
			ring->kind = kind;
			int error = ring_open(ring, kind == MINORS ? size : size / OTHERS_SHARE);
			if (error == ENODEV)
				break;	/* this CPU is offline */
			if (error) {
				while (rings.count)
					ring_close(&rings.ring[--rings.count]);
				return error;
			}
			rings.count++;
		}
	}
	return rings.count ? 0 : ENODEV;
}

/* As large as may be: an unprivileged user has perf_event_mlock_kb for each CPU. */
static void rings_open(size_t sample_time)
{
	int cpus = sysconf(_SC_NPROCESSORS_CONF), error;
	size_t size = RING_MOST;

	while (size > RING_LEAST && size * cpus > RINGS_TOTAL)
		size /= 2;
	rings.sample_time = sample_time;
	rings.ring = calloc(cpus * RING_KINDS, sizeof *rings.ring);
	if (!rings.ring)
		die(FAILED, "cannot allocate rings: %s", strerror(errno));
	while ((error = rings_try(size)) == EPERM || error == ENOMEM) {
		size /= 2;
		if (size < RING_LEAST)
			break;
	}
	if (error)
		die(FAILED, "cannot open perf's rings: %s", strerror(error));
	rings.size = size;
}

/* The word in which a record says its time; all but samples end with it (sample_id_all). */
static inline uint64_t record_time(const struct perf_event_header *record)
{
	size_t at = record->type == PERF_RECORD_SAMPLE ? rings.sample_time : record->size - 8u;

	return *(const uint64_t *)((const char *)record + at);
}

/* Sets `next` and `time` to what is at the cursor. */
static inline void ring_peek(struct ring *ring)
{
	if (ring->cursor == ring->head) {
		ring->next = NULL;
		ring->time = UINT64_MAX;
		return;
	}
	uint64_t at = ring->cursor & ring->mask, left = ring->mask + 1 - at;
	const struct perf_event_header *record = (const void *)(ring->data + at);
	if (record->size > left) {
		size_t size = record->size;
		memcpy(ring->wrapped, record, left);
		memcpy(ring->wrapped + left, ring->data, size - left);
		record = (const void *)ring->wrapped;
	}
	ring->next = record;
	ring->time = record_time(record);
}

typedef void record_reader(const struct ring *ring, const struct perf_event_header *record);

/* Reads everything that happened until `limit` in the order of time. */
static void rings_read(uint64_t limit, record_reader *reader)
{
	for (int i = 0; i < rings.count; i++) {
		struct ring *ring = &rings.ring[i];
		ring->head = __atomic_load_n(&ring->page->data_head, __ATOMIC_ACQUIRE);
		ring_peek(ring);
	}
	for (;;) {
		struct ring *first = NULL;
		uint64_t until = limit;	/* where another ring takes over */
		for (int i = 0; i < rings.count; i++) {
			struct ring *ring = &rings.ring[i];
			if (!ring->next)
				continue;
			if (!first || ring->time < first->time) {
				if (first && first->time < until)
					until = first->time;
				first = ring;
			} else if (ring->time < until) {
				until = ring->time;
			}
		}
		if (!first || first->time > limit)
			break;
		do {
			reader(first, first->next);
			first->cursor += first->next->size;
			ring_peek(first);
		} while (first->next && first->time <= until);
	}
	for (int i = 0; i < rings.count; i++)
		__atomic_store_n(&rings.ring[i].page->data_tail, rings.ring[i].cursor, __ATOMIC_RELEASE);
}

#endif
