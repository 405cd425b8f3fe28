/* evict.h - pages out memory of the process, and notes what may not have been away.
 *
 * Source: process_madvise(2), MADV_PAGEOUT in madvise(2).
 */
#ifndef WSSEVICT_EVICT_H
#define WSSEVICT_EVICT_H

#include <sys/syscall.h>
#include <sys/uio.h>
#include "ranges.h"
#include "target.h"
#include "uapi/mman.h"

enum { AT_ONCE = 16 * PAGE, LOOKS = 4 };

static struct ranges kept;
static uint64_t before, kept_bytes;

static void take_away(uint64_t start, uint64_t end)
{
	struct iovec piece = { (void *)start, end - start };

	if (syscall(SYS_process_madvise, target.pidfd, &piece, 1UL, MADV_PAGEOUT, 0) < 0 && errno == EPERM)
		die(PREREQUISITE, "may not page out memory of pid %d: that needs CAP_SYS_NICE", target.pid);
}

struct look { uint64_t start, present; };	/* a bit a page from `start` on */

static void see(uint64_t start, uint64_t end, uint64_t categories, void *context)
{
	struct look *look = context;

	(void)categories;
	for (; start < end; start += PAGE)
		look->present |= 1ULL << (start - look->start) / PAGE;
}

/* Calls take for each run of pages in [start, end) whose bits are set. */
static void each_run(uint64_t start, uint64_t end, uint64_t bits, void (*take)(uint64_t start, uint64_t end))
{
	for (uint64_t from, at = start; at < end; at += PAGE) {
		for (from = at; at < end && bits >> (at - start) / PAGE & 1; at += PAGE)
			;
		if (at > from)
			take(from, at);
	}
}

static void keep(uint64_t start, uint64_t end)
{
	kept_bytes += end - start;
	ranges_add(&kept, start, end);
}

/* What was there whenever somebody looked may not have been away. Hot pages come back
 * at once: a page that was not there at one look has been touched since. */
static void evict_some(uint64_t start, uint64_t end)
{
	uint64_t stays = ~0ULL >> (64 - (end - start) / PAGE);

	for (int i = 0; i < LOOKS && stays; i++) {
		struct look look = { start, 0 };
		each_run(start, end, stays, take_away);
		if (!each_present(start, end, see, &look))
			return;
		stays &= look.present;
	}
	each_run(start, end, stays, keep);
}

/* A little at a time, so that nothing comes back before it is looked for. */
static void evict_run(uint64_t start, uint64_t end, uint64_t categories, void *context)
{
	(void)categories, (void)context;
	before += end - start;
	for (uint64_t next; start < end; start = next) {
		next = (start / AT_ONCE + 1) * AT_ONCE;
		if (next > end)
			next = end;
		evict_some(start, next);
	}
}

#endif
