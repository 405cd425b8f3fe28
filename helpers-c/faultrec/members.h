/* members.h - the processes that are recorded, and whether they still live.
 *
 * A process joins when it is named or forked by a member, and leaves once a read
 * of the rings that began after its end is done: all that it did has been told by
 * then, its number may belong to somebody else soon. Where everybody is recorded,
 * nobody joins or leaves.
 */
#ifndef FAULTREC_MEMBERS_H
#define FAULTREC_MEMBERS_H

#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include "../common.h"

enum { PID_MOST = 1 << 22 };	/* PID_MAX_LIMIT, include/linux/threads.h */

struct member { pid_t pid; uint64_t ended; };	/* ended: ns, 0 while it lives */

static struct {
	uint64_t bits[PID_MOST / 64];	/* asked for every event: as cheap as can be */
	struct member *list;
	struct pollfd *polls;		/* FIXED others, then a pidfd for each of `list` */
	int count, room, fixed;
	int everybody;
} members;

static inline int is_member(uint32_t pid)
{
	return pid < PID_MOST && members.bits[pid / 64] >> pid % 64 & 1;
}

static void member_except(pid_t pid) { members.bits[pid / 64] &= ~(1ull << pid % 64); }

/* But this process, and those without a number here (0: of another pid namespace). */
static void members_everybody(void)
{
	members.everybody = 1;
	memset(members.bits, 0xff, sizeof members.bits);
	member_except(0);
	member_except(getpid());
}

static void members_room(void)
{
	if (members.count < members.room)
		return;
	members.room = 2 * members.room + 16;
	members.list = realloc(members.list, members.room * sizeof *members.list);
	members.polls = realloc(members.polls, (members.fixed + members.room) * sizeof *members.polls);
	if (!members.list || !members.polls)
		die(FAILED, "cannot allocate processes: %s", strerror(errno));
}

static void member_join(pid_t pid)
{
	if (pid <= 0 || pid >= PID_MOST || is_member(pid))
		return;
	members_room();
	members.bits[pid / 64] |= 1ull << pid % 64;
	members.list[members.count] = (struct member){ .pid = pid };
	members.polls[members.fixed + members.count++] = (struct pollfd){
		.fd = syscall(SYS_pidfd_open, pid, 0), .events = POLLIN,
	};
}

/* Without a pidfd (none left): there is somebody of that number. */
static int is_alive(const struct member *member, const struct pollfd *poll)
{
	if (poll->fd >= 0)
		return !poll->revents;
	return kill(member->pid, 0) == 0 || errno == EPERM;
}

/* Notes who has ended by now, after poll(); returns how many of them are still to be told. */
static int members_check(uint64_t now)
{
	int ended = 0;

	for (int i = 0; i < members.count; i++) {
		struct member *member = &members.list[i];
		struct pollfd *poll = &members.polls[members.fixed + i];
		if (!member->ended && !is_alive(member, poll)) {
			member->ended = now;
			if (poll->fd >= 0)
				close(poll->fd);
			poll->fd = -1;	/* poll() passes over it */
		}
		ended += member->ended != 0;
	}
	return ended;
}

/* Everything until `time` has been read: who ended by then leaves. */
static void members_leave(uint64_t time)
{
	for (int i = 0; i < members.count; ) {
		struct member *member = &members.list[i];
		if (!member->ended || member->ended > time) {
			i++;
			continue;
		}
		member_except(member->pid);
		int last = --members.count;
		*member = members.list[last];
		members.polls[members.fixed + i] = members.polls[members.fixed + last];
	}
}

#endif
