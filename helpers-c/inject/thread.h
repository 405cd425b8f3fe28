/* thread.h - which thread of a process makes the calls.
 *
 * Source: proc_pid_status(5), proc_pid_syscall(5), proc_tid_children(5), kcmp(2).
 */
#ifndef INJECT_THREAD_H
#define INJECT_THREAD_H

#include <linux/kcmp.h>
#include <sys/socket.h>
#include "target.h"
#include "threads.h"

/* How often a process that cannot be stopped is looked at, each 10 ms. */
enum { PATIENCE = 30 };
#define CANNOT_STOP "cannot be stopped now"

/* Calls that end with EINTR at any stop, without the kernel's own restart
 * (signal(7), "Interruption of system calls by stop signals"). Nothing has
 * happened when they do, so they can be made again; a timeout begins anew. */
static int must_be_remade(long call)
{
	static const long calls[] = {
		SYS_epoll_wait, SYS_epoll_pwait, SYS_epoll_pwait2, SYS_semop, SYS_semtimedop,
		SYS_rt_sigtimedwait, SYS_io_getevents, SYS_io_pgetevents, SYS_io_uring_enter,
		SYS_read, SYS_readv, SYS_recvfrom, SYS_recvmsg, SYS_recvmmsg, SYS_accept, SYS_accept4,
		SYS_connect, SYS_write, SYS_writev, SYS_sendto, SYS_sendmsg, SYS_sendmmsg,
	};

	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
		if (calls[i] == call)
			return 1;
	return 0;
}

/* Calls that, where they wait, have done a part and end with it at any stop: a program
 * that never gets a signal may count on all of it. `text` is of /proc/TID/syscall. */
static int would_end_early(const char *text)
{
	unsigned long call, first, second, third, fourth;

	if (sscanf(text, "%lu %lx %lx %lx %lx", &call, &first, &second, &third, &fourth) != 5)
		return 0;
	switch (call) {
	case SYS_write: case SYS_writev: case SYS_sendto: case SYS_sendmsg: case SYS_sendmmsg: return 1;
	case SYS_recvfrom: return (fourth & MSG_WAITALL) != 0;
	case SYS_recvmsg: return (third & MSG_WAITALL) != 0;
	default: return 0;
	}
}

/* Under seccomp a call that its filter does not expect may kill it. */
static long seccomp_mode(const char *status) { return status_field(status, "Seccomp"); }
#define FILTERED "is under seccomp (Seccomp: %ld), which may kill it for a system call that it does not expect"

/* How little a stop disturbs a thread: 0 not at all, 1 a timeout may begin anew;
 * -1 not this one, and why. */
static int rank_thread(pid_t pid, pid_t tid, const char **why)
{
	static char reason[128];
	char path[300], status[4096], call[256];

	snprintf(path, sizeof path, "/proc/%d/task/%d/status", pid, tid);
	if (read_file(path, status, sizeof status) <= 0)
		return -1;
	char state = status_state(status);
	long tracer = status_field(status, "TracerPid");
	if (tracer > 0)
		snprintf(reason, sizeof reason, "is traced by process %ld (a debugger, strace)", tracer);
	else if (seccomp_mode(status) > 0)
		snprintf(reason, sizeof reason, FILTERED, seccomp_mode(status));
	else if (!strchr("RST", state))
		snprintf(reason, sizeof reason, CANNOT_STOP ": its state is %c%s", state,
			 state == 'D' ? " (waits for a device, or for its vfork child)" : "");
	else {
		snprintf(path, sizeof path, "/proc/%d/task/%d/syscall", pid, tid);
		if (read_file(path, call, sizeof call) <= 0)
			return 1;
		if (state != 'S' || !would_end_early(call))
			return must_be_remade(atol(call));
		snprintf(reason, sizeof reason, CANNOT_STOP ": it waits in a call that would end half done");
	}
	*why = reason;
	return -1;
}

static const char ended[] = "has ended";

/* The thread that a stop disturbs least; 0 where there is none, and why. */
static pid_t find_thread(pid_t pid, const char **why)
{
	DIR *threads = open_threads(pid);
	pid_t chosen = 0;

	*why = ended;
	if (!threads)
		return 0;
	for (pid_t tid; (tid = next_thread(threads));) {
		int rank = rank_thread(pid, tid, why);
		if (rank == 0 || (rank == 1 && !chosen))
			chosen = tid;
		if (rank == 0)
			break;
	}
	closedir(threads);
	return chosen;
}

/* A vfork child runs in its parent's memory: until it calls exec, that would be measured
 * instead. 0 where it has its own. */
static pid_t shares_memory_with(pid_t pid)
{
	char path[64], status[4096];

	snprintf(path, sizeof path, "/proc/%d/status", pid);
	pid_t parent = read_file(path, status, sizeof status) > 0 ? status_field(status, "PPid") : 0;
	return parent > 0 && syscall(SYS_kcmp, pid, parent, KCMP_VM, 0, 0) == 0 ? parent : 0;
}

/* The thread to stop. What keeps it from that may be short: a vfork, above all. */
static pid_t choose_thread(pid_t pid)
{
	const char *why;
	pid_t parent;
	struct timespec nap = { .tv_nsec = 10000000 };

	for (int i = 0; (parent = shares_memory_with(pid)); nanosleep(&nap, NULL))
		if (++i == PATIENCE)
			die(FAILED, "process %d " CANNOT_STOP ": it runs in the memory of its parent, %d", pid, parent);
	for (int i = 0; i < PATIENCE; i++, nanosleep(&nap, NULL)) {
		pid_t chosen = find_thread(pid, &why);
		if (chosen)
			return chosen;
		if (strncmp(why, CANNOT_STOP, strlen(CANNOT_STOP)))
			break;
	}
	die(why == ended ? WENT : FAILED, "process %d %s", pid, why);
}

#endif
