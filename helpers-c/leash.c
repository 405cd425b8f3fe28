/* leash.c - run a command that must not outlive the process that started it.
 *
 *   leash [-s SIGNAL] PARENT_PID COMMAND [ARG...]
 *
 *   -s SIGNAL   sent to COMMAND when its parent dies, even by SIGKILL
 *               (default TERM; HUP, INT, QUIT, KILL, TERM, USR1, USR2 or a number)
 *   PARENT_PID  the process id of the one that starts leash
 *
 * A tracer left behind would keep its probes in the kernel. The kernel keeps the
 * death signal across execve (not across one that gains privileges), so nothing
 * stays between parent and COMMAND. It is tied to the THREAD that forked:
 * Node spawns from its main thread, which is the last to end.
 *
 * Exit: 1 without a word if the parent was gone before the signal was set;
 * 2 usage; 126 COMMAND not executable, 127 not found; else COMMAND's own.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "common.h"

static const struct { const char *name; int number; } signals[] = {
	{ "HUP", SIGHUP }, { "INT", SIGINT }, { "QUIT", SIGQUIT }, { "KILL", SIGKILL },
	{ "TERM", SIGTERM }, { "USR1", SIGUSR1 }, { "USR2", SIGUSR2 },
};

static int parse_signal(const char *text)
{
	const char *name = strncmp(text, "SIG", 3) ? text : text + 3;

	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		if (!strcmp(signals[i].name, name))
			return signals[i].number;
	return parse_number("SIGNAL", text, 1, SIGRTMAX);
}

/* An inherited block or SIG_IGN would swallow the death signal. */
static void make_deliverable(int number)
{
	sigset_t set;

	signal(number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int main(int argc, char **argv)
{
	int death = SIGTERM, option;

	while ((option = getopt(argc, argv, "+s:")) != -1) {
		if (option != 's')
			return USAGE;
		death = parse_signal(optarg);
	}
	if (argc - optind < 2)
		die(USAGE, "usage: leash [-s SIGNAL] PARENT_PID COMMAND [ARG...]");
	long parent = parse_number("PARENT_PID", argv[optind], 1, 1L << 22);
	char **command = argv + optind + 1;

	make_deliverable(death);
	if (prctl(PR_SET_PDEATHSIG, death))
		die(FAILED, "cannot set the death signal: %s", strerror(errno));
	/* Had the parent died before prctl, no signal would ever come. Whoever
	 * adopted us, init or a subreaper, has another pid. */
	if (getppid() != parent)
		return FAILED;
	execvp(command[0], command);
	die(exec_status(errno), "cannot execute '%s': %s", command[0], strerror(errno));
}
