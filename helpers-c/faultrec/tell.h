/* tell.h - from perf's records to ours.
 *
 * Source: the comments of enum perf_event_type in linux/perf_event.h, and
 * perf_output_sample() in kernel/events/core.c for the order of a sample's words.
 */
#ifndef FAULTREC_TELL_H
#define FAULTREC_TELL_H

#include "events.h"
#include "entry.h"
#include "members.h"
#include "round.h"
#include "wire.h"

#define CHAIN_MARK ((uint64_t)-4095)	/* PERF_CONTEXT_MAX: above are no addresses */

/* What a fault is told with. */
static struct { int no_ip, physical, chain; } fields;	/* and no thread and time: rings.timeless */

static struct { uint64_t told, foreign; } seen[EVENT_KINDS];
static uint64_t lost_records[RING_KINDS];

struct task_record {	/* PERF_RECORD_FORK and _EXIT */
	struct perf_event_header header;
	uint32_t pid, ppid, tid, ptid;
};

struct mmap_record {	/* PERF_RECORD_MMAP2 */
	struct perf_event_header header;
	uint32_t pid, tid;
	uint64_t start, length, offset;
	uint32_t major, minor;
	uint64_t inode, generation;
	uint32_t protection, flags;
	char path[];
};

struct comm_record { struct perf_event_header header; uint32_t pid, tid; char comm[]; };

static struct prefix prefix(const struct ring *ring, uint32_t pid, uint32_t tid, int flags)
{
	return (struct prefix){ .flags = flags, .cpu = ring->cpu, .pid = pid, .tid = tid, .time = ring->time };
}

/* Of page-faults: tid and time alone. Of a tracepoint: no address. */
static int is_entry(const struct perf_event_header *record)
{
	const uint64_t *word = (const uint64_t *)(record + 1);

	return record->size == rings.short_size || (entries.types && !word[!fields.no_ip + 2]);
}

/* A fault has begun. */
static void take_entry(const struct ring *ring, const struct perf_event_header *record)
{
	const uint64_t *word = (const uint64_t *)(record + 1) + (entries.types && !fields.no_ip);
	const uint32_t *task = (const uint32_t *)word;
	const struct raw_entry *raw = (const void *)(word + 3);

	if ((!attached.only_targets && !is_member(task[0])) || (entries.types && (int64_t)raw->address < 0)) {
		seen[ENTRY_EVENT].foreign++;
		return;
	}
	seen[ENTRY_EVENT].told++;
	entry_open(task[1], ring->time, entries.types ? access_of(raw->error_code) : 0);
}

/* A minor fault whose sample is its address. Nobody knows whose it is after records were lost: so is it. */
static void tell_address(const struct ring *ring, const struct perf_event_header *record)
{
	const struct task *task = &ring->stretch.task;
	int is_kernel = (record->misc & PERF_RECORD_MISC_CPUMODE_MASK) == PERF_RECORD_MISC_KERNEL;

	if (!task->pid)
		return;
	if (!attached.only_targets && !is_member(task->pid)) {
		seen[MINOR_EVENT].foreign++;
		return;
	}
	seen[MINOR_EVENT].told++;
	struct prefix *fault = output_record(FAULT, PREFIX + 8,
					     prefix(ring, task->pid, task->tid, is_kernel ? FAULT_KERNEL : 0));
	*(uint64_t *)(fault + 1) = *(const uint64_t *)(record + 1);
}

/* The words of a sample in the order of perf_output_sample(), kernel/events/core.c. */
static void tell_fault(const struct ring *ring, const struct perf_event_header *record)
{
	const uint64_t *word = (const uint64_t *)(record + 1);
	uint64_t ip = fields.no_ip ? 0 : *word++;
	const uint32_t *task = (const uint32_t *)word++;
	word++;	/* the time */
	uint64_t address = *word++, links = 0;
	const uint64_t *chain = NULL;

	if (!attached.only_targets && !is_member(task[0])) {
		seen[ring->kind].foreign++;
		return;
	}
	seen[ring->kind].told++;
	if (fields.chain) {
		uint64_t all = *word++;
		chain = word;
		word += all;
		for (uint64_t i = 0; i < all; i++)
			links += chain[i] < CHAIN_MARK;
	}
	int is_kernel = (record->misc & PERF_RECORD_MISC_CPUMODE_MASK) == PERF_RECORD_MISC_KERNEL;
	uint8_t flags = (ring->kind == OTHERS ? FAULT_MAJOR : 0) | (is_kernel ? FAULT_KERNEL : 0);
	uint64_t latency = entries.events ? entry_complete(task[1], ring->time, &flags) : 0;
	size_t words = 1 + !fields.no_ip + entries.latency + 2 * fields.physical + links;
	struct prefix *fault = output_record(FAULT, PREFIX + 8 * words, prefix(ring, task[0], task[1], flags));
	uint64_t *out = (uint64_t *)(fault + 1);
	*out++ = address;
	if (!fields.no_ip)
		*out++ = ip;
	if (entries.latency)
		*out++ = latency;
	if (fields.physical) {
		*out++ = word[0];
		*out++ = word[1];
	}
	for (uint64_t i = 0; links && i < (uint64_t)(word - chain); i++)
		if (chain[i] < CHAIN_MARK)
			*out++ = chain[i];
}

static void tell_mmap(const struct ring *ring, const struct mmap_record *from)
{
	size_t path = strlen(from->path) / 8 * 8 + 8;
	struct wire_mmap *out = output_record(MMAP, sizeof *out + path, prefix(ring, from->pid, from->tid, 0));

	out->start = from->start;
	out->end = from->start + from->length;
	out->offset = from->offset;
	out->inode = from->inode;
	out->protection = from->protection;
	out->flags = from->flags;
	out->major = from->major;
	out->minor = from->minor;
	strncpy(out->path, from->path, path);
}

static void tell_comm(const struct ring *ring, const struct comm_record *from)
{
	int flags = from->header.misc & PERF_RECORD_MISC_COMM_EXEC ? COMM_EXEC : 0;
	struct wire_comm *out = output_record(COMM, sizeof *out, prefix(ring, from->pid, from->tid, flags));

	memset(out->comm, 0, COMM_SIZE);
	memcpy(out->comm, from->comm, strnlen(from->comm, COMM_SIZE - 1));
}

static void tell_task(enum kind kind, const struct ring *ring, const struct task_record *from)
{
	struct wire_task *out = output_record(kind, sizeof *out, prefix(ring, from->pid, from->tid, 0));

	out->parent_pid = from->ppid;
	out->parent_tid = from->ptid;
	if (kind == FORK && attached.follow)
		member_join(from->pid);
	if (kind == EXIT && entries.events)
		entry_close(from->tid);
}

static void tell_lost(const struct ring *ring, uint64_t count)
{
	int flags = ring->kind == OTHERS ? LOST_OTHERS : 0;
	struct wire_lost *out = output_record(LOST, sizeof *out, prefix(ring, 0, 0, flags));

	out->count = count;
	lost_records[ring->kind] += count;
	entries_void(ring->time);
}

/* Whom a record other than a sample is about: the parent, for a fork. */
static int concerns_us(const struct perf_event_header *record)
{
	const struct task_record *task = (const void *)record;

	return is_member(record->type == PERF_RECORD_FORK ? task->ppid : task->pid);
}

static void tell(const struct ring *ring, const struct perf_event_header *record)
{
	const void *any = record;

	if (record->type == PERF_RECORD_SAMPLE && !is_timed(ring, record))
		tell_address(ring, record);
	else if (record->type == PERF_RECORD_SAMPLE && is_entry(record))
		take_entry(ring, record);
	else if (record->type == PERF_RECORD_SAMPLE)
		tell_fault(ring, record);
	else if (record->type == PERF_RECORD_LOST)
		tell_lost(ring, ((const struct lost_record *)any)->count);
	else if (!attached.only_targets && !concerns_us(record))
		return;
	else if (record->type == PERF_RECORD_MMAP2)
		tell_mmap(ring, any);
	else if (record->type == PERF_RECORD_COMM)
		tell_comm(ring, any);
	else if (record->type == PERF_RECORD_FORK)
		tell_task(FORK, ring, any);
	else if (record->type == PERF_RECORD_EXIT)
		tell_task(EXIT, ring, any);
}

#endif
