/* attach.h - whose faults are recorded: the threads of the targets, or all processes.
 *
 * Threads that exist are opened one by one, those that they create inherit: only
 * threads of the process (attr.inherit_thread, Linux 5.13) or, with -f, forked
 * children too.
 *
 * A thread that appears while its siblings are being opened may have inherited the
 * events or not, so all are closed and opened again until none appeared meanwhile.
 *
 * Above THREADS_MOST threads that costs the target too much (each clone copies the
 * events, each exit folds them back): one pair of events a CPU then records all
 * processes, and the reader drops those of others. So do those that record everybody,
 * or a cgroup (v2) with all that are below it, whose members the kernel tells apart.
 */
#ifndef FAULTREC_ATTACH_H
#define FAULTREC_ATTACH_H

#include <dirent.h>
#include <sched.h>
#include "events.h"

enum { THREADS_MOST = 16 };

static int is_open(pid_t tid, int from)
{
	for (int i = from; i < attached.count; i += events_each())
		if (attached.events[i].tid == tid)
			return 1;
	return 0;
}

/* Opens the threads of a process that are not open yet: how many, -1 where it is gone. */
static int open_new_threads(pid_t pid, int from)
{
	char path[64];
	struct dirent *entry;
	int opened = 0;

	snprintf(path, sizeof path, "/proc/%d/task", pid);
	DIR *dir = opendir(path);
	if (!dir)
		return -1;
	while ((entry = readdir(dir)) != NULL) {
		pid_t tid = atoi(entry->d_name);
		if (tid <= 0 || is_open(tid, from))
			continue;
		int done = open_events(tid);
		if (done < 0)
			die(FAILED, "cannot record process %d: %s", pid, strerror(errno));
		opened += done;
	}
	closedir(dir);
	return opened;
}

/* 1 open, 0 gone. */
static int attach_process(pid_t pid)
{
	int from = attached.count;

	for (int attempt = 1;; attempt++) {
		int opened = open_new_threads(pid, from);
		if (opened <= 0)
			return 0;
		int late = open_new_threads(pid, from);
		if (late > 0 && attempt < ATTACH_ATTEMPTS) {
			close_events(from);
			continue;
		}
		attached.threads += opened;
		attached.unsure += late > 0 ? late : 0;
		return 1;
	}
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

static int threads_of(pid_t pid)
{
	char path[64];
	int threads = 0;

	snprintf(path, sizeof path, "/proc/%d/task", pid);
	DIR *dir = opendir(path);
	if (!dir)
		return 0;
	for (struct dirent *entry; (entry = readdir(dir)) != NULL; )
		threads += entry->d_name[0] != '.';
	closedir(dir);
	return threads;
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
