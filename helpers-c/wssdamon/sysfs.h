/* sysfs.h - DAMON's files: /sys/kernel/mm/damon/admin/kdamonds.
 *
 * Source: Documentation/admin-guide/mm/damon/usage.rst, mm/damon/sysfs.c. The number
 * of kdamonds can be changed by whoever comes first and only while none of them
 * runs: that is the lock between users of it.
 */
#ifndef WSSDAMON_SYSFS_H
#define WSSDAMON_SYSFS_H

#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>
#include "common.h"

#define KDAMONDS "/sys/kernel/mm/damon/admin/kdamonds"

/* Another command is at work: it is tried again for so long. */
enum { RETRIES = 200, RETRY_NS = 25000000 };

/* Writes `value` to a file below KDAMONDS: 0, or the error. */
__attribute__((format(printf, 2, 3)))
static int put(const char *value, const char *format, ...)
{
	static const struct timespec pause = { .tv_nsec = RETRY_NS };
	char path[256] = KDAMONDS "/";
	va_list arguments;
	int error = EBUSY;

	va_start(arguments, format);
	vsnprintf(path + sizeof KDAMONDS, sizeof path - sizeof KDAMONDS, format, arguments);
	va_end(arguments);
	for (int i = 0; i < RETRIES && error == EBUSY; i++) {
		if (i)
			nanosleep(&pause, NULL);
		int fd = open(path, O_WRONLY | O_CLOEXEC);
		error = fd < 0 || write(fd, value, strlen(value)) < 0 ? errno : 0;
		if (fd >= 0)
			close(fd);
	}
	return error;
}

__attribute__((format(printf, 2, 3)))
static int put_number(uint64_t number, const char *format, ...)
{
	char value[24], path[200];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(path, sizeof path, format, arguments);
	va_end(arguments);
	snprintf(value, sizeof value, "%lu", number);
	return put(value, "%s", path);
}

/* What a file below KDAMONDS says: 0, or the error. */
static int get(char *value, size_t size, const char *path)
{
	char whole[256];

	snprintf(whole, sizeof whole, KDAMONDS "/%s", path);
	int fd = open(whole, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, value, size - 1);
	int error = got < 0 ? errno : 0;
	if (fd >= 0)
		close(fd);
	value[got < 0 ? 0 : got] = 0;
	return error;
}

/* A running module of the kernel's own that uses DAMON: its name, or NULL. */
static const char *damon_module(void)
{
	static const char *const names[] = { "damon_reclaim", "damon_lru_sort", "damon_stat" };
	char path[128], enabled;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "/sys/module/%s/parameters/enabled", names[i]);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		int on = fd >= 0 && read(fd, &enabled, 1) == 1 && enabled == 'Y';
		if (fd >= 0)
			close(fd);
		if (on)
			return names[i];
	}
	return NULL;
}

/* Leaves it as it was found. */
static void damon_give_back(void)
{
	char path[32], state[24];

	for (int i = 0; ; i++) {
		snprintf(path, sizeof path, "%d/state", i);
		if (get(state, sizeof state, path))
			break;
		if (!strncmp(state, "on", 2))
			put("off", "%s", path);
	}
	put("0", "nr_kdamonds");
}

/* What a context can look at; what is not built in can be written all the same.
 * Dies where processes are not among it; no answer where there is no context. */
static int check_operations(void)
{
	char operations[256];

	if (get(operations, sizeof operations, "0/contexts/0/avail_operations"))
		return 0;
	if (!strstr(operations, "vaddr"))
		die(PREREQUISITE, "DAMON cannot look at processes (CONFIG_DAMON_VADDR)");
	return 1;
}

static void check_free(void)
{
	char count[24];
	const char *module = damon_module();
	int error = get(count, sizeof count, "nr_kdamonds");

	if (error == ENOENT)
		die(PREREQUISITE, "the kernel has no DAMON with a sysfs interface (CONFIG_DAMON_SYSFS)");
	if (error)
		die(PREREQUISITE, "cannot read '%s': %s", KDAMONDS "/nr_kdamonds", strerror(error));
	check_operations();
	if (module)
		die(PREREQUISITE, "DAMON is in use by %s", module);
	if (atoi(count))
		die(PREREQUISITE, "DAMON is in use by somebody else (%s/nr_kdamonds is %d)", KDAMONDS, atoi(count));
}

/* Takes possession of DAMON. */
static void damon_take(int kdamonds)
{
	check_free();
	int error = put_number(kdamonds, "nr_kdamonds");
	if (error)
		die(PREREQUISITE, "cannot write '%s': %s", KDAMONDS "/nr_kdamonds", strerror(error));
	atexit(damon_give_back);
	error = put("1", "0/contexts/nr_contexts");
	if (error || !check_operations())
		die(FAILED, "cannot set up DAMON: %s", strerror(error));
}


#endif
