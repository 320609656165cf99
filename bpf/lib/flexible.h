/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Which port of its block a flow has outward, and which port of the pod a port of the block means:
 * the arithmetic of direct ports where it reaches, else a slot.
 */
#ifndef BERTH_FLEXIBLE_H
#define BERTH_FLEXIBLE_H

#include "direct.h"
#include "drop_reasons.h"
#include "slots.h"

#define PORT_MAX 65535

/* False: the berth has none. */
static __always_inline bool slots_of(const struct berth_slot *slot, struct slot_range *range)
{
	__u32 direct = direct_ports(slot->size_log2);

	if (!slot->flexible || !direct)
		return false;
	range->first = slot->flexible;
	range->mask = direct / 3 - 1;
	range->base = slot->base + direct;
	range->generation = (__u64)(slot->generation & 15) << SLOT_GENERATION_SHIFT;
	return true;
}

static __always_inline enum slot_event slot_event_of(const struct packet *packet)
{
	if (packet->protocol != IPPROTO_TCP)
		return SLOT_PLAIN;
	if (packet->tcp_flags & TCP_RST)
		return SLOT_RESETS;
	if (packet->tcp_flags & TCP_SYN)
		return SLOT_OPENS;
	return packet->tcp_flags & TCP_FIN ? SLOT_ENDS_IT : SLOT_PLAIN;
}

/* The flow of a packet of the pod. */
static __always_inline struct slot_flow slot_flow_of(const struct packet *packet,
						     const struct slot_range *range)
{
	struct slot_flow flow = {
		.owner = slot_protocol(packet->protocol) | packet->src_port | range->generation,
		.remote = slot_remote(&packet->dst, packet->dst_port),
		.port = packet->src_port,
		.event = slot_event_of(packet),
	};

	return flow;
}

/* The port outside, for a port or id without a direct one; or -reason. */
static __always_inline int flexible_port(const struct packet *packet, const struct berth_slot *slot)
{
	struct slot_range range;
	struct slot_flow flow;
	int number = SLOT_NONE;

	if (slots_of(slot, &range)) {
		flow = slot_flow_of(packet, &range);
		number = slot_out(&range, &flow);
	}
	switch (number) {
	case SLOT_NONE:
		return packet->ports == PORTS_YES ? -BERTH_REASON_PORT_OUT_OF_RANGE
						  : -BERTH_REASON_ICMP_OUT;
	case SLOT_FULL:
		return -BERTH_REASON_FLEXIBLE_FULL;
	case SLOT_BUSY:
		return -BERTH_REASON_CHANGED;
	default:
		return range.base + number;
	}
}

/* The port outside of a flow of the pod that an ICMP error of the pod is about; or -reason. */
static __always_inline int port_of_flow(const struct packet *packet, const struct berth_slot *slot)
{
	struct slot_range range;
	struct slot_flow flow;
	int number;

	if (!slots_of(slot, &range))
		return -BERTH_REASON_ICMP_OUT;
	flow = slot_flow_of(packet, &range);
	number = slot_find(&range, &flow);
	return number < 0 ? -BERTH_REASON_ICMP_OUT : (int)range.base + number;
}

/*
 * The port outside of what has no direct one; or -reason. A function of its own to the verifier,
 * which then looks at it once, and not on each way to it.
 */
__noinline int outward_port(const struct packet *packet, const struct berth_slot *slot)
{
	if (!packet || !slot)
		return -BERTH_REASON_MALFORMED;
	if (packet->ports == PORTS_QUOTED || packet->ports == PORTS_QUOTED_ECHO)
		return port_of_flow(packet, slot);
	return flexible_port(packet, slot);
}

/* The pod's port that a flexible port of the block means for a packet that came in; or -reason. */
__noinline int flexible_pod_port(const struct packet *packet, const struct berth_slot *slot)
{
	enum slot_event event = SLOT_PLAIN;
	struct slot_range range;
	__u32 offset;
	int port;

	if (!packet || !slot || !slots_of(slot, &range))
		return -BERTH_REASON_PORT_NOT_MAPPED;
	/* Below the flexible ports it wraps to a large number, none of the slots'. */
	offset = packet->dst_port - range.base;
	if (offset > range.mask)
		return -BERTH_REASON_PORT_NOT_MAPPED;
	if (packet->ports == PORTS_YES)
		event = slot_event_of(packet);
	port = slot_in(&range, offset, slot_protocol(packet->protocol),
		       slot_remote(&packet->src, packet->src_port), event);
	return port < 0 ? -BERTH_REASON_PORT_NOT_MAPPED : port;
}

/* The pod's port that a port of the block means for a packet that came in to it; or -reason. */
static __always_inline int pod_port(const struct packet *packet, const struct berth_slot *slot)
{
	__u32 offset = packet->dst_port - slot->base;
	__u32 first;

	if (offset >= direct_ports(slot->size_log2) || !has_ports(packet))
		return flexible_pod_port(packet, slot);
	first = pod_port_first();
	if (!first)
		return -BERTH_REASON_NO_CONFIG;
	return first + offset <= PORT_MAX ? (int)(first + offset) : -BERTH_REASON_PORT_NOT_MAPPED;
}

#endif
