/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A UDP or ICMP echo client in a pod: a numbered datagram at a steady interval, each to be echoed
 * within a second, or it is lost. Windows count the fate of what was sent while they were open.
 */
#ifndef BERTH_LAB_UDP_PROBE_H
#define BERTH_LAB_UDP_PROBE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#define UDP_INTERVAL_US_MIN 500
/* A window waits no longer than this for a probe to see what it lost. */
#define UDP_INTERVAL_US_MAX 250000

struct udp_probe_init {
	uint32_t id;
	bool icmp;
	const char *netns;
	struct sockaddr_in to;
	uint16_t source_port; /* or the id of the echo; 0: the kernel's choice */
	int64_t interval_us;
};

void udp_probe__start(const struct udp_probe_init *init);

/* A window of its own number; closing reports it once the fate of all its datagrams is known. */
void udp_window__open(uint32_t number);
void udp_window__close(uint32_t number);

#endif
