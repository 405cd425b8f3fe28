/* order.h - in which order a walk touches pages: lists of page numbers. */
#ifndef ORDER_H
#define ORDER_H

#include <stdint.h>
#include <sys/mman.h>
#include "common.h"

/* A list of page numbers in memory of its own, touched before it is used. */
struct order {
	uint32_t *at;
	size_t count;
};

static inline uint32_t below(uint32_t limit)
{
	static uint64_t state = 0x9e3779b97f4a7c15;	/* xorshift64 (Marsaglia 2003): the same walk each time */

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 32) * limit >> 32;
}

static inline struct order order_of(size_t count)
{
	struct order order = { malloc(count * sizeof(uint32_t)), count };

	if (!order.at)
		die(FAILED, "no memory for a walk of %zu pages", count);
	for (size_t i = 0; i < count; i++)
		order.at[i] = i;
	return order;
}

/* Fisher and Yates. */
static inline struct order shuffle(struct order order)
{
	for (size_t i = order.count - 1; i > 0; i--) {
		size_t j = below(i + 1);
		uint32_t page = order.at[i];
		order.at[i] = order.at[j];
		order.at[j] = page;
	}
	return order;
}

static inline struct order backward(struct order order)
{
	for (size_t i = 0; i < order.count; i++)
		order.at[i] = order.count - 1 - i;
	return order;
}

/* `ways` walks in turns: over parts of their own, or (`comb`) each over every ways-th page. */
static inline struct order in_turns(struct order order, size_t ways, int comb)
{
	size_t part = order.count / ways, lag = comb ? 5 : 0, done = 0;

	order.count = part * ways;
	for (size_t turn = 0; done < order.count; turn++)
		for (size_t way = 0; way < ways; way++) {
			size_t step = turn - way * lag;	/* below its lag it wraps beyond any part */
			if (step < part)
				order.at[done++] = comb ? step * ways + way : way * part + step;
		}
	return order;
}

/* Pages drawn with weight 1/rank, the ranks scattered: a page comes again and again, but faults once. */
static inline struct order zipf(size_t pages, size_t draws)
{
	struct order ranks = shuffle(order_of(pages)), order = order_of(draws);
	double *sums = malloc(pages * sizeof *sums), sum = 0;

	for (size_t i = 0; i < pages; i++)
		sums[i] = sum += 1.0 / (i + 1);
	for (size_t i = 0; i < draws; i++) {
		double draw = below(UINT32_MAX) / (double)UINT32_MAX * sum;
		size_t low = 0, high = pages - 1;
		while (low < high) {
			size_t middle = (low + high) / 2;
			if (sums[middle] < draw)
				low = middle + 1;
			else
				high = middle;
		}
		order.at[i] = ranks.at[low];
	}
	free(sums);
	free(ranks.at);
	return order;
}

static inline size_t distinct_pages(struct order order, size_t pages)
{
	char *seen = calloc(pages, 1);
	size_t distinct = 0;

	for (size_t i = 0; i < order.count; i++)
		if (!seen[order.at[i]]) {
			seen[order.at[i]] = 1;
			distinct++;
		}
	free(seen);
	return distinct;
}

#endif
