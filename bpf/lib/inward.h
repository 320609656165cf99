/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * What arrives for a NAT address: why it cannot be for any block, the same on gateways and nodes;
 * and on the pod's node, the way back to the pod. Nothing for a NAT address is ever passed to the
 * stack untranslated: that would answer RST, or route it on in a circle.
 */
#ifndef BERTH_INWARD_H
#define BERTH_INWARD_H

#include "flexible.h"
#include "pod.h"
#include "policy.h"

/* NONE: it has ports, or the id of an echo that a pod sent. */
static __always_inline enum berth_reason inward_refusal(const struct packet *packet)
{
	switch (packet->ports) {
	case PORTS_YES:
	case PORTS_QUOTED:
	case PORTS_QUOTED_ECHO:
	case PORTS_ECHO_REPLY:
		return BERTH_REASON_NONE;
	case PORTS_FRAGMENT:
		return BERTH_REASON_FRAGMENT_IN;
	case PORTS_ICMP:
	case PORTS_ECHO_REQUEST:
		return BERTH_REASON_ICMP_IN;
	case PORTS_CUT_OFF:
		return BERTH_REASON_MALFORMED;
	default:
		return BERTH_REASON_PROTOCOL_IN;
	}
}

/* The pod's berth that this block is, or NULL: tables that disagree give no way in. */
static __always_inline const struct berth_slot *slot_of_block(const struct berth_pod *pod,
							      const union berth_ip *nat_address,
							      __u16 base, __u8 size_log2)
{
	for (__u32 i = 0; i < BERTH_BERTHS_MAX; i++) {
		const struct berth_slot *slot = &pod->berths[i];

		if (i >= pod->berth_count)
			break;
		if (slot->base == base && slot->size_log2 == size_log2 &&
		    (slot->flags & BERTH_SLOT_MAPPED) &&
		    !__builtin_memcmp(&slot->nat_address, nat_address, sizeof(*nat_address)))
			return slot;
	}
	return NULL;
}

static __always_inline enum berth_reason inward(struct __sk_buff *skb, struct packet *packet)
{
	const struct berth_address *address = bpf_map_lookup_elem(&addresses, &packet->dst);
	const struct berth_block *block;
	const struct berth_pod *pod;
	const struct berth_slot *entry;
	struct berth_slot slot;
	enum berth_reason refusal;
	int port;

	if (!address)
		return BERTH_REASON_NONE;
	if (packet->ports == PORTS_ICMP)
		tc_icmp_error(skb, packet, false);
	refusal = inward_refusal(packet);
	if (refusal)
		return refusal;
	block = block_of(address, packet->dst_port);
	if (!block || block->kind != BERTH_BLOCK_POD)
		return BERTH_REASON_NO_BLOCK_HERE;
	if (is_bare_syn(packet))
		return BERTH_REASON_BARE_SYN;
	pod = bpf_map_lookup_elem(&pods_2, &block->pod_ip);
	entry = pod ? slot_of_block(pod, &packet->dst, block->base, address->size_log2) : NULL;
	if (!entry)
		return BERTH_REASON_NO_BLOCK_HERE;
	slot = *entry;
	if (!policy_answer(slot.policy_set, &packet->src, packet, packet->src_port))
		return BERTH_REASON_NOT_IN_POLICY;
	if (!is_still_of(pod, &block->pod_ip))
		return BERTH_REASON_CHANGED;
	port = pod_port(packet, &slot);
	if (port < 0)
		return -port;
	if (rewrite(skb, packet, DIRECT_DESTINATION, &block->pod_ip, port))
		return BERTH_REASON_MALFORMED;
	return BERTH_REASON_RETURNED;
}

#endif
