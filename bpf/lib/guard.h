/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The source guard at a pod's veth: a pod with CAP_NET_RAW must not borrow a neighbour's berth, nor
 * reach a protected destination under an address that nobody knows. It drops nothing else: other
 * addresses behind a pod (VPNs, keepalived) are not Berth's business.
 */
#ifndef BERTH_GUARD_H
#define BERTH_GUARD_H

#include "drop_reasons.h"
#include "pod.h"
#include "policy.h"

static __always_inline bool is_mapped(const struct berth_pod *pod)
{
	for (__u32 i = 0; i < BERTH_BERTHS_MAX; i++) {
		if (i >= pod->berth_count)
			break;
		if (pod->berths[i].flags & BERTH_SLOT_MAPPED)
			return true;
	}
	return false;
}

/*
 * A pod's IPv6 cannot be translated yet, and the uplink does not know whose it is: here its IPv4
 * address tells whether its destinations are guarded.
 */
static __always_inline enum berth_reason guard_ipv6(const struct packet *packet,
						    const union berth_ip *own)
{
	const struct berth_pod *pod = bpf_map_lookup_elem(&pods_2, own);
	enum policy_answer answer = policy_answer(guard_set(pod), &packet->dst, packet, 0);

	if (pod && !is_still_of(pod, own))
		return BERTH_REASON_CHANGED;
	if (answer == POLICY_NOT_COVERED)
		return BERTH_REASON_NONE;
	return answer == POLICY_OBSERVED ? BERTH_REASON_WOULD_REJECT : BERTH_REASON_IPV6_OUT;
}

/* The strictest that any guard says. */
static __always_inline enum policy_answer any_guard(const struct packet *packet)
{
	static const __u32 sets[] = { BERTH_SET_UNKNOWN, BERTH_SET_SELECTED, BERTH_SET_EVERY };
	enum policy_answer strictest = POLICY_NOT_COVERED;

	for (__u32 i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		enum policy_answer answer =
			policy_answer(sets[i], &packet->dst, packet, packet->dst_port);

		if (answer == POLICY_ENFORCED)
			return answer;
		if (answer == POLICY_OBSERVED)
			strictest = answer;
	}
	return strictest;
}

static __always_inline enum berth_reason guard(__u32 ifindex, const struct packet *packet)
{
	const struct berth_interface *interface = bpf_map_lookup_elem(&interfaces, &ifindex);
	const struct berth_pod *pod;
	bool spoofed;

	if (!interface)
		return BERTH_REASON_NONE;
	if (packet->ports == PORTS_IPV6)
		return guard_ipv6(packet, &interface->pod_ip);
	if (!__builtin_memcmp(&packet->src, &interface->pod_ip, sizeof(packet->src)))
		return BERTH_REASON_NONE;
	pod = bpf_map_lookup_elem(&pods_2, &packet->src);
	spoofed = pod && is_mapped(pod);
	if (pod && !is_still_of(pod, &packet->src))
		return BERTH_REASON_CHANGED;
	if (spoofed)
		return BERTH_REASON_SPOOFED;
	switch (any_guard(packet)) {
	case POLICY_NOT_COVERED:
		return BERTH_REASON_NONE;
	case POLICY_ENFORCED:
		return BERTH_REASON_SPOOFED;
	case POLICY_OBSERVED:
		break;
	}
	/* What has a pod's source is looked at, and counted, at the uplink as well. */
	if (pod || is_local_pod(&packet->src))
		return BERTH_REASON_NONE;
	return BERTH_REASON_WOULD_REJECT;
}

#endif
