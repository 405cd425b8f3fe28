/* trial.h - can this kernel do it? Found by trying, on this process itself.
 */
#ifndef WSSCAN_TRIAL_H
#define WSSCAN_TRIAL_H

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include "pages.h"

/* Some kernels map a page of its own at the first read as well. */
static int has_zero_page(void)
{
	size_t size = sysconf(_SC_PAGESIZE);
	struct pm_region region;
	struct pm_scan scan = { .size = sizeof scan, .all = PM_ZERO, .returned = PM_ZERO, .regions = (uintptr_t)&region, .length = 1 };
	char *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	int zero = 0;

	if (page != MAP_FAILED && pagemap >= 0) {
		(void)*(volatile char *)page;
		scan.start = (uintptr_t)page;
		scan.end = scan.start + size;
		zero = ioctl(pagemap, PM_SCAN, &scan) == 1;
		munmap(page, size);
	}
	close(pagemap);
	return zero;
}

/* The handshake; ends with exit status 3 where the kernel is too old. */
static void set_up(int fd)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_WP_ASYNC | UFFD_FEATURE_WP_UNPOPULATED };
	struct pm_scan guard = { .size = sizeof guard, .all = PM_GUARD, .returned = PM_GUARD };

	if (ioctl(fd, UFFDIO_API, &api))
		die(PREREQUISITE, errno == EINVAL
		    ? "the kernel has no asynchronous write-protection (UFFD_FEATURE_WP_ASYNC, Linux 6.7): %s"
		    : "cannot set up the userfaultfd: %s", strerror(errno));
	if (ioctl(process.pagemap, PM_SCAN, &guard) && errno == EINVAL)
		process.guard = 0;
	process.zero_page = has_zero_page();
}

/* Two pages, one of them written: told exactly, or not at all. */
static int trial(void)
{
	size_t size = sysconf(_SC_PAGESIZE);
	uint64_t written = 0;
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);

	if (fd < 0)
		die(PREREQUISITE, "the kernel refuses userfaultfd: %s", strerror(errno));
	process.pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (process.pagemap < 0)
		die(PREREQUISITE, "cannot open '/proc/self/pagemap': %s", strerror(errno));
	set_up(fd);
	if (dup2(fd, USERFAULTFD) < 0)
		die(FAILED, "cannot duplicate a descriptor: %s", strerror(errno));
	char *pages = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	uint64_t start = (uintptr_t)pages;
	int error = pages == MAP_FAILED ? errno : register_range(start, start + 2 * size);
	if (!error)
		error = scan_pages(written_query(ANON), start, start + 2 * size, add_pages, &written);
	written = 0;
	*(volatile char *)pages = 1;
	if (!error)
		error = scan_pages(written_query(ANON), start, start + 2 * size, add_pages, &written);
	if (error || written != size)
		die(PREREQUISITE, "the kernel cannot tell written pages (PAGEMAP_SCAN, Linux 6.7): %s",
		    error ? strerror(error) : "it counted wrongly");
	return 0;
}

#endif
