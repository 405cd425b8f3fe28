/* mappings.h - the mappings of a process whose writes can be told.
 *
 * Source: proc_pid_maps(5). The file stays open: it is of the memory that was
 * there when it was opened, and reads as empty once that is gone (exit, exec).
 */
#ifndef WSSCAN_MAPPINGS_H
#define WSSCAN_MAPPINGS_H

#include <stdint.h>
#include <unistd.h>
#include "common.h"

/* How the kernel can tell a written page of a mapping from one that was read. */
enum kind {
	ANON,		/* private, without a file: what is read first is the zero page */
	COPIED,		/* private, of a file: what is written is a copy, not of the file */
	SHARED,		/* shared memory and files: only if the hole was armed */
};

struct mapping {
	uint64_t start, end;
	enum kind kind;
	char name[64];		/* the end of its path, [heap], or nothing */
};

static struct {
	struct mapping *list;
	size_t count, room;
	char *text;
	size_t size;
} mappings;

static const char *const kind_names[] = { "anon", "copied", "shared" };

static int begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* Memory of a device: there may be no page behind it. */
static int is_device(const char *path)
{
	if (begins(path, "anon_inode:") || begins(path, "/sys/") || begins(path, "/proc/") || begins(path, "socket:"))
		return 1;
	return begins(path, "/dev/") && !begins(path, "/dev/shm/") && !begins(path, "/dev/zero")
		&& !begins(path, "/dev/hugepages/");
}

static void keep_name(struct mapping *mapping, const char *path)
{
	size_t length = strlen(path), most = sizeof mapping->name - 1;
	size_t out = 0;

	for (const char *at = length > most ? path + length - most : path; *at && out < most; at++)
		mapping->name[out++] = *at < ' ' || *at == '"' || *at == '\\' || *at > '~' ? '?' : *at;
	mapping->name[out] = 0;
}

/* Private anonymous mappings whatever their protection: a heap that grows by
 * mprotect inside its reservation is known from its first page. */
static int parse_mapping(const char *line, struct mapping *mapping)
{
	char access[5];
	unsigned long inode;
	int path = 0;

	if (sscanf(line, "%lx-%lx %4s %*x %*s %lu %n", &mapping->start, &mapping->end, access, &inode, &path) != 4)
		return 0;
	const char *name = path ? line + path : "";
	int file = inode != 0;
	if (begins(name, "[v") || is_device(name))	/* [vdso], [vvar], [vsyscall] */
		return 0;
	if (access[3] == 's' || file)
		if (access[1] != 'w')
			return 0;
	mapping->kind = access[3] == 's' ? SHARED : file ? COPIED : ANON;
	keep_name(mapping, name);
	return 1;
}

/* All of /proc/PID/maps; 0 once the memory is gone. */
static size_t read_all(int fd)
{
	size_t length = 0;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return 0;
	for (;;) {
		if (mappings.size - length < 1 << 16) {
			mappings.size = mappings.size ? 2 * mappings.size : 1 << 17;
			mappings.text = realloc(mappings.text, mappings.size);
			if (!mappings.text)
				die(FAILED, "cannot allocate %zu bytes", mappings.size);
		}
		ssize_t got = read(fd, mappings.text + length, mappings.size - length - 1);
		if (got <= 0)
			break;
		length += got;
	}
	mappings.text[length] = 0;
	return length;
}

static struct mapping *mapping_room(void)
{
	if (mappings.count == mappings.room) {
		mappings.room = mappings.room ? 2 * mappings.room : 256;
		mappings.list = realloc(mappings.list, mappings.room * sizeof *mappings.list);
		if (!mappings.list)
			die(FAILED, "cannot allocate %zu mappings", mappings.room);
	}
	return &mappings.list[mappings.count];
}

/* Reads them anew; 0 once the memory is gone. */
static int mappings_read(int fd)
{
	mappings.count = 0;
	if (!read_all(fd))
		return 0;
	for (char *line = mappings.text, *next; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = 0;
		mappings.count += parse_mapping(line, mapping_room());
	}
	return 1;
}

#endif
