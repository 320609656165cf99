// SPDX-License-Identifier: Apache-2.0
/*
 * How long a program takes on a frame. The frame stays as the program left it from one run to the
 * next, so what is timed with `repeat` must find it again as it was.
 */
#include <errno.h>
#include <time.h>
#include <bpf/bpf.h>
#include "libberth.h"

/* A signal that is pending ends a run of many with EINTR; the next one may be spared. */
#define TRIES_MAX 100

/* Of this thread alone: on a busy machine the rest is spent by others. */
static double cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

int berth_prog__time(int program, const void *frame, uint32_t size, uint32_t repeat,
		     uint32_t *verdict, double *ns)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = size,
		    .repeat = (int)repeat);
	int err = -EINTR;

	for (int i = 0; i < TRIES_MAX && err == -EINTR; i++) {
		double started = cpu_ns();

		err = bpf_prog_test_run_opts(program, &opts);
		/* A single run is shorter than the call around it: the kernel's own clock, then. */
		*ns = repeat == 1 ? opts.duration : (cpu_ns() - started) / repeat;
	}
	*verdict = opts.retval;
	return err;
}
