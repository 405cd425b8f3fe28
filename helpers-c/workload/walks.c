/* walks.c - programs that know in which pattern they fault.
 *
 *   walks [-w] [-g CGROUP_DIR] [-s STRIDE] [-t THREADS] [-p PASSES] [-f FILE] MODE N
 *
 *   seq, reverse, random     N fresh pages upward, downward, in no order
 *   stride                   N pages, one in STRIDE (2 to 4096, default 7)
 *   zipf                     4N draws from N pages, few of them often: a page faults once
 *   chase                    a ring of pointers over N pages
 *   interleaved, fill        two walks in turns over a half each; over every second page each
 *   threads                  THREADS (1 to 64, default 4) walk a part each
 *   thrash, thrash-random    PASSES (default 3) over N pages, given back after each
 *                            (-g: left to the cgroup's limit and to swap)
 *   stack                    N pages of stack downward
 *   cow                      N pages written, fork, written again
 *   zero                     N pages read (the zero page), then written
 *   file-seq, file-random    reads of FILE's first N pages; it is written where it is missing
 *   memfd                    N pages of a memfd
 *   mremap                   N pages, moved after half of them
 *   vanish                   N pages, half of them; unmapped, and another mapping there
 *   jit                      N pages of code written and executed, anonymous and rwx
 *   sparse                   N pages of 5003 N in no order
 *   thp                      N huge pages of 2 MiB
 *
 *   -w  idle before and after the section, see section.h
 *   -g  move into this memory cgroup (v1 or v2) before anything is allocated
 *
 * Output, one JSON line: mode, pattern and order (of the region's faults), stride
 * (pages; null where there is none), streams (walks at once), pages (that fault),
 * refaults, minor, major (of the region), mapped (pages a fault maps), start, end
 * (of the region), old (null, or where it began before), before, after (section.h).
 *
 * Exit: 0; 1 if the kernel counted other faults than these, or lacks what the mode
 * needs; 2 usage.
 */
#define _GNU_SOURCE
#include <sys/prctl.h>
#include "modes.h"
#include "pageout.h"

static int is(const struct mode *mode, const char *name) { return !strcmp(mode->name, name); }

static void run(const struct mode *mode, struct walk *walk, struct section *section)
{
	walk->streams = 1;
	mode->prepare(walk);
	section_begin(section, 0);
	mode->section(walk);
	section_end(section);
	if (mode->prepare == map_parts)
		end_team(walk);
}

/* Of a region whose faults only the kernel knows, all are this process's. */
static void count_faults(struct walk *walk, struct faults took)
{
	size_t faults = took.minor + took.major;

	if (walk->distinct == 0)
		walk->distinct = faults;	/* a file: each fault was on another page */
	else
		walk->refaults = faults - walk->distinct;
}

static void print_walk(const struct mode *mode, const struct walk *walk, const struct section *section)
{
	struct faults took = section_faults(section);
	char stride[16] = "null", old[32] = "null";

	if (is(mode, "stride"))
		snprintf(stride, sizeof stride, "%zu", walk->stride);
	if (walk->old)
		snprintf(old, sizeof old, "\"%p\"", (void *)walk->old);
	printf("{\"mode\":\"%s\",\"pattern\":\"%s\",\"order\":\"%s\",\"stride\":%s,\"streams\":%zu,"
	       "\"pages\":%zu,\"refaults\":%zu,\"minor\":%ld,\"major\":%ld,\"mapped\":%d,"
	       "\"start\":\"%p\",\"end\":\"%p\",\"old\":%s,",
	       mode->name, mode->pattern, mode->order, stride, walk->streams, walk->distinct, walk->refaults,
	       walk->minor < 0 ? took.minor : walk->minor, walk->minor < 0 ? took.major : 0,
	       is(mode, "thp") ? HUGE_PAGES : 1,
	       (void *)walk->pages, (void *)at(walk, walk->length), old);
	print_edges(section);
	puts("}");
	fflush(stdout);
}

static void check_faults(const struct mode *mode, const struct walk *walk, struct faults took)
{
	long spare = is(mode, "cow") ? FORK_PAGES : 0;

	if (walk->minor < 0)
		return;
	if (took.minor < walk->minor || took.minor > walk->minor + spare || took.major)
		die(FAILED, "%s: the kernel counted %ld minor and %ld major faults, expected %ld and 0",
		    mode->name, took.minor, took.major, walk->minor);
}

int main(int argc, char **argv)
{
	static struct section section;
	struct walk asked = { .stride = 1, .threads = 4, .passes = 3, .file = -1 };
	const char *path = NULL;
	size_t stride = 7;
	int option;

	while ((option = getopt(argc, argv, "+wg:s:t:p:f:")) != -1) {
		if (option == 'w')
			section.wait = 1;
		else if (option == 'g')
			join_cgroup(optarg), asked.in_cgroup = 1;
		else if (option == 's')
			stride = parse_number("STRIDE", optarg, 2, 4096);
		else if (option == 't')
			asked.threads = parse_number("THREADS", optarg, 1, 64);
		else if (option == 'p')
			asked.passes = parse_number("PASSES", optarg, 2, 1000);
		else if (option == 'f')
			path = optarg;
		else
			return USAGE;
	}
	if (argc - optind != 2)
		die(USAGE, "usage: walks [-w] [-g CGROUP_DIR] [-s STRIDE] [-t THREADS] [-p PASSES] [-f FILE] MODE N");
	const struct mode *mode = find_mode(argv[optind]);
	asked.n = parse_number("N", argv[optind + 1], is(mode, "thp") ? 1 : 64, 1L << 24);
	if (is(mode, "stride"))
		asked.stride = stride;
	if (mode->section == read_in_order) {
		if (!path)
			die(USAGE, "%s needs -f FILE", mode->name);
		asked.file = open_file(path, asked.n);
	}
	if (!is(mode, "thp"))
		prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);

	/* The rehearsal, over a few pages, brings in every page of code. */
	struct walk rehearsal = asked, walk = asked;
	rehearsal.n = 64;
	rehearsal.passes = 2;
	if (is(mode, "thp"))
		rehearsal.n = 1;
	run(mode, &rehearsal, &(struct section){ 0 });
	run(mode, &walk, &section);
	if (walk.minor < 0)
		count_faults(&walk, section_faults(&section));
	print_walk(mode, &walk, &section);
	check_faults(mode, &walk, section_faults(&section));
	return 0;
}
