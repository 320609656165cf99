/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * What leaves by the uplink. A pod's packet to a protected destination leaves by the pod's berth
 * or not at all; everything else is not touched. What a policy only observes is never held back:
 * a pod's berth takes it, or it passes as it is. Returns the reason to count, or NONE.
 */
#ifndef BERTH_EGRESS_H
#define BERTH_EGRESS_H

#include "flexible.h"
#include "pod.h"
#include "policy.h"

/* A covered packet that has no ports to translate; or `otherwise`. */
static __always_inline enum berth_reason refusal(const struct packet *packet,
						 enum berth_reason otherwise)
{
	switch (packet->ports) {
	case PORTS_YES:
		return otherwise;
	case PORTS_FRAGMENT:
		return BERTH_REASON_FRAGMENT_OUT;
	case PORTS_ICMP:
	case PORTS_QUOTED:
	case PORTS_QUOTED_ECHO:
	case PORTS_ECHO_REQUEST:
	case PORTS_ECHO_REPLY:
		return BERTH_REASON_ICMP_OUT;
	case PORTS_OTHER_PROTOCOL:
		return BERTH_REASON_PROTOCOL;
	case PORTS_IPV6:
		return BERTH_REASON_IPV6_OUT;
	default:
		return BERTH_REASON_MALFORMED;
	}
}

/* Nothing of the packet was changed yet. */
static __always_inline enum berth_reason hold_back(enum policy_answer answer,
						   enum berth_reason reason)
{
	return answer == POLICY_OBSERVED ? BERTH_REASON_WOULD_REJECT : reason;
}

static __always_inline enum berth_reason by_guard(__u32 policy_set, const struct packet *packet,
						  enum berth_reason otherwise)
{
	enum policy_answer answer =
		policy_answer(policy_set, &packet->dst, packet, packet->dst_port);

	if (answer == POLICY_NOT_COVERED)
		return BERTH_REASON_NONE;
	return hold_back(answer, refusal(packet, otherwise));
}

static __always_inline enum berth_reason
egress_by_slot(struct __sk_buff *skb, const struct packet *packet, const struct berth_pod *pod,
	       const struct berth_slot *entry, enum policy_answer answer)
{
	const struct berth_slot slot = *entry;
	__u32 first, offset;
	int port;

	if (!is_still_of(pod, &packet->src))
		return BERTH_REASON_CHANGED;
	if ((!has_ports(packet) && packet->ports != PORTS_ECHO_REQUEST &&
	     packet->ports != PORTS_QUOTED_ECHO) ||
	    !(slot.flags & BERTH_SLOT_MAPPED))
		return hold_back(answer, refusal(packet, BERTH_REASON_NO_BERTH));
	first = pod_port_first();
	if (!first && has_ports(packet))
		return hold_back(answer, BERTH_REASON_NO_CONFIG);
	/* Below L it wraps to a large number, out of range too. */
	offset = packet->src_port - first;
	if (offset < direct_ports(slot.size_log2) && has_ports(packet)) {
		port = slot.base + offset;
	} else {
		port = outward_port(packet, &slot);
		if (port < 0)
			return hold_back(answer, -port);
	}
	if (rewrite(skb, packet, DIRECT_SOURCE, &slot.nat_address, port))
		return BERTH_REASON_MALFORMED;
	return BERTH_REASON_TRANSLATED;
}

static __always_inline enum berth_reason
egress_of_pod(struct __sk_buff *skb, const struct packet *packet, const struct berth_pod *pod)
{
	__u32 policy_set;

	for (__u32 i = 0; i < BERTH_BERTHS_MAX; i++) {
		const struct berth_slot *slot = &pod->berths[i];
		enum policy_answer answer;

		if (i >= pod->berth_count)
			break;
		answer = policy_answer(slot->policy_set, &packet->dst, packet, packet->dst_port);
		if (answer != POLICY_NOT_COVERED)
			return egress_by_slot(skb, packet, pod, slot, answer);
	}
	policy_set = guard_set(pod);
	if (!is_still_of(pod, &packet->src))
		return BERTH_REASON_CHANGED;
	return by_guard(policy_set, packet, BERTH_REASON_NO_BERTH);
}

static __always_inline enum berth_reason egress(struct __sk_buff *skb, struct packet *packet)
{
	const struct berth_pod *pod = bpf_map_lookup_elem(&pods_2, &packet->src);

	if (!pod && !is_local_pod(&packet->src)) {
		/* We put it there a moment ago in this very hook, or somebody borrows it. */
		if (bpf_map_lookup_elem(&addresses, &packet->src))
			return BERTH_REASON_NAT_SOURCE;
		return BERTH_REASON_NONE;
	}
	if (bpf_map_lookup_elem(&addresses, &packet->dst))
		return BERTH_REASON_HAIRPIN;
	if (packet->ports == PORTS_ICMP)
		tc_icmp_error(skb, packet, true);
	if (pod)
		return egress_of_pod(skb, packet, pod);
	return by_guard(BERTH_SET_UNKNOWN, packet, BERTH_REASON_UNKNOWN_POD);
}

#endif
