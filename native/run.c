// SPDX-License-Identifier: Apache-2.0
/* Runs a program on frames, without a network, and tells what came of each (BPF_PROG_TEST_RUN). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "berth_abi.h"
#include "libberth.h"

struct sums {
	struct berth_counter of[BERTH_REASONS_ENTRIES];
};

/* `room`: an element for each reason and CPU. */
static int read_counters(int map, int cpus, struct berth_counter *room, struct sums *sums)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts);
	uint32_t keys[BERTH_REASONS_ENTRIES], position, length = BERTH_REASONS_ENTRIES;
	int err = bpf_map_lookup_batch(map, NULL, &position, keys, room, &length, &opts);

	if (err && err != -ENOENT)
		return err;
	memset(sums, 0, sizeof(*sums));
	for (uint32_t i = 0; i < length; i++) {
		for (int cpu = 0; cpu < cpus; cpu++) {
			const struct berth_counter *one = &room[(size_t)i * (size_t)cpus + cpu];

			sums->of[keys[i]].packets += one->packets;
			sums->of[keys[i]].bytes += one->bytes;
		}
	}
	return 0;
}

static int run_one(int program, const void *frame, uint32_t size, void *out, uint32_t room,
		   struct berth_run *run)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = size,
		    .data_out = out, .data_size_out = room,
		    /* More than once fails with EINTR when a signal is pending. */
		    .repeat = 1);
	int err = bpf_prog_test_run_opts(program, &opts);

	run->verdict = opts.retval;
	run->size = opts.data_size_out;
	return err;
}

static void take_difference(struct berth_run *run, const struct sums *before,
			    const struct sums *after)
{
	for (uint32_t i = 0; i < BERTH_REASONS_ENTRIES; i++) {
		run->counted[i][0] = (uint32_t)(after->of[i].packets - before->of[i].packets);
		run->counted[i][1] = (uint32_t)(after->of[i].bytes - before->of[i].bytes);
	}
}

int berth_prog__run(int program, int counters, const void *frames, const uint32_t *sizes,
		    uint32_t count, void *out, uint32_t room, struct berth_run *runs)
{
	int err, cpus = libbpf_num_possible_cpus();
	struct berth_counter *elements;
	struct sums sums[2];
	const char *frame = frames;

	if (cpus < 0)
		return cpus;
	elements = calloc((size_t)BERTH_REASONS_ENTRIES * (size_t)cpus, sizeof(*elements));
	if (!elements)
		return -ENOMEM;
	err = read_counters(counters, cpus, elements, &sums[0]);
	for (uint32_t i = 0; i < count && !err; i++) {
		err = run_one(program, frame, sizes[i], (char *)out + (size_t)i * room, room,
			      &runs[i]);
		err = err ?: read_counters(counters, cpus, elements, &sums[(i + 1) % 2]);
		take_difference(&runs[i], &sums[i % 2], &sums[(i + 1) % 2]);
		frame += sizes[i];
	}
	free(elements);
	return err;
}
