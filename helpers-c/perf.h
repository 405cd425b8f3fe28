/* perf.h - what those who read perf events until they are stopped have in common. */
#ifndef PERF_H
#define PERF_H

#include <linux/perf_event.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common.h"

enum { ATTACH_ATTEMPTS = 50 };	/* at a process whose threads come and go all the while */

/* Several events for each thread are open at a time. */
static inline void as_many_files_as_may_be(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

/* A descriptor that can be read once SIGTERM or SIGINT has come. */
static inline int stop_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	int fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd < 0)
		die(FAILED, "cannot take signals: %s", strerror(errno));
	return fd;
}

#endif
