// SPDX-License-Identifier: Apache-2.0
/* Records of a ring buffer, taken in batches: libbpf's callback ends here. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/libbpf.h>
#include "libberth.h"

struct berth_ring {
	struct ring_buffer *ring;
	/* Of the call that takes. */
	char *records;
	uint32_t record_size, room, count;
};

static int take_one(void *context, void *data, size_t size)
{
	struct berth_ring *ring = context;

	if (size != ring->record_size)
		return -EPROTO;
	memcpy(ring->records + (size_t)ring->count * size, data, size);
	/* What ends a round is taken all the same. */
	return ++ring->count < ring->room ? 0 : -ENOBUFS;
}

int berth_ring__open(int map, struct berth_ring **ring)
{
	struct berth_ring *made = calloc(1, sizeof(*made));

	if (!made)
		return -ENOMEM;
	made->ring = ring_buffer__new(map, take_one, made, NULL);
	if (!made->ring) {
		free(made);
		return -errno;
	}
	*ring = made;
	return 0;
}

void berth_ring__close(struct berth_ring *ring)
{
	if (!ring)
		return;
	ring_buffer__free(ring->ring);
	free(ring);
}

int berth_ring__take(struct berth_ring *ring, void *records, uint32_t record_size, uint32_t *count)
{
	int err;

	ring->records = records;
	ring->record_size = record_size;
	ring->room = *count;
	ring->count = 0;
	err = ring->room ? ring_buffer__consume(ring->ring) : 0;
	*count = ring->count;
	return err < 0 && err != -ENOBUFS ? err : 0;
}
