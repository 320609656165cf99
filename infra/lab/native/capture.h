/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts IPv4 packets to given networks by source, as they enter a namespace by any device. What
 * is not wanted never leaves the kernel. Stopping reads what is queued first, so everything that
 * was there before it is counted.
 */
#ifndef BERTH_LAB_CAPTURE_H
#define BERTH_LAB_CAPTURE_H

#include <stdint.h>

#define CAPTURE_NETWORKS_MAX 512

struct capture_network {
	uint32_t address, mask; /* host order */
};

/* Reports `capturing`, or `capture-failed`. */
void capture__start(uint32_t id, const char *netns, const struct capture_network *networks,
		    uint32_t count);

/* Reports a `captured` for each source, then `capture-ended`. */
void capture__stop(uint32_t id);

#endif
