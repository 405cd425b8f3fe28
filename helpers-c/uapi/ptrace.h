/* ptrace.h - a request that Debian 12's <sys/ptrace.h> lacks.
 *
 * Source: include/uapi/linux/ptrace.h of Linux 6.4.
 */
#ifndef UAPI_PTRACE_H
#define UAPI_PTRACE_H

#include <stdint.h>
#include <sys/ptrace.h>

/* addr: the size of the structure, data: where it goes. */
#define GET_SYSCALL_USER_DISPATCH ((enum __ptrace_request)0x4211)

struct syscall_user_dispatch {	/* struct ptrace_sud_config */
	uint64_t mode;		/* 0: off */
	uint64_t selector, offset, length;
};

#endif
