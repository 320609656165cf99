/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Whether a policy set covers a remote end, and whether that is enforced or only observed (counted,
 * and passed untouched). Where both are said of one port, enforced wins. With a packet that has no
 * ports to compare (fragments, ICMP, ...) a set covers an address if it covers any port of it: what
 * cannot be told apart is held back.
 */
#ifndef BERTH_POLICY_H
#define BERTH_POLICY_H

#include "maps.h"
#include "packet.h"

#define POLICY_KEY_BITS (8 * (sizeof(struct berth_policy_key) - sizeof(__u32)))

enum policy_answer {
	POLICY_NOT_COVERED = 0,
	POLICY_OBSERVED,
	POLICY_ENFORCED,
};

static __always_inline bool rule_matches(const struct berth_port_rule *rule,
					 const struct packet *packet, __u16 port)
{
	if (packet->ports != PORTS_YES && packet->ports != PORTS_QUOTED)
		return true;
	if (rule->protocol && rule->protocol != packet->protocol)
		return false;
	return port >= rule->port_from && port <= rule->port_to;
}

static __always_inline enum policy_answer policy_by_rules(const struct berth_policy *policy,
							  const struct packet *packet, __u16 port)
{
	enum policy_answer answer =
		policy->verdict == BERTH_VERDICT_OBSERVED ? POLICY_OBSERVED : POLICY_NOT_COVERED;

	for (__u32 i = 0; i < BERTH_RULES_MAX; i++) {
		const struct berth_port_rule *rule = &policy->rules[i];

		if (i >= policy->rule_count)
			break;
		if (!rule_matches(rule, packet, port))
			continue;
		if (!(rule->flags & BERTH_RULE_OBSERVED))
			return POLICY_ENFORCED;
		answer = POLICY_OBSERVED;
	}
	return answer;
}

/* `port`: the remote end's, HBO. */
static __always_inline enum policy_answer policy_answer(__u32 policy_set,
							const union berth_ip *remote,
							const struct packet *packet, __u16 port)
{
	struct berth_policy_key key = {
		.prefixlen = POLICY_KEY_BITS,
		.policy_set = policy_set,
		.address = *remote,
	};
	const struct berth_policy *policy = bpf_map_lookup_elem(&policies, &key);

	if (!policy || policy->verdict == BERTH_VERDICT_HOLE)
		return POLICY_NOT_COVERED;
	if (policy->rule_count == 0)
		return policy->verdict == BERTH_VERDICT_OBSERVED ? POLICY_OBSERVED
								 : POLICY_ENFORCED;
	return policy_by_rules(policy, packet, port);
}

/* What holds for a pod where none of its berths covers the destination; NULL: not known. */
static __always_inline __u32 guard_set(const struct berth_pod *pod)
{
	if (!pod)
		return BERTH_SET_UNKNOWN;
	return pod->flags & BERTH_POD_SELECTED ? BERTH_SET_SELECTED : BERTH_SET_EVERY;
}

static __always_inline bool is_local_pod(const union berth_ip *ip)
{
	struct berth_cidr_key key = { .prefixlen = 8 * sizeof(*ip), .address = *ip };

	return bpf_map_lookup_elem(&local_pods, &key) != NULL;
}

#endif
