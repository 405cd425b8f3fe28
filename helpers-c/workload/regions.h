/* regions.h - the memory that a walk goes through, and how one touch is made. */
#ifndef REGIONS_H
#define REGIONS_H

#include <alloca.h>
#include <pthread.h>
#include "section.h"
#include "pages.h"
#include "order.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000	/* include/uapi/asm-generic/mman-common.h, Linux 4.17 */
#endif
enum { HUGE_PAGES = 512 };	/* base pages of a huge page of 2 MiB */

/* One run of one mode: what it asks for, what it maps, and what is true of it. */
struct walk {
	size_t n, stride, threads, passes;	/* as given */
	int file, in_cgroup;
	char *pages, *old;	/* the region; where it was before (mremap, vanish) */
	size_t length;		/* of the region in pages */
	struct order order;
	size_t distinct, refaults, streams;
	long minor;		/* -1: what the kernel counts */
};

static inline char *at(const struct walk *walk, size_t page)
{
	return walk->pages + page * page_size();
}

/* Fresh pages, of which there may be more than memory holds. */
static inline char *reserve(size_t count, int protection)
{
	char *pages = mmap(NULL, count * page_size(), protection,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (pages == MAP_FAILED)
		die(FAILED, "cannot map %zu pages: %s", count, strerror(errno));
	madvise(pages, count * page_size(), MADV_NOHUGEPAGE);
	return pages;
}

static inline char *map_shared(int fd, size_t count, int protection)
{
	char *pages = mmap(NULL, count * page_size(), protection, MAP_SHARED, fd, 0);

	if (pages == MAP_FAILED)
		die(FAILED, "cannot map the file: %s", strerror(errno));
	return pages;
}

static inline int memory_file(size_t count)
{
	int fd = memfd_create("walk", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, count * page_size()))
		die(FAILED, "cannot make a memfd of %zu pages: %s", count, strerror(errno));
	return fd;
}

/* Writes, or reads, the first byte of each page in the walk's order. */
static inline void write_in_order(struct walk *walk)
{
	for (size_t i = 0; i < walk->order.count; i++)
		*(volatile char *)at(walk, walk->order.at[i] * walk->stride) = 1;
}

static inline void read_in_order(struct walk *walk)
{
	for (size_t i = 0; i < walk->order.count; i++)
		(void)*(volatile char *)at(walk, walk->order.at[i] * walk->stride);
}

/* A ring of pointers, one a page, through a shared mapping of a memfd that this
 * process has not faulted on yet. Written, as reads would map around (do_read_fault,
 * mm/memory.c). */
struct link { struct link *next; int visited; };

static inline void link_pages(struct walk *walk)
{
	int fd = memory_file(walk->length);
	char *here = map_shared(fd, walk->length, PROT_READ | PROT_WRITE);

	walk->pages = map_shared(fd, walk->length, PROT_READ | PROT_WRITE);
	for (size_t i = 0; i < walk->order.count; i++) {
		size_t next = walk->order.at[(i + 1) % walk->order.count];
		((struct link *)(here + walk->order.at[i] * page_size()))->next = (struct link *)at(walk, next);
	}
	munmap(here, walk->length * page_size());
	close(fd);
}

static inline void follow_links(struct walk *walk)
{
	volatile struct link *link = (struct link *)at(walk, walk->order.at[0]);

	for (size_t i = 0; i < walk->order.count; i++) {
		link->visited = 1;
		link = link->next;
	}
}

/* The region ends 16 pages below this frame, room for what else the section calls;
 * that of the section lies below that of the rehearsal. */
static inline void find_stack(struct walk *walk)
{
	static char *end;

	walk->distinct = walk->minor = walk->length = walk->n;
	if (!end) {
		end = (char *)((uintptr_t)__builtin_frame_address(0) & -page_size());
		for (size_t i = 0; i < 16; i++)
			*(volatile char *)(end -= page_size()) = 1;
	}
	walk->pages = end -= walk->n * page_size();
}

static __attribute__((noinline, unused)) void grow_stack(struct walk *walk)
{
	char *here = __builtin_frame_address(0);
	volatile char *room = alloca(here - walk->pages);

	for (size_t i = walk->n; i-- > 0; )
		*(volatile char *)at(walk, i) = 1;
	(void)room;
}

/* Threads that wait at the gate before the section and after it. */
struct team {
	pthread_t threads[64];
	pthread_barrier_t gate;
	struct walk *walk;
};

static struct team team;

static inline void *walk_part(void *argument)
{
	size_t part = team.walk->n / team.walk->threads, index = (size_t)argument;

	pthread_barrier_wait(&team.gate);
	touch_pages(at(team.walk, index * part), part, 1);
	pthread_barrier_wait(&team.gate);
	return NULL;
}

static inline void start_team(struct walk *walk)
{
	team.walk = walk;
	pthread_barrier_init(&team.gate, NULL, walk->threads + 1);
	for (size_t i = 0; i < walk->threads; i++)
		if (pthread_create(&team.threads[i], NULL, walk_part, (void *)i))
			die(FAILED, "cannot start thread %zu", i + 1);
	usleep(20000);	/* they reach the gate: that costs each some pages of its stack */
}

static inline void let_team_walk(struct walk *walk)
{
	(void)walk;
	pthread_barrier_wait(&team.gate);
	pthread_barrier_wait(&team.gate);
}

static inline void end_team(struct walk *walk)
{
	for (size_t i = 0; i < walk->threads; i++)
		pthread_join(team.threads[i], NULL);
	pthread_barrier_destroy(&team.gate);
}

#endif
