/* registers.h - x86-64: the registers of a system call, and of one that was interrupted.
 *
 * Source: handle_signal() and arch_do_signal_or_restart() in arch/x86/kernel/signal.c:
 * a call that a stop interrupted has left -ERESTART... in rax and its number in
 * orig_rax. When the thread goes on from a stop inside get_signal(), the kernel
 * makes it again, or ends it with EINTR if a handler runs. So what is restored
 * there, unchanged, goes on as if nothing had been.
 */
#ifndef INJECT_REGISTERS_H
#define INJECT_REGISTERS_H

#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include "thread.h"

enum {
	ERESTARTNOHAND = 514,	/* include/linux/errno.h: EINTR if a handler runs, else again */
	USER_CS_64 = 0x33,	/* arch/x86/include/asm/segment.h */
	SYSCALL_LENGTH = 2,
};

static const unsigned char syscall_instruction[SYSCALL_LENGTH] = { 0x0f, 0x05 };

typedef struct user_regs_struct registers;

static int is_64_bit(const registers *at)
{
	return at->cs == USER_CS_64;
}

/* What the thread will go on with: a call that ended with EINTR for the stop
 * alone is made again, unless a signal's handler runs. */
static void remake_interrupted_call(registers *before)
{
	if ((long)before->orig_rax >= 0 && before->rax == (unsigned long)-EINTR
	    && must_be_remade(before->orig_rax))
		before->rax = -ERESTARTNOHAND;
}

/* The same thread at a syscall instruction. No call is under way: nothing to restart. */
static registers at_call(const registers *before, uint64_t instruction, long number, unsigned long argument)
{
	registers call = *before;

	call.rip = instruction;
	call.rax = number;
	call.orig_rax = -1;
	call.rdi = argument;
	return call;
}

static long result_of(const registers *after)
{
	return after->rax;
}

#endif
