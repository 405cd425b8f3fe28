/* instruction.h - a syscall instruction that the process has already.
 *
 * Nothing is written into its code: the thread is sent to an instruction of the
 * vDSO (clock_gettime falls back to the system call) or, where there is none, of
 * another executable mapping.
 */
#ifndef INJECT_INSTRUCTION_H
#define INJECT_INSTRUCTION_H

#include "registers.h"

enum { SEARCH_MOST = 16 << 20 };	/* bytes of one mapping */

/* In one mapping; 0 where there is none. */
static uint64_t find_within(int memory, uint64_t start, uint64_t end)
{
	static unsigned char code[1 << 16];

	if (end - start > SEARCH_MOST)
		end = start + SEARCH_MOST;
	/* Pieces overlap by a byte: the instruction may lie across. */
	for (uint64_t at = start; at + SYSCALL_LENGTH <= end; at += sizeof code - 1) {
		size_t size = end - at < sizeof code ? end - at : sizeof code;
		ssize_t length = pread(memory, code, size, at);
		if (length < SYSCALL_LENGTH)
			return 0;
		unsigned char *found = memmem(code, length, syscall_instruction, SYSCALL_LENGTH);
		if (found)
			return at + (found - code);
	}
	return 0;
}

static uint64_t find_instruction(pid_t pid, int memory)
{
	char path[64], line[8192], access[5];
	uint64_t start, end, found = 0;

	snprintf(path, sizeof path, "/proc/%d/maps", pid);
	/* The vDSO first: it cannot be unmapped by a dlclose meanwhile. */
	for (int vdso = 1; vdso >= 0 && !found; vdso--) {
		FILE *maps = fopen(path, "re");
		while (maps && !found && fgets(line, sizeof line, maps))
			if (sscanf(line, "%lx-%lx %4s", &start, &end, access) == 3 && access[2] == 'x'
			    && !strstr(line, "[vsyscall]") && !!strstr(line, "[vdso]") == vdso)
				found = find_within(memory, start, end);
		if (maps)
			fclose(maps);
	}
	return found;
}

static int is_instruction(int memory, uint64_t at)
{
	unsigned char code[SYSCALL_LENGTH];

	return pread(memory, code, sizeof code, at) == sizeof code
		&& !memcmp(code, syscall_instruction, sizeof code);
}

#endif
