/* call.h - two system calls, made by a thread of another process. */
#ifndef INJECT_CALL_H
#define INJECT_CALL_H

#include "instruction.h"
#include "stop.h"
#include "../uapi/ptrace.h"
#include "../uapi/userfaultfd.h"

enum { STOP_LIMIT_MS = 2000, START_LIMIT_MS = 10000 };

struct opened {
	int fd, number;		/* here, and what it was in the target */
	int64_t stopped_ns;
};

/* A thread that stands in a stop, and what it must get back. */
struct held {
	pid_t pid, tid;
	uint64_t instruction, mask;
	registers before;
	int64_t since;
};

static __attribute__((noreturn)) void die_ended(pid_t pid)
{
	die(WENT, "process %d ended or called exec meanwhile", pid);
}

static __attribute__((noreturn, format(printf, 2, 3)))
void let_go_and_die(const struct held *held, const char *format, ...)
{
	va_list arguments;

	ptrace(PTRACE_DETACH, held->tid, 0, 0);
	va_start(arguments, format);
	vwarn_line(format, arguments);
	exit(FAILED);
}

static void seize(const struct target *target)
{
	if (!ptrace(PTRACE_SEIZE, target->tid, 0, PTRACE_O_TRACESYSGOOD))
		return;
	if (errno == ESRCH)
		die_ended(target->pid);
	die(PREREQUISITE, "cannot trace process %d: %s (another user's, traced by somebody else, or "
	    "kernel.yama.ptrace_scope forbids it)", target->pid, strerror(errno));
}

/* A preempted restartable sequence (rseq(2)) goes on at its abort handler. The
 * kernel would see to that, but not where it finds the thread elsewhere. */
static void abort_rseq(struct held *held, int memory)
{
	struct __ptrace_rseq_configuration at;
	struct { uint32_t version, flags; uint64_t start, length, abort; } sequence;
	uint64_t pointer;

	if (ptrace(PTRACE_GET_RSEQ_CONFIGURATION, held->tid, sizeof at, &at) != sizeof at || !at.rseq_abi_pointer)
		return;
	/* struct rseq: cpu_id_start, cpu_id, then the address of struct rseq_cs */
	if (pread(memory, &pointer, sizeof pointer, at.rseq_abi_pointer + 8) != sizeof pointer || !pointer
	    || pread(memory, &sequence, sizeof sequence, pointer) != sizeof sequence)
		return;
	if (held->before.rip - sequence.start < sequence.length)
		held->before.rip = sequence.abort;
}

/* The memory that a thread has now; -1 where it is no thread of the process. */
static int open_memory(pid_t pid, pid_t tid)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/task/%d/mem", pid, tid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* Stopped, a thread cannot call exec, nor enter seccomp (but for what another one does
 * with SECCOMP_FILTER_FLAG_TSYNC): what was looked at before holds from here on. */
static void check_held(const struct held *held, const struct target *target, int memory)
{
	struct syscall_user_dispatch dispatch = { 0 };
	char path[64], status[4096];

	snprintf(path, sizeof path, "/proc/%d/task/%d/status", held->pid, held->tid);
	if (syscall(SYS_pidfd_send_signal, target->pidfd, 0, NULL, 0) || !is_instruction(memory, held->instruction)
	    || read_file(path, status, sizeof status) <= 0) {
		ptrace(PTRACE_DETACH, held->tid, 0, 0);
		die_ended(held->pid);
	}
	if (seccomp_mode(status) > 0)
		let_go_and_die(held, "process %d " FILTERED, held->pid, seccomp_mode(status));
	if (ptrace(GET_SYSCALL_USER_DISPATCH, held->tid, sizeof dispatch, &dispatch) == 0 && dispatch.mode)
		let_go_and_die(held, "process %d redirects its system calls (PR_SET_SYSCALL_USER_DISPATCH)", held->pid);
}

/* Stops the thread, where two system calls can be made; nothing is changed yet. */
static struct held hold(const struct target *target, uint64_t instruction)
{
	struct held held = { .pid = target->pid, .tid = target->tid, .instruction = instruction };

	seize(target);
	held.since = now_ns();
	int stop = stop_thread(held.tid, is_event_stop, STOP_LIMIT_MS);
	if (stop == ENDED)
		die_ended(held.pid);
	if (stop == TIMED_OUT)	/* our end detaches it */
		die(FAILED, "process %d does not stop: it waits in the kernel, or is frozen", held.pid);
	if (ptrace(PTRACE_GETREGS, held.tid, 0, &held.before)
	    || ptrace(PTRACE_GETSIGMASK, held.tid, sizeof held.mask, &held.mask))
		die_ended(held.pid);
	if (!is_64_bit(&held.before))
		let_go_and_die(&held, "process %d runs 32-bit code", held.pid);
	int memory = open_memory(held.pid, held.tid);
	check_held(&held, target, memory);
	remake_interrupted_call(&held.before);
	abort_rseq(&held, memory);
	close(memory);
	return held;
}

/* Registers and signal mask as they were, then on from a stop inside
 * get_signal(), which is where an interrupted call is made again. */
static void restore(const struct held *held)
{
	uint64_t mask = held->mask;

	ptrace(PTRACE_SETREGS, held->tid, 0, &held->before);
	ptrace(PTRACE_SETSIGMASK, held->tid, sizeof mask, &mask);
	ptrace(PTRACE_INTERRUPT, held->tid, 0, 0);
	if (run_to(held->tid, PTRACE_CONT, is_event_stop, NO_LIMIT) == 0)
		ptrace(PTRACE_DETACH, held->tid, 0, 0);
}

/* A thread that did not enter its call in time, because it is frozen or gets no CPU, and
 * shall not: 0 where it has entered meanwhile, nevertheless. */
static int call_off(const struct held *held)
{
	registers at;

	if (stop_thread(held->tid, is_either_stop, NO_LIMIT) || ptrace(PTRACE_GETREGS, held->tid, 0, &at))
		die_ended(held->pid);
	if (at.rip != held->instruction)
		return 0;
	restore(held);
	die(FAILED, "process %d does not run: it is frozen, or gets no CPU", held->pid);
}

/* Leaves the thread in the stop at the call's end. */
static long call(const struct held *held, long number, unsigned long argument, int limit_ms)
{
	registers at = at_call(&held->before, held->instruction, number, argument);

	if (ptrace(PTRACE_SETREGS, held->tid, 0, &at))
		die_ended(held->pid);
	int entered = run_to(held->tid, PTRACE_SYSCALL, is_syscall_stop, limit_ms);
	if (entered == TIMED_OUT)
		entered = call_off(held);
	if (entered == ENDED || run_to(held->tid, PTRACE_SYSCALL, is_syscall_stop, NO_LIMIT)
	    || ptrace(PTRACE_GETREGS, held->tid, 0, &at))
		die_ended(held->pid);
	return result_of(&at);
}

/* Where a thread of the process can make a call. */
static uint64_t instruction_of(pid_t pid)
{
	int memory = open_memory(pid, pid);

	if (memory < 0 && errno == ESRCH)
		die(FAILED, "process %d has no memory any more: its first thread has ended", pid);
	if (memory < 0)
		die(PREREQUISITE, "cannot open the memory of process %d: %s%s", pid, strerror(errno), denial(errno));
	uint64_t instruction = find_instruction(pid, memory);
	close(memory);
	if (!instruction)
		die(FAILED, "process %d has no syscall instruction that could be used", pid);
	return instruction;
}

/* Opens a userfaultfd in the target, takes it and closes it there. */
static struct opened open_within(struct target *target)
{
	uint64_t none = ~0ULL, instruction = instruction_of(target->pid);
	struct opened opened = { .fd = -1 };

	target->tid = choose_thread(target->pid);	/* last of all: it may go at any time */
	struct held held = hold(target, instruction);
	ptrace(PTRACE_SETSIGMASK, held.tid, sizeof none, &none);
	long number = call(&held, SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY, START_LIMIT_MS);
	int error = 0;
	if (number >= 0) {
		opened.fd = syscall(SYS_pidfd_getfd, target->pidfd, number, 0);
		error = errno;
		call(&held, SYS_close, number, NO_LIMIT);
	}
	restore(&held);
	opened.stopped_ns = now_ns() - held.since;
	opened.number = number;
	if (number < 0)
		die(FAILED, "process %d cannot open a userfaultfd: %s", target->pid, strerror(-number));
	if (opened.fd < 0)
		die(FAILED, "cannot take the userfaultfd of process %d: %s", target->pid, strerror(error));
	return opened;
}

#endif
