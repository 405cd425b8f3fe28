/* inject.c - run a command with a userfaultfd of another, unmodified process.
 *
 *   inject PID COMMAND [ARG...]
 *
 * COMMAND gets, open across its exec:
 *   fd 3   the userfaultfd of PID's memory, UFFD_USER_MODE_ONLY, without UFFDIO_API yet
 *   fd 4   a pidfd of PID
 *   INJECT_STOPPED_NS in the environment: how long a thread of PID stood still
 *
 * A userfaultfd belongs to the memory of the process that opens it. So a thread
 * of PID is stopped (PTRACE_SEIZE, PTRACE_INTERRUPT) and makes two system calls,
 * userfaultfd and close; in between the descriptor is taken with pidfd_getfd.
 * Its registers are restored in a stop from which the kernel goes on with what
 * was interrupted. Nothing is written into PID's memory.
 *
 * This process has a session of its own and blocks all signals until PID goes on
 * by itself; then it becomes COMMAND. It must not be on a leash (leash.c): who
 * starts it may die at any moment. Only SIGKILL sent to this very process while
 * PID is stopped would leave PID with registers that are not its own.
 *
 * Refused: another user's process without privilege, a kernel thread, a zombie,
 * a 32-bit process, one that is traced, is under seccomp, redirects its system
 * calls (PR_SET_SYSCALL_USER_DISPATCH), or uses userfaultfd itself.
 *
 * Exit: 1 refused; 2 usage; 3 privilege or the kernel lacks; 4 PID ended or called
 * exec meanwhile; 126 COMMAND not executable, 127 not found; else COMMAND's own.
 */
#define _GNU_SOURCE
#include "common.h"

#ifdef __x86_64__

#include <sched.h>
#include <sys/prctl.h>
#include "inject/call.h"
#include "uapi/userfaultfd.h"

enum { USERFAULTFD = 3, PIDFD = 4, ATTEMPTS = 3 };

/* What this process may not do, the target's thread need not try. */
static void check_kernel(void)
{
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);

	if (fd < 0)
		die(PREREQUISITE, "the kernel refuses userfaultfd: %s", strerror(errno));
	close(fd);
}

static struct target identify(pid_t pid)
{
	refuse_process(pid);
	struct target target = { .pid = pid, .pidfd = syscall(SYS_pidfd_open, pid, 0) };
	if (target.pidfd < 0)
		die(errno == ENOSYS ? PREREQUISITE : FAILED, "cannot open process %d: %s", pid, strerror(errno));
	return target;
}

/* A child born while the descriptor was open in its parent has a copy, which
 * would keep the registration alive after us. It has the same number. */
static pid_t child_with_copy(pid_t pid, int number)
{
	char path[64], children[8192];
	DIR *threads = open_threads(pid);

	if (!threads)
		return 0;
	for (pid_t tid; (tid = next_thread(threads));) {
		snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, tid);
		if (read_file(path, children, sizeof children) <= 0)
			continue;
		char *word = children, *end;
		for (long child; (child = strtol(word, &end, 10)) && end != word; word = end) {
			snprintf(path, sizeof path, "/proc/%ld/fd/%d", child, number);
			if (is_userfaultfd(path)) {
				closedir(threads);
				return child;
			}
		}
	}
	closedir(threads);
	return 0;
}

/* The userfaultfd of the target, with no other holder. */
static struct opened open_alone(struct target target)
{
	pid_t child = 0;

	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		struct opened opened = open_within(&target);
		child = child_with_copy(target.pid, opened.number);
		if (!child)
			return opened;
		close(opened.fd);	/* the child's copy was never set up: it does nothing */
	}
	die(FAILED, "process %d forks all the time: its child %d has a copy of the descriptor", target.pid, child);
}

static void hand_over(struct target target, struct opened opened)
{
	char text[32];

	/* Above both numbers first: neither dup2 must close the other's source. */
	int fd = fcntl(opened.fd, F_DUPFD_CLOEXEC, 10), pidfd = fcntl(target.pidfd, F_DUPFD_CLOEXEC, 10);
	if (fd < 0 || pidfd < 0 || dup2(fd, USERFAULTFD) < 0 || dup2(pidfd, PIDFD) < 0)
		die(FAILED, "cannot duplicate a descriptor: %s", strerror(errno));
	snprintf(text, sizeof text, "%ld", (long)opened.stopped_ns);
	setenv("INJECT_STOPPED_NS", text, 1);
}

int main(int argc, char **argv)
{
	sigset_t all, inherited;

	if (argc < 3)
		die(USAGE, "usage: inject PID COMMAND [ARG...]");
	pid_t pid = parse_number("PID", argv[1], 1, 1L << 22);
	prctl(PR_SET_PDEATHSIG, 0);
	setsid();	/* fails where it leads a group: then that is its own already */
	signal(SIGCHLD, SIG_DFL);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &inherited);
	check_kernel();
	struct target target = identify(pid);
	struct opened opened = open_alone(target);
	hand_over(target, opened);
	sigprocmask(SIG_SETMASK, &inherited, NULL);
	execvp(argv[2], argv + 2);
	die(exec_status(errno), "cannot execute '%s': %s", argv[2], strerror(errno));
}

#else

int main(void)
{
	die(PREREQUISITE, "this works on x86-64 only so far");
}

#endif
