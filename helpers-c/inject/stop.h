/* stop.h - the stops of a traced thread, after ptrace(2).
 *
 * PTRACE_SEIZE and PTRACE_INTERRUPT: no SIGSTOP is sent, nobody else learns of
 * the stop. Signals that the thread gets on the way are passed on.
 */
#ifndef INJECT_STOP_H
#define INJECT_STOP_H

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include "clock.h"
#include "thread.h"

/* What came instead of the stop that was waited for. */
enum { ENDED = -1, TIMED_OUT = -2 };

enum { SYSCALL_STOP = SIGTRAP | 0x80, NO_LIMIT = -1 };

static int is_event_stop(int status) { return status >> 16 == PTRACE_EVENT_STOP; }
static int is_syscall_stop(int status) { return status >> 8 == SYSCALL_STOP; }
static int is_either_stop(int status) { return is_event_stop(status) || is_syscall_stop(status); }

/* The signal that the thread was about to get at this stop; 0 where it is of another
 * kind. It gets it only if it is passed on: otherwise it is lost. */
static int signal_at(int status)
{
	return status >> 16 || is_syscall_stop(status) ? 0 : WSTOPSIG(status);
}

/* The status of the next stop, ENDED, or TIMED_OUT. Each stop sends us SIGCHLD,
 * which is blocked like all others and so can be waited for. */
static int wait_stop(pid_t tid, int limit_ms)
{
	int64_t deadline = now_ns() + limit_ms * 1000000LL;
	struct timespec nap = { .tv_nsec = 20000000 };
	sigset_t child;
	int status;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	for (;;) {
		pid_t got = waitpid(tid, &status, __WALL | WNOHANG);
		if (got == tid)
			return WIFSTOPPED(status) ? status : ENDED;
		if (got < 0)	/* another thread's exec took it away */
			return ENDED;
		if (limit_ms != NO_LIMIT && now_ns() > deadline)
			return TIMED_OUT;
		sigtimedwait(&child, NULL, &nap);
	}
}

/* Lets the thread run on (PTRACE_CONT, PTRACE_SYSCALL), with this signal, to a stop
 * of this kind: 0, ENDED or TIMED_OUT. Stops of the process (SIGSTOP) do not hold
 * it up: the kernel stops it again when it is detached, if the process still is then. */
static int run_on(pid_t tid, enum __ptrace_request how, int signal, int (*wanted)(int status), int limit_ms)
{
	for (;;) {
		if (ptrace(how, tid, 0, signal))
			return ENDED;
		int status = wait_stop(tid, limit_ms);
		if (status < 0 || wanted(status))
			return status < 0 ? status : 0;
		signal = signal_at(status);
	}
}

/* From a stop that is no signal's. */
static int run_to(pid_t tid, enum __ptrace_request how, int (*wanted)(int status), int limit_ms)
{
	return run_on(tid, how, 0, wanted, limit_ms);
}

/* From running to a stop of this kind: 0, ENDED or TIMED_OUT. A signal may come first,
 * between PTRACE_SEIZE and here. */
static int stop_thread(pid_t tid, int (*wanted)(int status), int limit_ms)
{
	if (ptrace(PTRACE_INTERRUPT, tid, 0, 0))
		return ENDED;
	int status = wait_stop(tid, limit_ms);
	if (status < 0 || wanted(status))
		return status < 0 ? status : 0;
	return run_on(tid, PTRACE_CONT, signal_at(status), wanted, limit_ms);
}

#endif
