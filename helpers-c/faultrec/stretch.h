/* stretch.h - whose a fault is, and when it was, where its sample has an address alone.
 *
 * That is the cheapest sample there is: the number of the thread alone costs a third of
 * what an address does (docs/cost.md). Another event tells into the same ring when a
 * thread comes to this CPU and when it leaves, and the mappings, names, forks and ends.
 * These are the anchors: they have time and thread. Between two of them lies a stretch,
 * all of it done by the thread of the anchor before, which is also that of the one
 * after, unless this says who comes. A stretch has the time of its end: so a mapping
 * that another thread made meanwhile is told before what falls into it.
 *
 * The last stretch has no end yet: what was written of it before the last round was over
 * ends then. One of nobody knows whom waits for the anchor at its end, as long as the
 * ring has room for it.
 *
 * Source: perf_event_switch(), perf_event_header__init_id() in kernel/events/core.c and
 * __perf_output_begin() in ring_buffer.c: an anchor's last words are thread and time, and
 * a LOST record has them only where an anchor was the first to find room again.
 */
#ifndef FAULTREC_STRETCH_H
#define FAULTREC_STRETCH_H

#include "ring.h"

struct lost_record { struct perf_event_header header; uint64_t id, count; };

static struct task only_task;	/* the process, where no other is recorded */

static inline int is_timed(const struct ring *ring, const struct perf_event_header *record)
{
	if (!rings.timeless || ring->kind != MINORS)
		return 1;
	return record->type != PERF_RECORD_SAMPLE &&
	       !(record->type == PERF_RECORD_LOST && record->size == sizeof(struct lost_record));
}

/* Records are aligned to words: the end of the ring cuts none of them. */
static inline const void *word_at(const struct ring *ring, uint64_t position)
{
	return ring->data + (position & ring->mask);
}

static inline const struct perf_event_header *header_at(const struct ring *ring, uint64_t position)
{
	return word_at(ring, position);
}

/* Who ran on the CPU until the anchor at this position, if that can be said. */
static struct task task_before(const struct ring *ring, uint64_t position)
{
	const struct perf_event_header *anchor = header_at(ring, position);

	if (anchor->type == PERF_RECORD_LOST ||	/* and a switch with it, maybe */
	    (anchor->type == PERF_RECORD_SWITCH && !(anchor->misc & PERF_RECORD_MISC_SWITCH_OUT)))
		return (struct task){ 0, 0 };
	return *(const struct task *)word_at(ring, position + anchor->size - 16);
}

/* A round begins, in which all can be told that was written before the last one was over. */
static void stretch_begin(struct ring *ring, int is_last)
{
	struct stretch *stretch = &ring->stretch;

	stretch->readable = is_last ? ring->head : stretch->settled;
	stretch->settled = ring->head;
	stretch->end = ring->cursor;	/* what had no end may have one now */
	stretch->may_wait = !is_last && ring->head - ring->cursor <= ring->mask / 2;
}

/* The stretch at the cursor. One that has to wait has no time, as has one of nobody knows whom. */
static void stretch_find(struct ring *ring)
{
	struct stretch *stretch = &ring->stretch;
	uint64_t at = ring->cursor, lost = 0;

	if (header_at(ring, at)->type == PERF_RECORD_LOST)
		stretch->task = (struct task){ 0, 0 };	/* anchors may be among what was lost */
	for (; at < ring->head && !is_timed(ring, header_at(ring, at)); at += header_at(ring, at)->size)
		if (!lost && at > ring->cursor && header_at(ring, at)->type == PERF_RECORD_LOST)
			lost = at;
	uint64_t end = lost ? lost : at;
	if (!stretch->task.pid && !lost && at < ring->head)
		stretch->task = task_before(ring, at);
	uint64_t time = at < ring->head ? *(const uint64_t *)word_at(ring, at + header_at(ring, at)->size - 8) : UINT64_MAX;
	if (time > rings.over) {
		time = ring->cursor < stretch->readable ? rings.over : UINT64_MAX;
		if (end > stretch->readable)
			end = ring->cursor < stretch->readable ? stretch->readable : ring->head;
	}
	if (!stretch->task.pid)
		stretch->task = only_task;
	if (!stretch->task.pid && !lost && at == ring->head && stretch->may_wait) {
		time = UINT64_MAX;
		end = ring->head;
	}
	stretch->time = time;
	stretch->end = end;
}

static inline uint64_t stretch_time(struct ring *ring)
{
	if (ring->cursor >= ring->stretch.end)
		stretch_find(ring);
	return ring->stretch.time;
}

/* The record at the cursor has been told. Who comes after somebody has left says so, but for one who came
 * while the events were being enabled. */
static inline void stretch_pass(struct ring *ring)
{
	const struct perf_event_header *record = ring->next;

	if (record->type == PERF_RECORD_EXIT ||
	    (record->type == PERF_RECORD_SWITCH && record->misc & PERF_RECORD_MISC_SWITCH_OUT))
		ring->stretch.task = (struct task){ 0, 0 };
	else if (is_timed(ring, record))
		ring->stretch.task = *(const struct task *)((const char *)record + record->size - 16);
}

#endif
