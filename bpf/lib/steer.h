/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * A gateway's whole knowledge: NAT address and port -> block -> node -> next-hop MAC. Any gateway
 * steers any packet, owner of the address or not, so a hand-over breaks nothing.
 *
 * The TTL stays as it is: to the packet a gateway is a switch. A circle cannot arise, since a node
 * without the block drops what it gets.
 */
#ifndef BERTH_STEER_H
#define BERTH_STEER_H

#include "inward.h"

struct steering {
	enum berth_reason reason;      /* NONE: to the stack */
	const struct berth_node *node; /* STEERED: where to */
};

static __always_inline struct steering steer(const struct packet *packet)
{
	const struct berth_address *address = bpf_map_lookup_elem(&addresses, &packet->dst);
	struct steering steering = { .reason = BERTH_REASON_NONE };
	const struct berth_block *block;
	__u32 index;

	if (!address)
		return steering;
	steering.reason = inward_refusal(packet);
	if (steering.reason)
		return steering;
	steering.reason = BERTH_REASON_NO_ROUTE;
	block = block_of(address, packet->dst_port);
	if (!block)
		return steering;
	/* A gateway that runs pods as well: berth_return is next. */
	if (block->kind == BERTH_BLOCK_POD)
		steering.reason = BERTH_REASON_NONE;
	if (block->kind != BERTH_BLOCK_NODE)
		return steering;
	index = block->node_index;
	steering.node = bpf_map_lookup_elem(&nodes, &index);
	if (steering.node && steering.node->in_use)
		steering.reason = BERTH_REASON_STEERED;
	return steering;
}

#endif
