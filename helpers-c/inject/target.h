/* target.h - whom to inject into, and which processes are refused.
 *
 * All of it is read from /proc before anything is stopped (proc_pid_status(5),
 * proc_pid_stat(5)).
 */
#ifndef INJECT_TARGET_H
#define INJECT_TARGET_H

#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>
#include "common.h"

/* Exit status: it ended or became another program; trying again may help. */
enum { WENT = 4 };

enum { PF_KTHREAD = 0x00200000 };	/* include/linux/sched.h; field 9 of stat */

struct target {
	pid_t pid, tid;		/* the process, and the thread that will make the calls */
	int pidfd;
};

/* What a file of /proc holds, up to size - 1 bytes; -1 where it cannot be read. */
static ssize_t read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	ssize_t length = read(fd, text, size - 1);
	int error = errno;
	close(fd);
	errno = error;
	text[length < 0 ? 0 : length] = 0;
	return length;
}

/* The number behind a name of /proc/PID/status; -1 where there is none. */
static long status_field(const char *status, const char *name)
{
	char line[64];

	snprintf(line, sizeof line, "\n%s:", name);
	const char *at = strstr(status, line);
	return at ? strtol(at + strlen(line), NULL, 10) : -1;
}

static char status_state(const char *status)
{
	const char *at = strstr(status, "\nState:\t");

	return at ? at[8] : '?';
}

static int is_kernel_thread(pid_t pid)
{
	char path[64], text[1024];
	unsigned long flags;

	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	if (read_file(path, text, sizeof text) < 0)
		return 0;
	char *rest = strrchr(text, ')');	/* comm may hold anything */
	return rest && sscanf(rest, ") %*c %*d %*d %*d %*d %*d %lu", &flags) == 1 && flags & PF_KTHREAD;
}

/* The class is in the program's own header: a 32-bit process has other system
 * calls and other registers. */
static void refuse_32_bit(pid_t pid)
{
	char path[64], head[EI_NIDENT + 1];

	snprintf(path, sizeof path, "/proc/%d/exe", pid);
	ssize_t length = read_file(path, head, sizeof head);
	if (length < 0 && (errno == EACCES || errno == EPERM))
		die(PREREQUISITE, "cannot trace process %d: %s%s", pid, strerror(errno), denial(errno));
	if (length > EI_CLASS && head[EI_CLASS] != ELFCLASS64)
		die(FAILED, "process %d is a 32-bit one: only 64-bit ones can be injected into", pid);
}

static int is_userfaultfd(const char *path)
{
	char link[32];
	ssize_t length = readlink(path, link, sizeof link);

	return length == 24 && !memcmp(link, "anon_inode:[userfaultfd]", 24);
}

/* A mapping has one userfaultfd: where we register first, the process's own
 * UFFDIO_REGISTER would fail with EBUSY. */
static void refuse_own_userfaultfd(pid_t pid)
{
	char path[300];

	snprintf(path, sizeof path, "/proc/%d/fd", pid);
	DIR *directory = opendir(path);
	if (!directory)
		die(errno == EACCES ? PREREQUISITE : FAILED, "cannot read '%s': %s", path, strerror(errno));
	for (struct dirent *entry; (entry = readdir(directory));) {
		snprintf(path, sizeof path, "/proc/%d/fd/%s", pid, entry->d_name);
		if (is_userfaultfd(path))
			die(FAILED, "process %d uses userfaultfd itself (descriptor %s): "
			    "a mapping can have only one", pid, entry->d_name);
	}
	closedir(directory);
}

static void refuse_process(pid_t pid)
{
	char path[64], status[4096];

	snprintf(path, sizeof path, "/proc/%d/status", pid);
	if (read_file(path, status, sizeof status) <= 0)
		die(FAILED, "no such process: %d", pid);
	if (status_field(status, "Tgid") != pid)
		die(FAILED, "%d is a thread of process %ld", pid, status_field(status, "Tgid"));
	if (pid == getpid())
		die(FAILED, "%d is this process itself", pid);
	if (is_kernel_thread(pid))
		die(FAILED, "process %d is a kernel thread", pid);
	/* The first thread may have ended before the others. */
	if (strchr("ZX", status_state(status)) && status_field(status, "Threads") <= 1)
		die(FAILED, "process %d is a zombie", pid);
	refuse_32_bit(pid);
	refuse_own_userfaultfd(pid);
}

#endif
