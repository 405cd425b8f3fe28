/* trace.h - what DAMON found, from its tracepoint damon_aggregated: an event for each region.
 *
 * sysfs can tell it too (tried_regions), but keeps all commands waiting meanwhile, for
 * as long as a window lasts, and tells of one kdamond at a time (mm/damon/sysfs.c).
 */
#ifndef WSSDAMON_TRACE_H
#define WSSDAMON_TRACE_H

#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include "sysfs.h"

enum { RING = 1 << 20 };

struct trace { int fd; struct perf_event_mmap_page *page; };

static struct { int id, regions, start, end, accesses; } format;	/* of the event: offsets */

static FILE *open_event(const char *file)
{
	static const char *const roots[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };
	char path[128];

	for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
		snprintf(path, sizeof path, "%s/events/damon/damon_aggregated/%s", roots[i], file);
		FILE *opened = fopen(path, "re");
		if (opened)
			return opened;
	}
	die(PREREQUISITE, "cannot open the tracepoint damon:damon_aggregated: %s", strerror(errno));
}

static void read_format(void)
{
	static const struct { const char *name; int *offset; } fields[] = {
		{ " nr_regions;", &format.regions }, { " start;", &format.start },
		{ " end;", &format.end }, { " nr_accesses;", &format.accesses },
	};
	char line[256];
	FILE *file = open_event("id");

	if (fscanf(file, "%d", &format.id) != 1)
		die(FAILED, "cannot read the number of the tracepoint damon:damon_aggregated");
	fclose(file);
	file = open_event("format");
	while (fgets(line, sizeof line, file)) {
		const char *offset = strstr(line, "offset:");
		for (size_t i = 0; offset && i < sizeof fields / sizeof *fields; i++)
			if (strstr(line, fields[i].name))
				*fields[i].offset = atoi(offset + strlen("offset:"));
	}
	fclose(file);
	if (!format.regions || !format.start || !format.end || !format.accesses)
		die(FAILED, "the tracepoint damon:damon_aggregated has other fields than known");
}

/* Attaches to one kdamond: 0, or the error. */
static int trace_begin(struct trace *trace, pid_t kdamond)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT, .size = sizeof attr, .config = format.id,
		.sample_period = 1, .sample_type = PERF_SAMPLE_RAW, .wakeup_events = 1,
	};

	trace->fd = syscall(SYS_perf_event_open, &attr, kdamond, -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (trace->fd < 0)
		return errno;
	void *at = mmap(NULL, sysconf(_SC_PAGESIZE) + RING, PROT_READ | PROT_WRITE, MAP_SHARED, trace->fd, 0);
	if (at == MAP_FAILED) {
		int error = errno;
		close(trace->fd);
		trace->fd = -1;
		return error;
	}
	trace->page = at;
	return 0;
}

static void trace_end(struct trace *trace)
{
	if (trace->fd < 0)
		return;
	munmap(trace->page, sysconf(_SC_PAGESIZE) + RING);
	close(trace->fd);
	trace->fd = -1;
}

struct found { uint64_t start, end; unsigned regions, accesses; };

static void copy_out(const struct trace *trace, uint64_t from, void *to, size_t size)
{
	const char *data = (const char *)trace->page + trace->page->data_offset;

	for (size_t i = 0; i < size; i++)
		((char *)to)[i] = data[(from + i) % RING];
}

/* The next region that was told: 0 where there is none yet. */
static int trace_next(struct trace *trace, struct found *found)
{
	struct perf_event_header header;
	char raw[512];

	for (;;) {
		uint64_t head = __atomic_load_n(&trace->page->data_head, __ATOMIC_ACQUIRE);
		uint64_t tail = trace->page->data_tail;
		if (tail == head)
			return 0;
		copy_out(trace, tail, &header, sizeof header);
		size_t size = header.size - sizeof header < sizeof raw ? header.size - sizeof header : sizeof raw;
		copy_out(trace, tail + sizeof header, raw, size);
		__atomic_store_n(&trace->page->data_tail, tail + header.size, __ATOMIC_RELEASE);
		if (header.type != PERF_RECORD_SAMPLE)
			continue;
		const char *event = raw + sizeof(uint32_t);	/* its size stands before it */
		memcpy(&found->regions, event + format.regions, sizeof found->regions);
		memcpy(&found->start, event + format.start, sizeof found->start);
		memcpy(&found->end, event + format.end, sizeof found->end);
		memcpy(&found->accesses, event + format.accesses, sizeof found->accesses);
		return 1;
	}
}

#endif
