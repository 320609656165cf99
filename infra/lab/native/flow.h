/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What clients have in common: a number by which the lab names them, and the namespace with which
 * they end. A flow registers itself, and is gone when its `end` returns.
 */
#ifndef BERTH_LAB_FLOW_H
#define BERTH_LAB_FLOW_H

#include <stdint.h>

#include "netns_socket.h"

#define FLOW_ID_MAX (4 * 1024 * 1024)

enum flow_end {
	FLOW_CLOSE, /* in order: what is under way may finish */
	FLOW_DROP,  /* at once: its pod is gone */
};

struct flow {
	uint32_t id;
	char netns[NETNS_NAME_MAX];
	void (*end)(struct flow *flow, enum flow_end how);
	struct flow *next;
	struct flow **linked_by;
};

/* Dies when the number is out of bounds or taken. */
void flow__register(struct flow *flow);
void flow__unregister(struct flow *flow);
/* Unknown: nothing happens, it may have ended by itself. */
void flow__close(uint32_t id);
void flow__drop_netns(const char *netns);

#endif
