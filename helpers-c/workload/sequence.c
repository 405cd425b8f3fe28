/* sequence.c - a thread inside a restartable sequence (rseq(2)), for ever.
 *
 *   sequence
 *
 * The sequence spins until it may commit; whoever interrupts it makes it begin
 * again, at its abort handler. stdin, a byte each: "p" prints how often it has begun
 * ({"begun":N}), "g" lets it commit; then the program ends.
 *
 * Output: {"pid":P} first. Exit: 0; 1 there is no rseq here.
 */
#define _GNU_SOURCE
#include "common.h"

#if defined __x86_64__ && __has_include(<sys/rseq.h>)

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/rseq.h>
#include <unistd.h>

static struct shared { int may_commit, begun; } volatile *shared;

/* The child: answers stdin. */
static __attribute__((noreturn)) void answer(pid_t spinning)
{
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	printf("{\"pid\":%d}\n", spinning);
	while (read(STDIN_FILENO, &byte, 1) == 1)
		if (byte == 'p')
			printf("{\"begun\":%d}\n", shared->begun);
		else if (byte == 'g')
			shared->may_commit = 1;
	_exit(0);
}

/* struct rseq_cs: version, flags, start, length, abort handler, with the
 * signature before that. 1: committed; 0: aborted. */
static int try_once(struct rseq *area)
{
	shared->begun++;
	asm goto(".pushsection __rseq_cs, \"aw\"\n"
		 ".balign 32\n"
		 "3: .long 0, 0\n"
		 ".quad 1f, 2f - 1f, 4f\n"
		 ".popsection\n"
		 "leaq 3b(%%rip), %%rax\n"
		 "movq %%rax, %[sequence]\n"
		 "1: movl (%[flag]), %%eax\n"
		 "testl %%eax, %%eax\n"
		 "jz 1b\n"
		 "2: jmp 5f\n"
		 ".byte 0x0f, 0xb9, 0x3d\n"
		 ".long 0x53053053\n"
		 "4: jmp %l[aborted]\n"
		 "5:\n"
		 : : [sequence] "m"(area->rseq_cs), [flag] "r"(&shared->may_commit) : "rax", "memory" : aborted);
	return 1;
aborted:
	return 0;
}

int main(void)
{
	pid_t pid = getpid();

	if (!__rseq_size)
		die(FAILED, "no rseq is registered");
	setvbuf(stdout, NULL, _IOLBF, 0);
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		die(FAILED, "cannot map: %s", strerror(errno));
	if (fork() == 0)
		answer(pid);
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
