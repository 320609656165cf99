// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loop.h"

#define LINE_MAX_BYTES 512
#define KEPT_MAX_BYTES (64 * 1024 * 1024)

static char *kept;
static size_t kept_used, kept_size;
static struct watch output;

static void writable(struct watch *watch, uint32_t events)
{
	(void)watch;
	(void)events;
	report__flush();
}

void report__init(void)
{
	fcntl(STDOUT_FILENO, F_SETFL, fcntl(STDOUT_FILENO, F_GETFL) | O_NONBLOCK);
	loop__watch(&output, STDOUT_FILENO, writable);
}

void report__line(const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	va_list values;
	int length;

	va_start(values, format);
	length = vsnprintf(line, sizeof(line) - 1, format, values);
	va_end(values);
	if (length < 0 || length >= (int)sizeof(line) - 1)
		loop__die("a line is too long");
	line[length++] = '\n';
	if (kept_used + length > kept_size) {
		kept_size = kept_size ? kept_size * 2 : 64 * 1024;
		if (kept_size > KEPT_MAX_BYTES)
			loop__die("nobody reads the reports");
		kept = realloc(kept, kept_size);
		if (!kept)
			loop__die("out of memory");
	}
	memcpy(kept + kept_used, line, length);
	kept_used += length;
}

void report__flush(void)
{
	size_t done = 0;

	while (done < kept_used) {
		ssize_t written = write(STDOUT_FILENO, kept + done, kept_used - done);

		if (written < 0) {
			if (errno == EINTR)
				continue;
			if (errno == EAGAIN)
				break;
			/* The reader is gone, and so is the lab. */
			exit(0);
		}
		done += written;
	}
	if (!done)
		return;
	memmove(kept, kept + done, kept_used - done);
	kept_used -= done;
}
