/* twin.h - a child that shares the parent's pages, sleeps, and writes to them
 * when it is told to. */
#ifndef TWIN_H
#define TWIN_H

#include <sys/wait.h>
#include "section.h"
#include "pages.h"

struct twin {
	pid_t pid;
	int orders, answers;	/* pipes: a number of pages, the faults they took */
};

/* Ends with the parent: then its orders end. */
static inline __attribute__((noreturn)) void serve(char *pages, int orders, int answers)
{
	struct rusage before, after;
	size_t count;

	while (read(orders, &count, sizeof count) == sizeof count) {
		getrusage(RUSAGE_SELF, &before);
		touch_pages(pages, count, 1);
		getrusage(RUSAGE_SELF, &after);
		struct faults took = { after.ru_minflt - before.ru_minflt,
				       after.ru_majflt - before.ru_majflt };
		if (write(answers, &took, sizeof took) != sizeof took)
			break;
	}
	_exit(0);
}

/* Has the twin write to the first `count` of the shared pages. */
static inline struct faults twin_writes(const struct twin *twin, size_t count)
{
	struct faults took;

	if (write(twin->orders, &count, sizeof count) != sizeof count
	    || read(twin->answers, &took, sizeof took) != sizeof took)
		die(FAILED, "the child has gone");
	return took;
}

static inline struct twin start_twin(char *pages)
{
	int orders[2], answers[2];

	if (pipe(orders) || pipe(answers))
		die(FAILED, "cannot create a pipe: %s", strerror(errno));
	pid_t pid = fork();
	if (pid < 0)
		die(FAILED, "cannot fork: %s", strerror(errno));
	if (pid == 0) {
		close(orders[1]);
		serve(pages, orders[0], answers[1]);
	}
	close(orders[0]);
	close(answers[1]);
	struct twin twin = { pid, orders[1], answers[0] };
	/* Not one shared page yet, but its own stack and data are now its own. */
	twin_writes(&twin, 0);
	return twin;
}

static inline void end_twin(struct twin *twin)
{
	close(twin->orders);
	close(twin->answers);
	waitpid(twin->pid, NULL, 0);
	twin->pid = 0;
}

#endif
