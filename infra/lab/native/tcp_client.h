/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TCP client in a pod: sends a message, awaits its echo, compares every byte, pauses, goes on.
 * Reports `established` and, once, `ended`, with who ended it.
 */
#ifndef BERTH_LAB_TCP_CLIENT_H
#define BERTH_LAB_TCP_CLIENT_H

#include <netinet/in.h>
#include <stdint.h>

#define TCP_MESSAGE_BYTES_MAX (1024 * 1024)

struct tcp_client_init {
	uint32_t id;
	const char *netns;
	struct sockaddr_in to;
	uint16_t source_port; /* 0: the kernel's choice */
	uint32_t message_bytes;
	int64_t interval_us; /* from the start of one message to that of the next */
	uint32_t messages;   /* 0: until it is closed */
	int64_t stall_us;
	int64_t connect_us;
};

void tcp_client__start(const struct tcp_client_init *init);

#endif
