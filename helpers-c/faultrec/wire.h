/* wire.h - the records that faultrec writes to stdout (docs/faultrec.md).
 *
 * Little endian, each a multiple of 8 bytes long, each begun by the same 24:
 *
 *   offset 0  u8   kind      enum kind
 *          1  u8   flags     by kind
 *          2  u16  size      of the whole record in bytes
 *          4  u32  cpu       that it happened on
 *          8  u32  pid       (tgid)
 *         12  u32  tid
 *         16  u64  time      ns, CLOCK_MONOTONIC
 */
#ifndef FAULTREC_WIRE_H
#define FAULTREC_WIRE_H

#include <stdint.h>
#include <unistd.h>
#include "../common.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the records are little endian"
#endif

enum { WIRE_VERSION = 1, PREFIX = 24, COMM_SIZE = 16 };

enum kind { READY = 1, FAULT, MMAP, COMM, FORK, EXIT, LOST, GONE, END };

/* flags */
enum {						/* FAULT: else minor, in user mode */
	FAULT_MAJOR = 1, FAULT_KERNEL = 2,
	FAULT_ACCESS = 4,			/* the next three are known (HAS_ACCESS) */
	FAULT_PRESENT = 8,			/* the page was there: protection */
	FAULT_WRITE = 16, FAULT_EXECUTE = 32,	/* else a read */
};
enum { COMM_EXEC = 1 };				/* COMM: because of an exec */
enum { LOST_OTHERS = 1 };			/* LOST: majors, mappings, tasks; else minor faults */

/* READY.features */
enum {
	HAS_IP = 1,		/* FAULT has ip */
	HAS_PHYSICAL = 2,	/* FAULT has physical and page_size */
	HAS_CHAIN = 4,		/* FAULT ends with the call chain */
	USER_ONLY = 8,		/* faults in kernel mode are not seen: no privilege */
	MACHINE = 16,		/* one event a CPU for all processes, filtered by pid */
	FOLLOW = 32,		/* forked children too */
	HAS_LATENCY = 64,	/* FAULT has its latency */
	HAS_ACCESS = 128,	/* FAULT has its access in its flags */
	LIGHT = 256,		/* a minor fault has the time of the end of its stretch */
};

#define LATENCY_UNKNOWN UINT64_MAX	/* ns: its entry was lost, or came before READY */

struct prefix {
	uint8_t kind, flags;
	uint16_t size;
	uint32_t cpu, pid, tid;
	uint64_t time;
};

struct wire_ready {
	struct prefix prefix;
	uint32_t version, features, threads;
	uint32_t unsure;	/* threads that may be recorded twice, see attach.h */
	int64_t realtime;	/* CLOCK_REALTIME - CLOCK_MONOTONIC, ns */
	uint64_t ring;		/* bytes of a CPU's ring for minor faults */
	uint64_t interval;	/* ns between two reads of the rings, about: no stretch is longer */
};

struct wire_mmap {
	struct prefix prefix;
	uint64_t start, end, offset, inode;
	uint32_t protection, flags, major, minor;
	char path[];		/* padded with NULs, at least one */
};

struct wire_comm { struct prefix prefix; char comm[COMM_SIZE]; };
struct wire_task { struct prefix prefix; uint32_t parent_pid, parent_tid; };
struct wire_lost { struct prefix prefix; uint64_t count; };

/* For minor faults, and for major ones: counted = told + foreign + lost. */
struct wire_tally {
	uint64_t counted;	/* by the kernel's events themselves */
	uint64_t told;		/* FAULT records written */
	uint64_t foreign;	/* of other processes (MACHINE): dropped */
	uint64_t lost;		/* what is missing */
	uint64_t refused;	/* records that the events found no room for, mappings too
				 * (PERF_FORMAT_LOST, Linux 6.0); UINT64_MAX: they do not say */
};

struct wire_end {
	struct prefix prefix;
	struct wire_tally minor, major;
	uint64_t lost_others;	/* by PERF_RECORD_LOST: mappings and tasks, majors too */
};

/* Follows in END with HAS_LATENCY or HAS_ACCESS. told are those of the targets that were read. */
struct wire_entries {
	struct wire_tally tally;
	uint64_t failed;	/* that nothing completed */
	uint64_t open;		/* neither completed nor failed by now */
};

/* Output, gathered: a write costs more than a thousand records. */
enum { OUTPUT_SIZE = 256 << 10 };
static struct { size_t used; char bytes[OUTPUT_SIZE]; } output;

static inline void output_flush(void)
{
	for (size_t done = 0; done < output.used; ) {
		ssize_t wrote = write(STDOUT_FILENO, output.bytes + done, output.used - done);
		if (wrote < 0 && errno != EINTR)
			die(FAILED, "cannot write: %s", strerror(errno));
		done += wrote > 0 ? wrote : 0;
	}
	output.used = 0;
}

/* Room for a record of `size` bytes, its prefix filled in. */
static inline void *output_record(enum kind kind, size_t size, struct prefix prefix)
{
	if (output.used + size > OUTPUT_SIZE)
		output_flush();
	struct prefix *record = (void *)(output.bytes + output.used);
	output.used += size;
	prefix.kind = kind;
	prefix.size = size;
	*record = prefix;
	return record;
}

#endif
