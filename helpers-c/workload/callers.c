/* callers.c - known functions that fault a known number of times each.
 *
 *   callers [-w] FILL COPY READ
 *
 * In the section, run_tables() calls one after another:
 *   fill_table     writes FILL fresh pages itself
 *   copy_table     lets memcpy() of the C library write COPY fresh pages
 *   receive_table  lets read() make the kernel write READ fresh pages
 * Built with frame pointers, also in functions that call none. -w: see section.h.
 *
 * Output, one JSON line: fill, copy, read (their pages), minor (the sum),
 * before, after (section.h).
 *
 * Exit: 0; 1 if the kernel counted other faults than these; 2 usage.
 */
#define _GNU_SOURCE
#include "section.h"
#include "pages.h"

struct table { char *pages; size_t count; };

static struct table fill, copy, receive;
static char *source;
static int zero;

static __attribute__((noinline)) void fill_table(void)
{
	touch_pages(fill.pages, fill.count, 1);
}

static __attribute__((noinline)) void copy_table(void)
{
	memcpy(copy.pages, source, copy.count * page_size());
}

static __attribute__((noinline)) void receive_table(void)
{
	size_t length = receive.count * page_size();

	if (read(zero, receive.pages, length) != (ssize_t)length)
		die(FAILED, "cannot read /dev/zero: %s", strerror(errno));
}

static __attribute__((noinline)) void run_tables(void)
{
	fill_table();
	copy_table();
	receive_table();
}

static void set_up(size_t to_fill, size_t to_copy, size_t to_read)
{
	fill = (struct table){ fresh_pages(to_fill), to_fill };
	copy = (struct table){ fresh_pages(to_copy), to_copy };
	receive = (struct table){ fresh_pages(to_read), to_read };
}

int main(int argc, char **argv)
{
	static struct section section;

	section_arguments(&section, argc, argv, 3, "callers [-w] FILL COPY READ");
	long pages[3];
	for (int i = 0; i < 3; i++)
		pages[i] = parse_number("PAGES", argv[optind + i], 1, 1L << 20);
	zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	source = fresh_pages(pages[1]);
	touch_pages(source, pages[1], 1);
	set_up(1, 1, 1);
	run_tables();	/* the rehearsal */
	set_up(pages[0], pages[1], pages[2]);

	section_begin(&section, 0);
	run_tables();
	section_end(&section);

	long minor = pages[0] + pages[1] + pages[2];
	printf("{\"fill\":%ld,\"copy\":%ld,\"read\":%ld,\"minor\":%ld,", pages[0], pages[1], pages[2], minor);
	print_edges(&section);
	puts("}");
	fflush(stdout);
	struct faults took = section_faults(&section);
	if (took.minor != minor || took.major)
		die(FAILED, "the kernel counted %ld minor and %ld major faults, expected %ld and 0",
		    took.minor, took.major, minor);
	return 0;
}
