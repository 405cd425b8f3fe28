/* zramswap.c - compressed memory as swap, for as long as somebody wants it.
 *
 *   zramswap MIB
 *
 * Adds a zram device of MIB MiB, swaps on it, and says {"type":"ready","device":"/dev/zram0"} on stdout.
 * When its standard input ends, or by SIGTERM, SIGINT or SIGHUP, it swaps off and removes the device, however its
 * parent ended. It has a session of its own, so that a Ctrl-C of the terminal does not meet it.
 *
 * Swapping off brings back what is in it: {"type":"gone"}. Where there is no room for that, a line on stderr and exit 1.
 *
 * A second process of it, the guard, takes down whatever is left when this one has ended, even by SIGKILL, and goes
 * on until there is room.
 *
 * Exit: 0; 1; 2 usage; 3 no zram here, or no privilege.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include "common.h"
#include "zramswap/device.h"

enum { NONE = -1, ATTEMPTS = 100, PAUSE_US = 50000, GUARD_PAUSE_US = 1000000 };

static long mib;
static volatile int *device;	/* its number, or NONE; all processes see it */
static int alive[2];		/* the first end is the guard's, which reads the end of all who have the second */

/* Runs it in a process of its own, and not in this one's group: the one may be killed without the other. */
static pid_t start(int (*run)(void))
{
	pid_t pid = fork();

	if (pid == 0) {
		setsid();
		exit(run());
	}
	return pid;
}

/* Its exit status, or `otherwise` where it had none. */
static int end_of(pid_t pid, int otherwise)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return otherwise;
	return WIFEXITED(status) ? WEXITSTATUS(status) : otherwise;
}

static int set_up(void)
{
	*device = device_add();
	device_swap_on(*device, mib);
	return 0;
}

static int swap_off(void) { return device_swap_off(*device); }

/* One attempt; the error, or 0. Who swaps off is the first whom the kernel kills where memory is short
 * (set_current_oom_origin() in mm/swapfile.c): a process that nobody needs afterwards. */
static int take_down(const char **what)
{
	*what = "swap off";
	int error = end_of(start(swap_off), ENOMEM);
	if (error)
		return error;
	*what = "remove";
	error = device_remove(*device);
	if (!error)
		*device = NONE;
	return error;
}

/* What may pass is waited out. */
static int leave(void)
{
	const char *what;

	for (int i = 0, error; *device != NONE && (error = take_down(&what)); i++, usleep(PAUSE_US))
		if (i == ATTEMPTS) {
			warn("cannot %s %s: %s (goes on trying)", what, device_path(*device), strerror(error));
			return FAILED;
		}
	return 0;
}

/* Nobody waits for its output, nor reads it. */
static int guard(void)
{
	const char *what;
	char byte;
	int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		dup2(nowhere, fd);
	close(alive[1]);
	if (write(alive[0], "", 1) != 1)
		return FAILED;
	while (read(alive[0], &byte, 1) < 0 && errno == EINTR)
		;
	while (*device != NONE && take_down(&what))
		usleep(GUARD_PAUSE_US);
	return 0;
}

/* It is of no group that may be killed with this process before anything is there to be guarded. */
static void start_guard(void)
{
	char byte;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, alive) || start(guard) < 0)
		die(FAILED, "cannot start a guard: %s", strerror(errno));
	close(alive[0]);
	if (read(alive[1], &byte, 1) != 1)
		die(FAILED, "the guard has ended");
}

/* A signalfd instead of handlers: one poll sees signals and the standard input. */
static int take_signals(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);	/* an inherited SIG_IGN would reap for us */
	sigemptyset(&set);
	for (int i = 0; i < 3; i++)
		sigaddset(&set, (int[]){ SIGTERM, SIGINT, SIGHUP }[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	int fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd < 0)
		die(FAILED, "cannot take signals: %s", strerror(errno));
	return fd;
}

static void wait_for_end(int signals)
{
	struct pollfd polled[] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .fd = signals, .events = POLLIN } };
	char bytes[64];

	for (;;) {
		if (poll(polled, 2, -1) < 0 && errno != EINTR)
			return;
		if (polled[1].revents || (polled[0].revents && read(STDIN_FILENO, bytes, sizeof bytes) <= 0))
			return;
	}
}

int main(int argc, char **argv)
{
	if (argc != 2)
		die(USAGE, "usage: zramswap MIB");
	mib = parse_number("MIB", argv[1], 1, 1L << 24);
	setsid();
	int signals = take_signals();
	write_text("/proc/self/oom_score_adj", "-1000");	/* where it may: it is not for want of memory that it ends */
	device = mmap(NULL, sizeof *device, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (device == MAP_FAILED)
		die(FAILED, "cannot map a page: %s", strerror(errno));
	*device = NONE;
	start_guard();
	int status = end_of(start(set_up), FAILED);
	if (!status) {
		printf("{\"type\":\"ready\",\"device\":\"%s\"}\n", device_path(*device));
		fflush(stdout);
		wait_for_end(signals);
	}
	int left = leave();
	if (!status && !left)
		printf("{\"type\":\"gone\"}\n");
	return status ? status : left;
}
