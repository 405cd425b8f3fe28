/* launch.c - hold a command before its first instruction until told to go.
 *
 *   launch -- COMMAND [ARG...]    3<control 4>report
 *
 * fd 3, control, read: the byte "g" lets COMMAND go. Its end before that, any
 * other byte, or SIGTERM: COMMAND is never started.
 * fd 4, report, written line by line:
 *
 *   held PID             COMMAND's process waits and takes no more faults
 *   running              exec succeeded
 *   error ERRNO TEXT     exec failed; nothing follows
 *   ended STATUS MINFLT MAJFLT UTIME STIME
 *                        exit code or 128 + signal; faults and user and system
 *                        time (clock ticks) of the whole process, threads that
 *                        have ended included; "-" where /proc did not tell
 *
 * The last line is read from /proc while COMMAND is a zombie (waitid WNOWAIT):
 * nothing can fault any more and the kernel's counters are still there. It stays
 * one until fd 3 has ended, so that who holds the other end can read them too.
 *
 * COMMAND keeps stdin, stdout and stderr, the signal mask and the ignored
 * SIGINT, SIGQUIT and SIGHUP that launch was started with; fds 3 and 4 do not
 * reach it. Ctrl-C goes to the whole group and launch ignores it: COMMAND
 * decides. SIGTERM is passed on. Once it runs, COMMAND does not depend on the
 * other ends of fds 3 and 4: launch goes on waiting.
 *
 * Exit: COMMAND's, 128 + n if it died by signal n; 1 never started (143 after
 * SIGTERM); 2 usage; 126 not executable; 127 not found.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common.h"

enum { CONTROL = 3, REPORT = 4, STACK_FOR_EXEC = 64 << 10 };

/* What launch changes for itself and COMMAND gets back. */
static const int ignored[] = { SIGINT, SIGQUIT, SIGHUP, SIGPIPE };
enum { IGNORED = sizeof ignored / sizeof *ignored };
static struct sigaction inherited[IGNORED];
static sigset_t inherited_mask;

struct held {
	pid_t pid;
	int ready, go, failure;	/* ready and failure are read, go is written */
};

__attribute__((format(printf, 1, 2)))
static void report(const char *format, ...)
{
	char line[256];
	va_list arguments;

	va_start(arguments, format);
	int length = vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	/* Nobody may be there to read it; COMMAND goes on all the same. */
	if (write(REPORT, line, length) < 0)
		return;
}

static void make_pipe(int ends[2])
{
	if (pipe2(ends, O_CLOEXEC))
		die(FAILED, "cannot create a pipe: %s", strerror(errno));
}

/* A signalfd instead of handlers: one poll sees signals and the control pipe. */
static int take_signals(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t set;

	for (int i = 0; i < IGNORED; i++)
		sigaction(ignored[i], &ignore, &inherited[i]);
	signal(SIGCHLD, SIG_DFL);	/* an inherited SIG_IGN would reap for us */
	signal(SIGTERM, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &inherited_mask);
	int fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd < 0)
		die(FAILED, "cannot create a signalfd: %s", strerror(errno));
	return fd;
}

static void give_signals_back(void)
{
	for (int i = 0; i < IGNORED; i++)
		sigaction(ignored[i], &inherited[i], NULL);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &inherited_mask, NULL);
}

/* Touched ahead, so that the search through PATH finds its stack in memory. */
static __attribute__((noinline)) void touch_stack(void)
{
	volatile char room[STACK_FOR_EXEC];

	for (size_t i = 0; i < sizeof room; i += 4096)
		room[i] = 1;
}

/* The child: two equal rounds of "ready", "go on". The first one faults in all
 * that the second one needs (fork copies no page table of file mappings), so
 * after the second "ready" there is not one more fault until it is let go. */
static __attribute__((noreturn)) void wait_and_exec(char **command, int ready, int go, int failure)
{
	char byte = 'r';

	close(CONTROL);
	close(REPORT);
	give_signals_back();
	touch_stack();
	for (int round = 0; round < 2; round++)
		if (write(ready, &byte, 1) != 1 || read(go, &byte, 1) != 1)
			_exit(FAILED);
	execvp(command[0], command);
	int error = errno;
	if (write(failure, &error, sizeof error) != sizeof error)
		_exit(CANNOT_EXECUTE);
	_exit(exec_status(error));
}

static struct held hold(char **command)
{
	int ready[2], go[2], failure[2];
	char byte;

	make_pipe(ready);
	make_pipe(go);
	make_pipe(failure);
	pid_t pid = fork();
	if (pid < 0)
		die(FAILED, "cannot fork: %s", strerror(errno));
	if (pid == 0) {
		/* Else the child would keep its own pipe from ending. */
		close(go[1]);
		wait_and_exec(command, ready[1], go[0], failure[1]);
	}
	close(ready[1]);
	close(go[0]);
	close(failure[1]);
	if (read(ready[0], &byte, 1) == 1 && write(go[1], &byte, 1) == 1
	    && read(ready[0], &byte, 1) == 1)
		report("held %d\n", pid);
	return (struct held){ pid, ready[0], go[1], failure[0] };
}

/* Waits for "g". 0: go; else the status to exit with. A child killed while
 * held counts as told to go: it has an end to report. */
static int wait_for_go(int signals, const struct held *held)
{
	struct pollfd polled[] = { { .fd = signals, .events = POLLIN },
				   { .fd = CONTROL, .events = POLLIN } };

	for (;;) {
		siginfo_t info = { 0 };
		if (!waitid(P_PID, held->pid, &info, WEXITED | WNOWAIT | WNOHANG) && info.si_pid)
			return 0;
		if (poll(polled, 2, -1) < 0 && errno != EINTR)
			return FAILED;
		if (polled[0].revents & POLLIN) {
			struct signalfd_siginfo signal;
			if (read(signals, &signal, sizeof signal) == sizeof signal
			    && signal.ssi_signo == SIGTERM)
				return 128 + SIGTERM;
		}
		if (polled[1].revents) {
			char byte = 0;
			return read(CONTROL, &byte, 1) == 1 && byte == 'g' ? 0 : FAILED;
		}
	}
}

/* Lets it go and reports whether exec succeeded: then the pipe just ends. */
static void let_go(const struct held *held)
{
	int error;

	if (write(held->go, "g", 1) != 1)
		return;
	if (read(held->failure, &error, sizeof error) != sizeof error) {
		report("running\n");
		return;
	}
	report("error %d %s\n", error, strerror(error));
	waitpid(held->pid, NULL, 0);
	exit(exec_status(error));
}

/* Returns when it has ended, still a zombie. Stopping is not ending. */
static void wait_for_end(int signals, pid_t pid, siginfo_t *end)
{
	for (;;) {
		struct signalfd_siginfo signal;

		end->si_pid = 0;
		if (!waitid(P_PID, pid, end, WEXITED | WNOWAIT | WNOHANG) && end->si_pid)
			return;
		if (read(signals, &signal, sizeof signal) == sizeof signal
		    && signal.ssi_signo == SIGTERM)
			kill(pid, SIGTERM);
	}
}

static void report_end(pid_t pid, int status)
{
	char path[64], text[1024] = "";
	unsigned long minor, major, user, system;

	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	FILE *file = fopen(path, "re");
	if (file) {
		text[fread(text, 1, sizeof text - 1, file)] = 0;
		fclose(file);
	}
	/* proc_pid_stat(5): comm may hold anything, ")" too; state is field 3. */
	char *rest = strrchr(text, ')');
	if (rest && sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %lu %*u %lu %*u %lu %lu",
			   &minor, &major, &user, &system) == 4)
		report("ended %d %lu %lu %lu %lu\n", status, minor, major, user, system);
	else
		report("ended %d - - - -\n", status);
}

/* Returns when the other end of fd 3 is closed: nobody will look at the zombie any more. */
static void wait_for_leave(void)
{
	char byte;

	while (read(CONTROL, &byte, 1) == 1)
		;
}

int main(int argc, char **argv)
{
	siginfo_t end = { 0 };

	if (argc < 3 || strcmp(argv[1], "--"))
		die(USAGE, "usage: launch -- COMMAND [ARG...]  3<control 4>report");
	if (fcntl(CONTROL, F_SETFD, FD_CLOEXEC) || fcntl(REPORT, F_SETFD, FD_CLOEXEC))
		die(USAGE, "file descriptors 3 and 4 must be open: control and report");

	int signals = take_signals();
	struct held held = hold(argv + 2);
	int refused = wait_for_go(signals, &held);
	if (refused) {
		kill(held.pid, SIGKILL);	/* not even a stopped one stays behind */
		waitpid(held.pid, NULL, 0);
		return refused;
	}
	let_go(&held);
	wait_for_end(signals, held.pid, &end);
	int status = end.si_code == CLD_EXITED ? end.si_status : 128 + end.si_status;
	report_end(held.pid, status);
	wait_for_leave();
	waitpid(held.pid, NULL, 0);
	return status;
}
