/* common.h - how every helper speaks on stderr: one line, lower case, no full
 * stop, what failed first. */
#ifndef COMMON_H
#define COMMON_H

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Exit statuses of the helpers; 126 and 127 are the shell's. */
enum { FAILED = 1, USAGE = 2, PREREQUISITE = 3, CANNOT_EXECUTE = 126, NOT_FOUND = 127 };

static inline void vwarn_line(const char *format, va_list arguments)
{
	char line[512];

	vsnprintf(line, sizeof line, format, arguments);
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, line);
}

__attribute__((format(printf, 1, 2)))
static inline void warn(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vwarn_line(format, arguments);
	va_end(arguments);
}

__attribute__((noreturn, format(printf, 2, 3)))
static inline void die(int status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vwarn_line(format, arguments);
	va_end(arguments);
	exit(status);
}

/* Behind strerror() of an error that looking at another process gave. */
static inline const char *denial(int error)
{
	return error == EACCES || error == EPERM ? " (it is another user's, or has more privilege)" : "";
}

/* The status with which a shell would end when exec failed with `error`. */
static inline int exec_status(int error)
{
	return error == ENOENT || error == ENOTDIR ? NOT_FOUND : CANNOT_EXECUTE;
}

/* A whole decimal number within [least, most], or the end with exit 2. */
static inline long parse_number(const char *what, const char *text, long least, long most)
{
	char *end;

	errno = 0;
	long value = strtol(text, &end, 10);
	if (errno || end == text || *end || value < least || value > most)
		die(USAGE, "%s must be a whole number from %ld to %ld: '%s'", what, least, most, text);
	return value;
}

#endif
