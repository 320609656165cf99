/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Whether a policy set covers a remote end. With a packet that has no ports to compare (fragments,
 * ICMP, ...) a set covers an address if it covers any port of it: what cannot be told apart is held
 * back.
 */
#ifndef BERTH_POLICY_H
#define BERTH_POLICY_H

#include "maps.h"
#include "packet.h"

#define POLICY_KEY_BITS (8 * (sizeof(struct berth_policy_key) - sizeof(__u32)))

static __always_inline bool rule_matches(const struct berth_policy *policy, __u8 protocol,
					 __u16 port)
{
	for (__u32 i = 0; i < BERTH_RULES_MAX; i++) {
		const struct berth_port_rule *rule = &policy->rules[i];

		if (i >= policy->rule_count)
			return false;
		if (rule->protocol && rule->protocol != protocol)
			continue;
		if (port >= rule->port_from && port <= rule->port_to)
			return true;
	}
	return false;
}

/* `port`: the remote end's, HBO. */
static __always_inline bool policy_covers(__u32 policy_set, const union berth_ip *remote,
					  const struct packet *packet, __u16 port)
{
	struct berth_policy_key key = {
		.prefixlen = POLICY_KEY_BITS,
		.policy_set = policy_set,
		.address = *remote,
	};
	const struct berth_policy *policy = bpf_map_lookup_elem(&policies, &key);

	if (!policy || policy->verdict != BERTH_VERDICT_COVERED)
		return false;
	if (policy->rule_count == 0 || packet->ports != PORTS_YES)
		return true;
	return rule_matches(policy, packet->protocol, port);
}

static __always_inline bool is_local_pod(const union berth_ip *ip)
{
	struct berth_cidr_key key = { .prefixlen = 8 * sizeof(*ip), .address = *ip };

	return bpf_map_lookup_elem(&local_pods, &key) != NULL;
}

#endif
