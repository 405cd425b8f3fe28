/* blocked.c - a process that waits in one system call, and tells how the call ended.
 *
 *   blocked CALL
 *
 * A byte on stdin wakes it, through a child of its own, once:
 *   read write nanosleep futex futex-timed epoll epoll-timed poll ppoll select
 *   sigwait sigsuspend semop accept flock wait
 * write fills a pipe, until the child reads. nanosleep is not woken: it lasts WAIT_MS. Two more, which also take signals:
 *   handler   epoll_wait that a signal's handler must end with EINTR
 *   storm     no wait: it computes while real-time signals are queued, as fast as
 *             they can be, from the byte until stdin ends; result: how many were lost
 *
 * Output, a JSON object a line:
 *   ready  pid, call
 *   ended  result, error (errno's name, or null), elapsedNs, handled (signals)
 *
 * Exit: 0; 1 the call is not here; 2 usage.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "clock.h"
#include "common.h"

enum { WAIT_MS = 2500, FOREVER_MS = 600000, WRITTEN = 1 << 20 };

static struct { int *word, pipe[2], epoll, semaphore, listener, file, other, child; } with;
static volatile sig_atomic_t handled;

static void count_signal(int number) { (void)number; handled++; }

static sigset_t one_signal(int number)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	return set;
}

/* How each call waits, in the parent. All are made without glibc's own retries. */
static long wait_read(void) { char byte; return syscall(SYS_read, with.pipe[0], &byte, 1); }
static long wait_write(void) { static char bytes[WRITTEN]; return write(with.pipe[1], bytes, WRITTEN); }
static long wait_sleep(void) { struct timespec t = { WAIT_MS / 1000, WAIT_MS % 1000 * 1000000L }; return syscall(SYS_nanosleep, &t, NULL); }
static long wait_futex(void) { return syscall(SYS_futex, with.word, FUTEX_WAIT, 0, NULL); }
static long wait_futex_timed(void) { struct timespec t = { 600, 0 }; return syscall(SYS_futex, with.word, FUTEX_WAIT, 0, &t); }
static long wait_epoll(void) { struct epoll_event e; return epoll_wait(with.epoll, &e, 1, -1); }
static long wait_epoll_timed(void) { struct epoll_event e; return epoll_wait(with.epoll, &e, 1, FOREVER_MS); }
static long wait_poll(void) { struct pollfd p = { with.pipe[0], POLLIN, 0 }; return poll(&p, 1, FOREVER_MS); }
static long wait_ppoll(void) { struct pollfd p = { with.pipe[0], POLLIN, 0 }; struct timespec t = { 600, 0 }; sigset_t s = one_signal(SIGUSR2); return ppoll(&p, 1, &t, &s); }
static long wait_select(void) { fd_set s; FD_ZERO(&s); FD_SET(with.pipe[0], &s); struct timeval t = { 600, 0 }; return select(with.pipe[0] + 1, &s, NULL, NULL, &t); }
static long wait_sigwait(void) { sigset_t s = one_signal(SIGUSR1); struct timespec t = { 600, 0 }; return syscall(SYS_rt_sigtimedwait, &s, NULL, &t, 8); }
static long wait_sigsuspend(void) { sigset_t s = one_signal(SIGUSR2); return sigsuspend(&s); }
static long wait_semop(void) { struct sembuf op = { 0, -1, 0 }; return semop(with.semaphore, &op, 1); }
static long wait_accept(void) { return accept(with.listener, NULL, NULL) < 0 ? -1 : 0; }
static long wait_flock(void) { return flock(with.other, LOCK_EX); }
static long wait_wait(void) { return syscall(SYS_wait4, with.child, NULL, 0, NULL) == with.child ? 0 : -1; }

/* Computes until the child says how many signals it has queued, and none of them waits. */
static long wait_storm(void)
{
	volatile int *sent = with.word;
	sigset_t waiting;

	do
		sigpending(&waiting);
	while (!*sent || sigismember(&waiting, SIGRTMIN));
	return *sent - handled;
}

/* How the child ends the wait. */
static void wake_pipe(void) { if (write(with.pipe[1], "x", 1) != 1) _exit(FAILED); }
static void wake_drain(void) { char bytes[1 << 12]; for (long left = WRITTEN, got; left > 0; left -= got) if ((got = read(with.pipe[0], bytes, sizeof bytes)) <= 0) _exit(FAILED); }
static void wake_futex(void) { *with.word = 1; syscall(SYS_futex, with.word, FUTEX_WAKE, INT_MAX); }
static void wake_signal(void) { kill(getppid(), SIGUSR1); }
static void wake_semop(void) { struct sembuf op = { 0, 1, 0 }; semop(with.semaphore, &op, 1); }
static void wake_flock(void) { flock(with.file, LOCK_UN); }
static void wake_nothing(void) { }

static void wake_accept(void)
{
	struct sockaddr_un name;
	socklen_t length = sizeof name;

	getsockname(with.listener, (struct sockaddr *)&name, &length);
	if (connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&name, length))
		_exit(FAILED);
}

static void wake_storm(void)
{
	struct pollfd stdin_ends = { STDIN_FILENO, POLLIN, 0 };
	int sent = 0;

	while (poll(&stdin_ends, 1, 0) == 0)
		if (sigqueue(getppid(), SIGRTMIN, (union sigval){ .sival_int = sent }) == 0)
			sent++;
		else
			usleep(100);	/* RLIMIT_SIGPENDING: as many wait as may */
	*with.word = sent;
}

static const struct { const char *name; long (*wait)(void); void (*wake)(void); } calls[] = {
	{ "read", wait_read, wake_pipe }, { "write", wait_write, wake_drain }, { "nanosleep", wait_sleep, wake_nothing },
	{ "futex", wait_futex, wake_futex }, { "futex-timed", wait_futex_timed, wake_futex },
	{ "epoll", wait_epoll, wake_pipe }, { "epoll-timed", wait_epoll_timed, wake_pipe },
	{ "poll", wait_poll, wake_pipe }, { "ppoll", wait_ppoll, wake_pipe },
	{ "select", wait_select, wake_pipe }, { "sigwait", wait_sigwait, wake_signal },
	{ "sigsuspend", wait_sigsuspend, wake_signal }, { "semop", wait_semop, wake_semop },
	{ "accept", wait_accept, wake_accept }, { "flock", wait_flock, wake_flock },
	{ "wait", wait_wait, wake_nothing }, { "handler", wait_epoll_timed, wake_signal },
	{ "storm", wait_storm, wake_storm },
};

static void prepare(void)
{
	struct sockaddr_un any = { .sun_family = AF_UNIX };	/* the kernel gives it a name */
	struct epoll_event readable = { .events = EPOLLIN };

	with.word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	with.epoll = epoll_create1(EPOLL_CLOEXEC);
	with.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char path[] = "/tmp/blocked-XXXXXX";
	with.file = mkostemp(path, O_CLOEXEC);
	with.other = open(path, O_RDWR | O_CLOEXEC);
	unlink(path);
	if (pipe(with.pipe) || epoll_ctl(with.epoll, EPOLL_CTL_ADD, with.pipe[0], &readable)
	    || bind(with.listener, (struct sockaddr *)&any, sizeof any.sun_family) || listen(with.listener, 1)
	    || with.file < 0 || flock(with.file, LOCK_EX))
		die(FAILED, "cannot prepare: %s", strerror(errno));
}

/* The child: waits for its byte, wakes, and ends. */
static __attribute__((noreturn)) void wake_at_byte(void (*wake)(void))
{
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (read(STDIN_FILENO, &byte, 1) == 1)
		wake();
	_exit(0);
}

int main(int argc, char **argv)
{
	sigset_t usr1 = one_signal(SIGUSR1);
	size_t at = 0;

	while (argc == 2 && at < sizeof calls / sizeof *calls && strcmp(calls[at].name, argv[1]))
		at++;
	if (argc != 2 || at == sizeof calls / sizeof *calls)
		die(USAGE, "usage: blocked CALL  (see its source)");
	prepare();
	if (!strcmp(argv[1], "semop"))
		with.semaphore = semget(IPC_PRIVATE, 1, 0600);
	signal(SIGUSR1, count_signal);
	signal(SIGRTMIN, count_signal);
	if (!strncmp(argv[1], "sig", 3))
		sigprocmask(SIG_BLOCK, &usr1, NULL);
	with.child = fork();
	if (with.child == 0)
		wake_at_byte(calls[at].wake);
	close(with.file);	/* the lock is the child's now */
	printf("{\"type\":\"ready\",\"pid\":%d,\"call\":\"%s\"}\n", getpid(), argv[1]);
	fflush(stdout);
	int64_t begin = now_ns();
	errno = 0;
	long result = calls[at].wait();
	int error = errno;
	printf("{\"type\":\"ended\",\"result\":%ld,\"error\":%s%s%s,\"elapsedNs\":%ld,\"handled\":%d}\n", result,
	       result < 0 ? "\"" : "", result < 0 ? strerrorname_np(error) : "null", result < 0 ? "\"" : "",
	       now_ns() - begin, (int)handled);
	if (!strcmp(argv[1], "semop"))
		semctl(with.semaphore, 0, IPC_RMID);
	return 0;
}
