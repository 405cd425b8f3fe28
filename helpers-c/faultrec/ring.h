/* ring.h - perf's rings, two a CPU; round.h reads them.
 *
 * Minor faults have a ring to themselves: no identifier in each of them needs to
 * tell them from major ones, and however fast they come, no mapping is lost.
 *
 * A ring's owner is a dummy event on this process, which every user may open; the
 * events of the targets are redirected to it (PERF_EVENT_IOC_SET_OUTPUT wants the
 * same CPU and the same clock, kernel/events/core.c). So a ring outlives them all.
 */
#ifndef FAULTREC_RING_H
#define FAULTREC_RING_H

#include <stdint.h>
#include <sys/mman.h>
#include <time.h>
#include "../perf.h"

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
	struct stretch {	/* what lies between two records that have a time, see stretch.h */
		uint64_t readable, settled, end;	/* positions, as `head` */
		uint64_t time;
		struct task { uint32_t pid, tid; } task;	/* whose it is; 0 where nobody knows */
		int may_wait;		/* until somebody knows */
	} stretch;
	char wrapped[RECORD_MOST];		/* it, where the end of the ring cuts it */
};

static struct {
	struct ring *ring;	/* cpu 0 MINORS, cpu 0 OTHERS, cpu 1 MINORS ... */
	int count;
	size_t size;		/* of one for minor faults */
	size_t sample_time;	/* offset of the time in a sample */
	size_t short_size;	/* of a sample without an instruction and an address: 0 if there is none */
	int timeless;		/* minor faults have an address alone */
	uint64_t over;		/* when the last round was: all that happened before has been written */
} rings;

enum { SHORT_TIME = sizeof(struct perf_event_header) + 8 };	/* its time's offset */

static inline uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

/* Of one thread, of all (-1), or with PERF_FLAG_PID_CGROUP of the cgroup that `whom` has open. */
static inline int perf_open(const struct perf_event_attr *attr, int whom, int cpu, unsigned long flags)
{
	return syscall(SYS_perf_event_open, attr, whom, cpu, -1, flags | PERF_FLAG_FD_CLOEXEC);
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

	ring->fd = perf_open(&attr, 0, ring->cpu, 0);
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

#endif
