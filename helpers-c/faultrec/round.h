/* round.h - the rings are read together, in the order of time.
 *
 * What has been written until a round was over is read in the next one. By then no
 * CPU is still busy writing an older record (perf's ordered_events rely on the same).
 * Records wait in the rings, so nothing is copied for it.
 */
#ifndef FAULTREC_ROUND_H
#define FAULTREC_ROUND_H

#include "stretch.h"

/* The word in which a record says its time; all but samples end with it (sample_id_all). */
static inline uint64_t record_time(const struct perf_event_header *record)
{
	size_t at = record->type != PERF_RECORD_SAMPLE ? record->size - 8u :
		    record->size == rings.short_size ? SHORT_TIME : rings.sample_time;

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
	ring->time = is_timed(ring, record) ? record_time(record) : stretch_time(ring);
}

typedef void record_reader(const struct ring *ring, const struct perf_event_header *record);

/* A round: reads in the order of time what happened before the last one was over, or in the final one
 * everything. Returns until when that is. */
static uint64_t rings_read(int is_final, record_reader *reader)
{
	uint64_t limit = is_final ? UINT64_MAX : rings.over;

	if (is_final)
		rings.over = now_ns(CLOCK_MONOTONIC);

	for (int i = 0; i < rings.count; i++) {
		struct ring *ring = &rings.ring[i];
		ring->head = __atomic_load_n(&ring->page->data_head, __ATOMIC_ACQUIRE);
		if (rings.timeless)
			stretch_begin(ring, is_final);
		ring_peek(ring);
	}
	uint64_t over = now_ns(CLOCK_MONOTONIC);
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
			if (rings.timeless)
				stretch_pass(first);
			first->cursor += first->next->size;
			ring_peek(first);
		} while (first->next && first->time <= until);
	}
	for (int i = 0; i < rings.count; i++)
		__atomic_store_n(&rings.ring[i].page->data_tail, rings.ring[i].cursor, __ATOMIC_RELEASE);
	rings.over = over;
	return limit;
}

#endif
