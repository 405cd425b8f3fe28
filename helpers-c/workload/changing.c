/* changing.c - a process that becomes another kind of process while it is being looked at.
 *
 *   changing seccomp   a filter will kill it for any call but read, write and exit
 *   changing exec      a vfork child calls exec
 *
 * It has so many mappings that reading its maps takes some 10 ms. stdin: at the first byte
 * it changes, at the end it ends; with exec the child does both.
 *
 * Output: {"pid":P} first, of the one that will change. Exit: 0, or what its child ended
 * with, 128 + n where that died by signal n; 1; 2 usage.
 */
#define _GNU_SOURCE
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common.h"

enum { MAPPINGS = 30000 };

/* Every other page may be read: no two of them are one mapping. */
static void map_much(void)
{
	long page = sysconf(_SC_PAGESIZE);
	char *at = mmap(NULL, MAPPINGS * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (long i = 0; at != MAP_FAILED && i < MAPPINGS; i += 2)
		mprotect(at + i * page, page, PROT_READ);
}

static void say(pid_t pid)
{
	char line[32];
	int length = snprintf(line, sizeof line, "{\"pid\":%d}\n", pid);

	if (write(STDOUT_FILENO, line, length) != length)
		_exit(FAILED);
}

static void wait_for_byte(void)
{
	char byte;

	if (syscall(SYS_read, STDIN_FILENO, &byte, 1) != 1)
		_exit(FAILED);
}

static void wait_for_end(void)
{
	char byte;

	while (syscall(SYS_read, STDIN_FILENO, &byte, 1) > 0)
		;
}

static int change_by_seccomp(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_read, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog program = { sizeof filter / sizeof *filter, filter };

	say(getpid());
	wait_for_byte();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		die(FAILED, "cannot enter seccomp: %s", strerror(errno));
	wait_for_end();
	return 0;
}

static int change_by_exec(void)
{
	int status;
	pid_t child = vfork();

	if (child == 0) {
		say(getpid());
		wait_for_byte();
		execl("/proc/self/exe", "changing", "changed", NULL);
		_exit(FAILED);
	}
	waitpid(child, &status, 0);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "changed")) {
		wait_for_end();
		return 0;
	}
	map_much();
	if (argc == 2 && !strcmp(argv[1], "seccomp"))
		return change_by_seccomp();
	if (argc == 2 && !strcmp(argv[1], "exec"))
		return change_by_exec();
	die(USAGE, "usage: changing seccomp|exec");
}
