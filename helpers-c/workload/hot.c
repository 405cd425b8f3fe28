/* hot.c - a workload whose working set is known, and that notices if its memory was harmed.
 *
 *   hot [-k KIND] [-n PAGES] [-w WRITTEN] [-r READ] [-m PASSES] [-u UNTOUCHED]
 *       [-f FILE] [-F] [-c PASSES] [-p MS | -s]
 *
 *   -k KIND       anon (4 KiB pages, default), thp (2 MiB), memfd, shared (anonymous),
 *                 file-shared, file-private
 *   -n PAGES      in memory from the start (default 1024)
 *   -w WRITTEN    pages that each pass writes, one word each (default 64)
 *   -r READ       pages behind them that each pass reads (default 0)
 *   -m PASSES     then the hot pages move on by WRITTEN + READ, round and round (default 0: never)
 *   -u UNTOUCHED  pages mapped behind the others, for the commands R and W (default 0)
 *   -f FILE       for the two file kinds; written anew, removed at once
 *   -F            forks once its memory is filled: the child does the passes, in memory that
 *                 it shares with its parent until it writes
 *   -c PASSES     checks every word of all pages after so many (default 64; 0: never)
 *   -p MS         a pass each MS milliseconds (default 100; 0: without a rest)
 *   -s            a pass for each command "s" on stdin instead
 *
 * Commands, a byte each, with -s: s a pass; v checks every word of all pages;
 * R reads the next untouched page, W writes one; q or the end of stdin ends.
 *
 * Output, a JSON object a line:
 *   ready  pid, kind, start, end (addresses), pageSize, pages, written, read
 *   pass   n, beginNs, endNs (CLOCK_MONOTONIC), first (hot page), written, read
 *   check  ok: every word was what the passes so far must have left there
 *   touch  page, what
 * A word that is not what it must be: a line "harm" with page, word, found,
 * expected; and exit 1. Each pass checks the pages that it touches.
 *
 * Exit: 0; 1 harm, or no such memory; 2 usage.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "clock.h"
#include "common.h"

#define HUGE_PAGE (2UL << 20)

static struct options {
	const char *kind, *file;
	long pages, written, read, move, untouched, check, period_ms;
	int step, forks;
} opt = { .kind = "anon", .pages = 1024, .written = 64, .check = 64, .period_ms = 100 };

static struct { uint64_t *start; size_t page, words; long n, next_untouched; } arena;

static int is(const char *kind) { return !strcmp(opt.kind, kind); }

static int open_memory(size_t size)
{
	int fd = -1;

	if (is("memfd"))
		fd = memfd_create("hot", MFD_CLOEXEC);
	else if (opt.file)
		fd = open(opt.file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, size))
		die(FAILED, "cannot make the memory of kind %s: %s", opt.kind, strerror(errno));
	if (opt.file)
		unlink(opt.file);
	return fd;
}

static void map_arena(void)
{
	size_t size = (opt.pages + opt.untouched) * arena.page, room = size + HUGE_PAGE;
	int anonymous = is("anon") || is("thp") || is("shared"), is_private = is("anon") || is("thp") || is("file-private");
	int flags = is_private ? MAP_PRIVATE : MAP_SHARED;
	/* A hole around it keeps it a mapping of its own, at a huge page's boundary. */
	char *hole = mmap(NULL, room + HUGE_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *at = (char *)(((uintptr_t)hole + HUGE_PAGE) / HUGE_PAGE * HUGE_PAGE);

	munmap(hole, room + HUGE_PAGE);
	int fd = anonymous ? -1 : open_memory(size);
	arena.start = mmap(at, size, PROT_READ | PROT_WRITE, flags | MAP_FIXED | (anonymous ? MAP_ANONYMOUS : 0), fd, 0);
	if (arena.start == MAP_FAILED)
		die(FAILED, "cannot map %zu bytes: %s", size, strerror(errno));
	if (fd >= 0)
		close(fd);
	if (is("anon") || is("thp"))
		madvise(arena.start, size, is("thp") ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

static uint64_t *word_at(long page, size_t word)
{
	return arena.start + page * arena.words + word;
}

/* What a word holds that no pass has written. */
static uint64_t pattern(long page, size_t word)
{
	uint64_t mixed = (page * arena.words + word + 1) * 0x9e3779b97f4a7c15;

	return mixed ^ mixed >> 29;
}

/* Where the hot pages of a pass begin. */
static long hot_at(long pass)
{
	return opt.move ? pass / opt.move * (opt.written + opt.read) % opt.pages : 0;
}

/* How often the passes before `pass` have written a page: the first word tells it. */
static uint64_t times_written(long page, long pass)
{
	uint64_t times = 0;

	if (!opt.move)
		return page < opt.written ? pass : 0;
	for (long at = 0; at < pass; at += opt.move)
		if ((page - hot_at(at) + opt.pages) % opt.pages < opt.written)
			times += pass - at < opt.move ? pass - at : opt.move;
	return times;
}

static void check_word(long page, size_t word, uint64_t expected)
{
	uint64_t found = *(volatile uint64_t *)word_at(page, word);

	if (found == expected)
		return;
	printf("{\"type\":\"harm\",\"page\":%ld,\"word\":%zu,\"found\":%lu,\"expected\":%lu}\n", page, word, found, expected);
	exit(FAILED);
}

static void check_all(void)
{
	for (long page = 0; page < opt.pages; page++) {
		check_word(page, 0, pattern(page, 0) + times_written(page, arena.n));
		for (size_t word = 1; word < arena.words; word++)
			check_word(page, word, pattern(page, word));
	}
	printf("{\"type\":\"check\",\"ok\":true}\n");
}

/* The last word is never written: a page that came back empty shows at once. */
static void pass(void)
{
	int64_t begin = now_ns();
	long first = hot_at(arena.n);

	for (long i = 0; i < opt.written + opt.read; i++) {
		long page = (first + i) % opt.pages;
		check_word(page, arena.words - 1, pattern(page, arena.words - 1));
		if (i < opt.written)
			++*(volatile uint64_t *)word_at(page, 0);
	}
	printf("{\"type\":\"pass\",\"n\":%ld,\"beginNs\":%ld,\"endNs\":%ld,\"first\":%ld,\"written\":%ld,\"read\":%ld}\n",
	       ++arena.n, begin, now_ns(), first, opt.written, opt.read);
}

static void touch_next(int writes)
{
	long page = opt.pages + arena.next_untouched++;

	if (page >= opt.pages + opt.untouched)
		die(USAGE, "no untouched page is left");
	if (writes)
		*(volatile uint64_t *)word_at(page, 0) = 1;
	else
		(void)*(volatile uint64_t *)word_at(page, 0);
	printf("{\"type\":\"touch\",\"page\":%ld,\"what\":\"%s\"}\n", page, writes ? "write" : "read");
}

static void serve(void)
{
	char byte;

	while (read(STDIN_FILENO, &byte, 1) == 1)
		switch (byte) {
		case 's': pass(); break;
		case 'v': check_all(); break;
		case 'R': touch_next(0); break;
		case 'W': touch_next(1); break;
		case 'q': return;
		case '\n': break;
		default: die(USAGE, "no such command: '%c'", byte);
		}
}

static void parse(int argc, char **argv)
{
	static const char *const kinds[] = { "anon", "thp", "memfd", "shared", "file-shared", "file-private" };
	size_t kind = 0;

	for (int option; (option = getopt(argc, argv, "k:n:w:r:m:u:f:Fc:p:s")) != -1;)
		switch (option) {
		case 'k': opt.kind = optarg; break;
		case 'n': opt.pages = parse_number("PAGES", optarg, 1, 1L << 32); break;
		case 'w': opt.written = parse_number("WRITTEN", optarg, 0, 1L << 32); break;
		case 'r': opt.read = parse_number("READ", optarg, 0, 1L << 32); break;
		case 'm': opt.move = parse_number("PASSES", optarg, 1, 1L << 32); break;
		case 'u': opt.untouched = parse_number("UNTOUCHED", optarg, 0, 1L << 38); break;
		case 'f': opt.file = optarg; break;
		case 'F': opt.forks = 1; break;
		case 'c': opt.check = parse_number("PASSES", optarg, 0, 1L << 32); break;
		case 'p': opt.period_ms = parse_number("MS", optarg, 0, 86400000); break;
		case 's': opt.step = 1; break;
		default: exit(USAGE);
		}
	while (kind < sizeof kinds / sizeof *kinds && !is(kinds[kind]))
		kind++;
	if (optind != argc || kind == sizeof kinds / sizeof *kinds)
		die(USAGE, "usage: hot [-k anon|thp|memfd|shared|file-shared|file-private] [-n PAGES] [-w WRITTEN] "
		    "[-r READ] [-m PASSES] [-u UNTOUCHED] [-f FILE] [-F] [-c PASSES] [-p MS | -s]");
	if (opt.written + opt.read > opt.pages)
		die(USAGE, "WRITTEN + READ must not be more than PAGES: %ld + %ld, %ld", opt.written, opt.read, opt.pages);
	if (!strncmp(opt.kind, "file", 4) != !!opt.file)
		die(USAGE, "-f FILE goes with kind file-shared or file-private, and they with it");
}

/* The parent waits, and ends as the child does; the child dies with it. */
static void go_on_as_child(void)
{
	pid_t parent = getpid(), child = fork();
	int status;

	if (child < 0)
		die(FAILED, "cannot fork: %s", strerror(errno));
	if (child > 0) {
		waitpid(child, &status, 0);
		exit(WIFEXITED(status) ? WEXITSTATUS(status) : FAILED);
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		exit(FAILED);
}

int main(int argc, char **argv)
{
	parse(argc, argv);
	setvbuf(stdout, NULL, _IOLBF, 1 << 12);
	arena.page = sysconf(_SC_PAGESIZE);
	arena.words = arena.page / sizeof(uint64_t);
	map_arena();
	for (long page = 0; page < opt.pages; page++)
		for (size_t word = 0; word < arena.words; word++)
			*word_at(page, word) = pattern(page, word);
	if (opt.forks)
		go_on_as_child();
	printf("{\"type\":\"ready\",\"pid\":%d,\"kind\":\"%s\",\"start\":\"0x%lx\",\"end\":\"0x%lx\",\"pageSize\":%zu,"
	       "\"pages\":%ld,\"written\":%ld,\"read\":%ld}\n", getpid(), opt.kind, (uintptr_t)arena.start,
	       (uintptr_t)arena.start + (opt.pages + opt.untouched) * arena.page, arena.page, opt.pages, opt.written,
	       opt.read);
	if (opt.step) {
		serve();
		return 0;
	}
	for (int64_t next = now_ns();; next += opt.period_ms * 1000000) {
		struct timespec until = { next / 1000000000, next % 1000000000 };

		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL))
			;
		pass();
		if (opt.check && arena.n % opt.check == 0)
			check_all();
	}
}
