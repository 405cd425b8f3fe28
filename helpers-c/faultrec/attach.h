/* attach.h - whose faults are recorded: the threads of the targets, or all processes.
 *
 * What threads create inherits: only threads of the process (attr.inherit_thread,
 * Linux 5.13) or, with -f, forked children too.
 *
 * Above THREADS_MOST threads that costs the target too much (each clone copies the
 * events, each exit folds them back): one pair of events a CPU then records all
 * processes, and the reader drops those of others. So do those that record everybody,
 * or a cgroup (v2) with all that are below it, whose members the kernel tells apart.
 */
#ifndef FAULTREC_ATTACH_H
#define FAULTREC_ATTACH_H

#include <sched.h>
#include "events.h"

enum { THREADS_MOST = 16 };

struct opened { struct attachment attachment; int from; };	/* its first event */

static int is_open(const struct attachment *of, pid_t tid)
{
	for (int i = ((const struct opened *)of)->from; i < attached.count; i += events_each())
		if (attached.events[i].tid == tid)
			return 1;
	return 0;
}

static int open_thread(struct attachment *of, pid_t tid)
{
	int done = open_events(tid);

	if (done < 0)
		die(FAILED, "cannot record process %d: %s", of->pid, strerror(errno));
	return done;
}

static void close_threads(struct attachment *of) { close_events(((struct opened *)of)->from); }

/* 1 open, 0 gone. */
static int attach_process(pid_t pid)
{
	struct opened opened = {
		.attachment = { .pid = pid, .is_open = is_open, .open = open_thread, .close = close_threads },
		.from = attached.count,
	};
	int done = attach_threads(&opened.attachment);

	attached.threads += opened.attachment.threads;
	attached.unsure += opened.attachment.unsure;
	return done;
}

/* For the whole machine: 1, or 0 where that is not allowed. */
static int attach_machine(void)
{
	struct perf_event_attr one_thread = attached.attr;
	int light = attached.light;

	attached.light = 0;	/* it would tell of every switch of the machine */
	attached.attr.inherit = attached.attr.inherit_thread = 0;
	attached.machine = 1;
	if (open_events(-1) > 0) {
		attached.only_targets = 0;
		return 1;
	}
	attached.machine = 0;
	attached.light = light;
	attached.attr = one_thread;
	return 0;
}

/* Who runs on a CPU now is told when he leaves it: which he has done, where this process has been since. */
static void visit_cpus(void)
{
	cpu_set_t before;

	if (sched_getaffinity(0, sizeof before, &before))
		return;
	for (int i = 0; i < rings.count; i += RING_KINDS) {
		cpu_set_t one;
		CPU_ZERO(&one);
		CPU_SET(rings.ring[i].cpu, &one);
		sched_setaffinity(0, sizeof one, &one);
	}
	sched_setaffinity(0, sizeof before, &before);
}

#endif
