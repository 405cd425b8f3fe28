/* perf.h - what those who read perf events until they are stopped have in common.
 *
 * Threads that exist are opened one by one, those that they create inherit. A thread
 * that appears while its siblings are being opened may have inherited the events or
 * not, so all are closed and opened again until none appeared meanwhile.
 */
#ifndef PERF_H
#define PERF_H

#include <linux/perf_event.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "threads.h"

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

/* What a helper has open of the threads of one process. */
struct attachment {
	pid_t pid;
	int (*is_open)(const struct attachment *of, pid_t tid);
	int (*open)(struct attachment *of, pid_t tid);	/* 1; 0 where the thread has gone */
	void (*close)(struct attachment *of);		/* all of them */
	int threads;	/* that were opened */
	int unsure;	/* of them, whether they had inherited could not be found out */
};

/* Opens those that are not open yet: how many. */
static inline int open_new_threads(struct attachment *of)
{
	DIR *threads = open_threads(of->pid);
	int opened = 0;

	if (!threads)
		return 0;
	for (pid_t tid; (tid = next_thread(threads));)
		if (!of->is_open(of, tid))
			opened += of->open(of, tid);
	closedir(threads);
	return opened;
}

/* 1 with every thread open; 0 where the process has gone. */
static inline int attach_threads(struct attachment *of)
{
	for (int attempt = 1;; attempt++) {
		of->threads = open_new_threads(of);
		if (of->threads == 0)
			return 0;
		of->unsure = open_new_threads(of);
		if (of->unsure == 0 || attempt == ATTACH_ATTEMPTS)
			break;
		of->close(of);
	}
	of->threads += of->unsure;
	return 1;
}

#endif
