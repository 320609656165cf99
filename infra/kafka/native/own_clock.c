// SPDX-License-Identifier: Apache-2.0
/*
 * A time of day that can be set for one process, while it runs: preloaded (LD_PRELOAD), it adds to
 * the machine's time of day the seconds that stand in the file BERTH_CLOCK, an int64 in the
 * machine's byte order. How long things take (CLOCK_MONOTONIC) stays as it is, and so do waits.
 * libfaketime could do it too, but slows a broker down until its sessions run out.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_US 1000

/* NULL: the machine's time. */
static const volatile int64_t *ahead_s;

__attribute__((constructor)) static void own_clock__map(void)
{
	const char *path = getenv("BERTH_CLOCK");
	void *mapped;
	int fd;

	if (!path)
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		abort();
	mapped = mmap(NULL, sizeof(*ahead_s), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (mapped == MAP_FAILED)
		abort();
	ahead_s = mapped;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	if (syscall(SYS_clock_gettime, clock, now))
		return -1;
	if (ahead_s && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		now->tv_sec += *ahead_s;
	return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec precise;

	(void)zone;
	if (clock_gettime(CLOCK_REALTIME, &precise))
		return -1;
	now->tv_sec = precise.tv_sec;
	now->tv_usec = precise.tv_nsec / NS_PER_US;
	return 0;
}

time_t time(time_t *now)
{
	struct timespec precise;

	if (clock_gettime(CLOCK_REALTIME, &precise))
		return -1;
	if (now)
		*now = precise.tv_sec;
	return precise.tv_sec;
}
