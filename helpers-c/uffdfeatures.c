/* uffdfeatures.c - which features of userfaultfd this kernel has: a hexadecimal mask on stdout.
 *
 *   uffdfeatures
 *
 * The bits are those of UFFDIO_API (include/uapi/linux/userfaultfd.h); names of newer
 * ones are in lib/kernel/userfaultfd.ts. Exit: 0; 3 userfaultfd is refused.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common.h"
#include "uapi/userfaultfd.h"

int main(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);

	if (fd < 0)
		die(PREREQUISITE, "the kernel refuses userfaultfd: %s", strerror(errno));
	if (ioctl(fd, UFFDIO_API, &api))
		die(PREREQUISITE, "cannot set up a userfaultfd: %s", strerror(errno));
	printf("0x%llx\n", api.features);
	return 0;
}
