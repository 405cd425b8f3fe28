/* entry.h - when each fault began, and what it was: paired with its completion by thread.
 *
 * Two events tell the entry of a fault. page-faults does on every architecture, before
 * the fault is handled. On x86 the tracepoints exceptions:page_fault_user and _kernel
 * also have the processor's error code; they need privilege, cost more, and fire for
 * kernel addresses too, which page-faults and the books leave out.
 *
 * An entry goes into the ring of the minor faults of its CPU: nearly every fault is
 * minor, so that it and its completion lie side by side, and a LOST record between them
 * says that they may not belong together. Then all that are open are void: a latency is
 * right or unknown.
 *
 * An entry that meets an open one of its thread, or its thread's end, was a fault that
 * failed: nothing completed it.
 *
 * Source: perf_sw_event() in arch/x86/mm/fault.c and mm_account_fault() in mm/memory.c;
 * arch/x86/include/asm/trace/exceptions.h and trap_pf.h.
 */
#ifndef FAULTREC_ENTRY_H
#define FAULTREC_ENTRY_H

#include <fcntl.h>
#include <unistd.h>
#include "members.h"
#include "ring.h"
#include "wire.h"

enum { ENTRY_EVENTS_MOST = 2 };

/* Which events tell the entries; none where they were not asked for. */
static struct {
	int latency, types;	/* what of it is told */
	int events;
	uint32_t type, sample_type;
	uint64_t config[ENTRY_EVENTS_MOST];
} entries;

static struct {
	uint64_t begun[PID_MOST];	/* by tid: ns, 0 where none is open */
	uint8_t access[PID_MOST];	/* flags of a fault */
	uint64_t void_until;		/* what began by then says nothing */
	uint64_t open, failed;
} underway;

/* Bits of the error code, arch/x86/include/asm/trap_pf.h. */
enum { PF_PRESENT = 1, PF_WRITE = 2, PF_INSTRUCTION = 16 };

struct raw_entry {	/* a PERF_SAMPLE_RAW of exceptions:page_fault_* */
	uint32_t size;
	uint64_t common, address, ip, error_code;
} __attribute__((packed));

static int tracepoint_id(const char *name, uint64_t *id)
{
	static const char *const roots[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };
	char path[128], text[32];

	for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
		snprintf(path, sizeof path, "%s/events/exceptions/%s/id", roots[i], name);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		ssize_t length = read(fd, text, sizeof text - 1);
		close(fd);
		if (length <= 0)
			continue;
		text[length] = 0;
		*id = strtoull(text, NULL, 10);
		return 1;
	}
	return 0;
}

/* An entry has no address word of its own, perf_tp_event() leaves it 0: so it is told from a fault. */
static int entries_by_tracepoint(uint64_t fault_sample_type)
{
#if defined(__x86_64__)
	entries.events = 2;
	entries.type = PERF_TYPE_TRACEPOINT;
	entries.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_RAW | PERF_SAMPLE_ADDR |
			      (fault_sample_type & PERF_SAMPLE_IP);
	return tracepoint_id("page_fault_user", &entries.config[0]) &&
	       tracepoint_id("page_fault_kernel", &entries.config[1]);
#else
	(void)fault_sample_type;
	return 0;
#endif
}

static void entries_by_page_faults(void)
{
	entries.events = 1;
	entries.type = PERF_TYPE_SOFTWARE;
	entries.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME;
	entries.config[0] = PERF_COUNT_SW_PAGE_FAULTS;
}

static int access_of(uint64_t code)
{
	return FAULT_ACCESS | (code & PF_PRESENT ? FAULT_PRESENT : 0) | (code & PF_WRITE ? FAULT_WRITE : 0) |
	       (code & PF_INSTRUCTION ? FAULT_EXECUTE : 0);
}

/* One that nobody can complete any more has failed. */
static void entry_close(uint32_t tid)
{
	if (tid >= PID_MOST)
		return;
	if (underway.begun[tid] > underway.void_until) {
		underway.failed++;
		underway.open--;
	}
	underway.begun[tid] = 0;
}

static void entry_open(uint32_t tid, uint64_t time, int access)
{
	if (tid >= PID_MOST)	/* -1: of a task that is all but gone, perf_event_pid_type() */
		return;
	entry_close(tid);
	underway.begun[tid] = time;
	underway.access[tid] = access;
	underway.open++;
}

/* ns from the entry to `time`, or LATENCY_UNKNOWN. Adds what the access was. */
static uint64_t entry_complete(uint32_t tid, uint64_t time, uint8_t *flags)
{
	uint64_t begun = tid < PID_MOST ? underway.begun[tid] : 0;

	if (begun)
		underway.begun[tid] = 0;
	if (begun <= underway.void_until || begun > time)
		return LATENCY_UNKNOWN;
	underway.open--;
	*flags |= underway.access[tid];
	return time - begun;
}

/* Records were lost: an open entry may belong to another fault than the next completion. */
static void entries_void(uint64_t time)
{
	underway.void_until = time;
	underway.open = 0;
}

#endif
