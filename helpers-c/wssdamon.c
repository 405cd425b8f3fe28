/* wssdamon.c - what processes touch, sampled by DAMON; and its guardian.
 *
 *   wssdamon
 *   wssdamon -t    only tries whether this kernel can do it
 *
 * stdin, a line each; the end of it, or "q", ends and leaves DAMON as it was found:
 *   m PID US    a window of US microseconds begins
 *   r PID       waits for its end, and tells what was found
 *   f PID       forgets the process
 * By hand: (echo m 1234 1000000; echo r 1234; sleep 2) | build/wssdamon
 *
 * stdout, a JSON object a line; *Ns are CLOCK_MONOTONIC, sizes bytes:
 *   mark     beginNs, endNs, pieces, setUpNs (of writing DAMON's files before it)
 *   mapping  start, end, hit: a piece of memory, and whether the page of it that was
 *            looked at was touched
 *   read     beginNs, endNs, pieces, hits
 *   gone     instead of either: there is no such process any more
 *
 * The memory that PID has at the mark is cut into about 1000 pieces. Of each DAMON
 * takes a page by chance, and its accessed bit away (sampling interval = aggregation
 * interval = window); at the end it looks whether it is there again. So it was
 * watched for the whole window, and pieces found are to all pieces as the working
 * set is to the memory.
 *
 * It ignores the signals that would end its tool: whatever becomes of that, this
 * process turns DAMON off and then ends.
 *
 * Needs CONFIG_DAMON_VADDR, CONFIG_DAMON_SYSFS and root. Exit: 0; 1; 2 usage; 3 the
 * kernel or the privilege lacks, or somebody else uses DAMON.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include "clock.h"
#include "wssdamon/pieces.h"
#include "wssdamon/trace.h"

/* Processes at the same time; a day, in us: DAMON shall keep the pieces that it got. */
enum { SLOTS = 16 };
#define DAY_US 86400000000ULL

static struct slot { pid_t pid; struct trace trace; struct pieces pieces; int64_t begin, deadline; } slots[SLOTS];

static int number_of(const struct slot *slot) { return slot - slots; }

static struct slot *slot_of(pid_t pid)
{
	for (int i = 0; i < SLOTS; i++)
		if (slots[i].pid == pid)
			return &slots[i];
	return NULL;
}

static void turn_off(struct slot *slot)
{
	trace_end(&slot->trace);
	put("off", "%d/state", number_of(slot));
}

static void forget(pid_t pid)
{
	struct slot *slot = slot_of(pid);

	if (!slot)
		return;
	turn_off(slot);
	slot->pid = 0;
}

/* The kernel thread, 0 where it has ended already. */
static pid_t kdamond_of(const struct slot *slot)
{
	char path[32], pid[24] = "";

	snprintf(path, sizeof path, "%d/pid", number_of(slot));
	for (int i = 0; i < RETRIES && get(pid, sizeof pid, path) == EBUSY; i++)
		usleep(1000);
	return atoi(pid) > 0 ? atoi(pid) : 0;
}

/* Writes what DAMON shall do: 0, or the error. */
static int set_up(const struct slot *slot, uint64_t us)
{
	const struct pieces *pieces = &slot->pieces;
	size_t least = pieces->count < 3 ? 3 : pieces->count;	/* mm/damon/core.c: damon_set_attrs() */
	char context[32], attributes[64], target[64];
	int n = number_of(slot);

	snprintf(context, sizeof context, "%d/contexts/0", n);
	snprintf(attributes, sizeof attributes, "%s/monitoring_attrs", context);
	snprintf(target, sizeof target, "%s/targets/0", context);
	int error = put("1", "%d/contexts/nr_contexts", n);
	error = error ? error : put("vaddr", "%s/operations", context);
	error = error ? error : put_number(us, "%s/intervals/sample_us", attributes);
	error = error ? error : put_number(us, "%s/intervals/aggr_us", attributes);
	error = error ? error : put_number(DAY_US, "%s/intervals/update_us", attributes);
	error = error ? error : put_number(least, "%s/nr_regions/min", attributes);
	error = error ? error : put_number(2 * least, "%s/nr_regions/max", attributes);
	error = error ? error : put("1", "%s/targets/nr_targets", context);
	error = error ? error : put_number(slot->pid, "%s/pid_target", target);
	error = error ? error : put_number(pieces->count, "%s/regions/nr_regions", target);
	for (size_t i = 0; !error && i < pieces->count; i++) {
		error = put_number(pieces->list[i].start, "%s/regions/%zu/start", target, i);
		error = error ? error : put_number(pieces->list[i].end, "%s/regions/%zu/end", target, i);
	}
	return error;
}

static struct slot *slot_for(pid_t pid)
{
	struct slot *slot = slot_of(pid);

	if (!slot)
		slot = slot_of(0);
	if (!slot)
		die(FAILED, "more than %d processes at the same time", SLOTS);
	if (!slot->pieces.list)
		slot->pieces.list = malloc(PIECES_MOST * sizeof *slot->pieces.list);
	if (!slot->pieces.list)
		die(FAILED, "cannot allocate %d pieces", PIECES_MOST);
	slot->pid = pid;
	turn_off(slot);
	return slot;
}

static int mark(pid_t pid, uint64_t us)
{
	struct slot *slot = slot_for(pid);
	int64_t asked = now_ns();

	if (!pieces_cut(&slot->pieces, pid))
		return 0;
	int error = set_up(slot, us);
	if (error)
		die(FAILED, "cannot set up DAMON: %s", strerror(error));
	slot->begin = now_ns();
	error = put("on", "%d/state", number_of(slot));
	if (error == EINVAL)	/* mm/damon/sysfs.c: no such process */
		return 0;
	if (error)
		die(FAILED, "cannot turn DAMON on: %s", strerror(error));
	pid_t kdamond = kdamond_of(slot);
	error = kdamond ? trace_begin(&slot->trace, kdamond) : ESRCH;
	if (error && error != ESRCH)
		die(FAILED, "cannot attach to damon:damon_aggregated: %s", strerror(error));
	slot->deadline = slot->begin + us * 1000;
	printf("{\"type\":\"mark\",\"beginNs\":%ld,\"endNs\":%ld,\"pieces\":%zu,\"setUpNs\":%ld}\n", slot->begin, now_ns(),
	       slot->pieces.count, slot->begin - asked);
	return 1;
}

/* Regions come in the order of their addresses; neighbours that were found alike may come as one. */
static void note(struct pieces *pieces, const struct found *found)
{
	for (size_t i = 0; i < pieces->count; i++)
		if (pieces->list[i].start >= found->start && pieces->list[i].start < found->end)
			pieces->list[i].hit = found->accesses > 0;
}

/* Waits for the end of the window: 1, or 0 once the process is gone. Ends where the tool has. */
static int await(struct slot *slot)
{
	struct found found;

	for (unsigned told = 0; slot->trace.fd >= 0;) {
		struct pollfd polled[] = { { .fd = slot->trace.fd, .events = POLLIN }, { .fd = STDIN_FILENO } };
		poll(polled, 2, 100);
		if (polled[1].revents & (POLLHUP | POLLERR))
			exit(0);
		while (trace_next(&slot->trace, &found)) {
			note(&slot->pieces, &found);
			if (++told >= found.regions)
				return 1;
		}
		if (!told && !kdamond_of(slot))
			return 0;
	}
	return 0;
}

static int read_pieces(pid_t pid)
{
	struct slot *slot = slot_of(pid);
	size_t hits = 0;

	if (!slot || !await(slot))
		return 0;
	int64_t end = now_ns();
	turn_off(slot);
	for (size_t i = 0; i < slot->pieces.count; i++) {
		const struct piece *piece = &slot->pieces.list[i];
		hits += piece->hit;
		printf("{\"type\":\"mapping\",\"start\":\"0x%lx\",\"end\":\"0x%lx\",\"hit\":%s}\n", piece->start, piece->end,
		       piece->hit ? "true" : "false");
	}
	printf("{\"type\":\"read\",\"beginNs\":%ld,\"endNs\":%ld,\"pieces\":%zu,\"hits\":%zu}\n",
	       slot->deadline < end ? slot->deadline : end, end, slot->pieces.count, hits);
	return 1;
}

static void serve(void)
{
	static char *line;
	static size_t size;

	while (getline(&line, &size, stdin) > 0 && *line != 'q') {
		unsigned long pid = 0, us = 0;
		char what = 0;
		int fields = sscanf(line, "%c %lu %lu", &what, &pid, &us);
		int there = 1;
		if (what == 'm' && fields == 3 && us >= 1000)
			there = mark(pid, us);
		else if (what == 'r' && fields == 2)
			there = read_pieces(pid);
		else if (what == 'f' && fields == 2)
			forget(pid);
		else
			die(USAGE, "stdin: 'm PID US', 'r PID', 'f PID' or 'q', not '%.*s'", (int)strcspn(line, "\n"), line);
		if (!there)
			printf("{\"type\":\"gone\"}\n");
		fflush(stdout);
	}
}

int main(int argc, char **argv)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE };
	int option, trial = 0;

	while ((option = getopt(argc, argv, "+t")) != -1) {
		if (option != 't')
			return USAGE;
		trial = 1;
	}
	if (argc != optind)
		die(USAGE, "usage: wssdamon | wssdamon -t");
	for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
		signal(ignored[i], SIG_IGN);
	for (int i = 0; i < SLOTS; i++)
		slots[i].trace.fd = -1;
	damon_take(SLOTS);
	read_format();
	if (!trial)
		serve();
	return 0;
}
