/* track.h - one mapping at one scan: what was written, and what cannot be told.
 */
#ifndef WSSCAN_TRACK_H
#define WSSCAN_TRACK_H

#include "armed.h"

enum { MAPPING_GONE = -1, MAPPING_REFUSED = -2, MAPPING_UNKNOWN = -3 };

/* Page tables that may be made in the process for holes, in bytes; and were. */
static struct { uint64_t most, used; } holes = { .most = 8 << 20 };

struct written {
	uint64_t low, high;	/* bytes */
	int is_new;		/* not armed before: low is 0 */
};

/* Mappings that the kernel would not register; told once. */
static struct { struct { uint64_t start, end; } *list; size_t count; } refused;

static int is_refused(const struct mapping *mapping)
{
	for (size_t i = 0; i < refused.count; i++)
		if (refused.list[i].start == mapping->start && refused.list[i].end == mapping->end)
			return 1;
	return 0;
}

static const char *refusal(int error)
{
	switch (error) {
	case EBUSY: return "another userfaultfd has it";
	case EPERM: return "it may never be written";
	case EINVAL: return "the kernel cannot write-protect this kind";
	default: return strerror(error);
	}
}

static void refuse(const struct mapping *mapping, int error)
{
	refused.list = realloc(refused.list, (refused.count + 1) * sizeof *refused.list);
	if (!refused.list)
		die(FAILED, "cannot allocate a list");
	refused.list[refused.count].start = mapping->start;
	refused.list[refused.count++].end = mapping->end;
	printf("{\"type\":\"refused\",\"start\":\"0x%lx\",\"end\":\"0x%lx\",\"name\":\"%s\",\"reason\":\"%s\"}\n",
	       mapping->start, mapping->end, mapping->name, refusal(error));
}

/* Holes of a shared mapping are armed at once if the page tables are within the budget. */
static int arm_holes(const struct mapping *mapping)
{
	uint64_t tables = (mapping->end - mapping->start + PIECE - 1) / PIECE * 4096;

	if (mapping->kind != SHARED || holes.used + tables > holes.most)
		return 0;
	if (arm_range(mapping->start, mapping->end))
		return 0;
	holes.used += tables;
	armed_add(mapping->start, mapping->end);
	return 1;
}

/* Counts what is not write-protected, and protects it; 0 or the error. */
static int count_written(const struct mapping *mapping, struct count *count)
{
	take_region *take = reads_show(mapping->kind) ? take_shown : take_run;

	*count = (struct count){ .mapping = mapping };
	return scan_pages(written_query(mapping->kind), mapping->start, mapping->end, take, count);
}

/* A mapping that was not there before. Its pages may have been written since or,
 * where they were moved here or read, not: only the upper bound counts them. */
static int begin(const struct mapping *mapping, struct written *written)
{
	if (is_refused(mapping))
		return MAPPING_REFUSED;
	int error = register_range(mapping->start, mapping->end);
	if (error == ENOMEM || error == ESRCH)	/* no mapping there, or no memory at all, any more */
		return MAPPING_GONE;
	if (error) {
		refuse(mapping, error);
		return MAPPING_REFUSED;
	}
	armed_remove(mapping->start, mapping->end);
	struct count count = { 0 };
	if (arm_holes(mapping))
		count.high = present_bytes(mapping->start, mapping->end);
	else if (count_written(mapping, &count))
		return MAPPING_GONE;
	*written = (struct written){ .high = count.high, .is_new = 1 };
	return 0;
}

/* What was written in it since the last scan, and arms it for the next: 0,
 * MAPPING_GONE or MAPPING_REFUSED; MAPPING_UNKNOWN for a new one that is only
 * peeked at. */
static int track(const struct mapping *mapping, struct written *written)
{
	struct count count;
	int error = count_written(mapping, &count);

	*written = (struct written){ .low = count.low, .high = count.high };
	if (error == EPERM)
		return process.peeks ? MAPPING_UNKNOWN : begin(mapping, written);
	return error ? MAPPING_GONE : 0;
}

#endif
