/* stretch.c - what faultrec/stretch.h makes of a ring: records by hand, and what is told of them on stdout. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "faultrec/round.h"

enum { ANN = 1, BOB = 2 };

static struct perf_event_mmap_page page;
static char bytes[4096];
static struct ring only = { .kind = MINORS, .page = &page, .data = bytes, .mask = sizeof bytes - 1 };

static void *put(int type, int misc, size_t size)
{
	struct perf_event_header *record = (void *)(bytes + page.data_head);

	*record = (struct perf_event_header){ type, misc, size };
	page.data_head += size;
	return record + 1;
}

static void fault(uint64_t address) { *(uint64_t *)put(PERF_RECORD_SAMPLE, 0, 16) = address; }

static void anchor(int type, int misc, uint32_t who, uint64_t time)
{
	size_t size = type == PERF_RECORD_SWITCH ? 24 : type == PERF_RECORD_LOST ? 40 : 48;
	char *end = (char *)put(type, misc, size) + size - 8;

	*(struct task *)(end - 16) = (struct task){ who, who };
	*(uint64_t *)(end - 8) = time;
}

static void comes(uint32_t who, uint64_t time) { anchor(PERF_RECORD_SWITCH, 0, who, time); }
static void goes(uint32_t who, uint64_t time) { anchor(PERF_RECORD_SWITCH, PERF_RECORD_MISC_SWITCH_OUT, who, time); }

static void tell(const struct ring *ring, const struct perf_event_header *record)
{
	if (record->type == PERF_RECORD_SAMPLE)
		printf("%x by %u\n", (int)*(const uint64_t *)(record + 1), ring->stretch.task.pid);
}

/* Bob was already there, unseen, when his event was enabled. */
static void unseen(void)
{
	comes(ANN, 1);
	fault(0xa1);
	goes(ANN, 2);
	fault(0xb1);
	goes(BOB, 3);
	comes(ANN, 4);
	fault(0xa2);
	anchor(PERF_RECORD_EXIT, 0, ANN, 5);
	fault(0xb2);
	goes(BOB, 6);
	rings_read(1, tell);
}

/* Nothing is written for three rounds; then he leaves. */
static void quiet(void)
{
	fault(0xb1);
	for (int i = 0; i < 3; i++)
		rings_read(0, tell);
	printf("silence\n");
	goes(BOB, rings.over);
	rings_read(0, tell);
	rings_read(0, tell);
}

/* Bob leaves and Ann comes in what is lost; she finds room again, with a mapping. */
static void lost(void)
{
	memset(put(PERF_RECORD_LOST, 0, sizeof(struct lost_record)), 0, 16);
	fault(0xb1);
	anchor(PERF_RECORD_LOST, 0, ANN, 1);
	anchor(PERF_RECORD_MMAP2, 0, ANN, 1);
	fault(0xa1);
	goes(ANN, 2);
	rings_read(0, tell);
	rings_read(0, tell);
}

/* As many faults as leave an anchor no room: they are let go. */
static void full(void)
{
	for (unsigned at = 0; at < sizeof bytes / 16; at++)
		fault(at);
	for (int i = 0; i < 3; i++)
		rings_read(0, tell);
	printf("%d left\n", (int)(page.data_head - page.data_tail));
}

int main(int argc, char **argv)
{
	rings.ring = &only;
	rings.count = rings.timeless = 1;
	switch (argc > 1 ? argv[1][0] : 0) {
	case 'u': unseen(); break;
	case 'q': quiet(); break;
	case 'l': lost(); break;
	case 'f': full(); break;
	}
	return 0;
}
