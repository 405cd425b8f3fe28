/* threads.h - the threads of a process. */
#ifndef THREADS_H
#define THREADS_H

#include <dirent.h>
#include <sys/types.h>
#include "common.h"

/* /proc/PID/task; NULL where the process has gone. */
static inline DIR *open_threads(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/task", pid);
	return opendir(path);
}

/* The next thread, 0 after the last. */
static inline pid_t next_thread(DIR *threads)
{
	for (struct dirent *entry; (entry = readdir(threads));)
		if (entry->d_name[0] != '.')
			return atoi(entry->d_name);
	return 0;
}

static inline int threads_of(pid_t pid)
{
	DIR *threads = open_threads(pid);
	int count = 0;

	if (!threads)
		return 0;
	while (next_thread(threads))
		count++;
	closedir(threads);
	return count;
}

#endif
