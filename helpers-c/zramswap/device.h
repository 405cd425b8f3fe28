/* device.h - a zram device that is swapped on, and how it is taken down.
 *
 * Source: Documentation/admin-guide/blockdev/zram.rst, swapon(2); the header is union swap_header of
 * include/linux/swap.h.
 */
#ifndef ZRAMSWAP_DEVICE_H
#define ZRAMSWAP_DEVICE_H

#include <fcntl.h>
#include <stdint.h>
#include <sys/swap.h>
#include <unistd.h>
#include "common.h"

#define CONTROL "/sys/class/zram-control/"

enum { PRIORITY = 1000, OPEN_ATTEMPTS = 100, OPEN_PAUSE_US = 50000 };

struct swap_header {	/* the first page of the device */
	char boot[1024];
	uint32_t version, last_page, bad_pages;
};

/* 0, or the error. */
static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), error = 0;

	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) < 0)
		error = errno;
	close(fd);
	return error;
}

static const char *device_path(int id)
{
	static char path[32];

	snprintf(path, sizeof path, "/dev/zram%d", id);
	return path;
}

/* 0 once it is no swap, or the error. ENOMEM need not mean that memory is short: with GiB free, 20 of 820 attempts
 * said so while three processes took back what was in it. A later attempt succeeded each time. */
static int device_swap_off(int id)
{
	return swapoff(device_path(id)) && errno != EINVAL && errno != ENOENT ? errno : 0;
}

/* 0 once it is gone, or the error: EBUSY for a moment after swapoff, while udev looks at it. */
static int device_remove(int id)
{
	char text[16];

	snprintf(text, sizeof text, "%d", id);
	int error = write_text(CONTROL "hot_remove", text);
	return error == ENODEV ? 0 : error;
}

__attribute__((noreturn)) static void give_up(const char *what, int error)
{
	die(error == EPERM || error == EACCES || error == ENOENT ? PREREQUISITE : FAILED, "cannot %s: %s", what,
	    strerror(error));
}

/* Its number. */
static int device_add(void)
{
	char text[16] = "";
	int fd = open(CONTROL "hot_add", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		give_up("add a zram device (modprobe zram, as root)", errno);
	ssize_t length = read(fd, text, sizeof text - 1);
	if (length <= 0)
		give_up("add a zram device", errno);
	close(fd);
	return atoi(text);
}

static int device_open(int id)
{
	int fd = -1;

	for (int i = 0; i < OPEN_ATTEMPTS && (fd = open(device_path(id), O_RDWR | O_CLOEXEC)) < 0 && errno == ENOENT; i++)
		usleep(OPEN_PAUSE_US);
	if (fd < 0)
		give_up("open the zram device", errno);
	return fd;
}

static void device_swap_on(int id, long mib)
{
	char path[64], size[32];
	long page_size = sysconf(_SC_PAGESIZE);
	char *page = calloc(1, page_size);

	snprintf(path, sizeof path, "/sys/block/zram%d/disksize", id);
	snprintf(size, sizeof size, "%ldM", mib);
	int error = write_text(path, size);
	if (error)
		give_up("set the size of the zram device", error);
	if (!page)
		give_up("allocate a page", ENOMEM);
	int fd = device_open(id);
	*(struct swap_header *)page = (struct swap_header){ .version = 1, .last_page = (mib << 20) / page_size - 1 };
	memcpy(page + page_size - 10, "SWAPSPACE2", 10);
	if (pwrite(fd, page, page_size, 0) != page_size || fsync(fd))
		give_up("write the header of the swap", errno);
	close(fd);
	free(page);
	if (swapon(device_path(id), SWAP_FLAG_PREFER | PRIORITY))
		give_up("swap on the zram device", errno);
}

#endif
