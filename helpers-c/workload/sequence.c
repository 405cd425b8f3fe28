/* sequence.c - a thread inside a restartable sequence (rseq(2)), for ever.
 *
 *   sequence
 *
 * The sequence spins until it may commit: at a byte on stdin, then the program ends.
 * Whoever interrupts it makes it begin again, at its abort handler. The kernel takes the
 * sequence's address away as it does that, and also where it finds the thread elsewhere:
 * a sequence that goes on without its address would commit although it was interrupted.
 *
 * Output: {"pid":P}. Exit: 0 committed; 1 there is no rseq here, or it went on.
 */
#define _GNU_SOURCE
#include "common.h"

#if defined __x86_64__ && __has_include(<sys/rseq.h>)

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/rseq.h>
#include <unistd.h>

static volatile int *may_commit;	/* of both processes */

/* The child. */
static __attribute__((noreturn)) void wait_for_byte(pid_t spinning)
{
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	printf("{\"pid\":%d}\n", spinning);
	if (read(STDIN_FILENO, &byte, 1) == 1)
		*may_commit = 1;
	_exit(0);
}

/* struct rseq_cs: version, flags, start, length, abort handler, with the
 * signature before that. 1: committed; 0: aborted. */
static int try_once(struct rseq *area)
{
	asm goto(".pushsection __rseq_cs, \"aw\"\n"
		 ".balign 32\n"
		 "3: .long 0, 0\n"
		 ".quad 1f, 2f - 1f, 4f\n"
		 ".popsection\n"
		 "leaq 3b(%%rip), %%rax\n"
		 "movq %%rax, %[sequence]\n"
		 "1: cmpq $0, %[sequence]\n"
		 "je %l[unprotected]\n"
		 "movl (%[flag]), %%eax\n"
		 "testl %%eax, %%eax\n"
		 "jz 1b\n"
		 "2: jmp 5f\n"
		 ".byte 0x0f, 0xb9, 0x3d\n"
		 ".long 0x53053053\n"
		 "4: jmp %l[aborted]\n"
		 "5:\n"
		 : : [sequence] "m"(area->rseq_cs), [flag] "r"(may_commit) : "rax", "memory" : aborted, unprotected);
	return 1;
aborted:
	return 0;
unprotected:
	die(FAILED, "it was interrupted, and went on");
}

int main(void)
{
	pid_t pid = getpid();

	if (!__rseq_size)
		die(FAILED, "no rseq is registered");
	setvbuf(stdout, NULL, _IOLBF, 0);
	may_commit = mmap(NULL, sizeof *may_commit, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (may_commit == MAP_FAILED)
		die(FAILED, "cannot map: %s", strerror(errno));
	if (fork() == 0)
		wait_for_byte(pid);
	while (!try_once((struct rseq *)((char *)__builtin_thread_pointer() + __rseq_offset)))
		;
	return 0;
}

#else

int main(void)
{
	die(FAILED, "no rseq is registered");
}

#endif
