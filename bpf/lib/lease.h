/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Whether this gateway may answer ARP: its agent lives (it renews the lease), or no other gateway
 * does (none of their heartbeats came lately). See struct berth_lease.
 */
#ifndef BERTH_LEASE_H
#define BERTH_LEASE_H

#include "maps.h"
#include "packet.h"

static __always_inline bool may_answer_arp(void)
{
	__u32 zero = 0;
	const struct berth_lease *own = bpf_map_lookup_elem(&lease, &zero);
	const struct berth_heartbeats *others = bpf_map_lookup_elem(&heartbeats, &zero);
	__u64 now, seen;

	if (!own || !others || !own->arp_lease_until_ns)
		return true;
	now = bpf_ktime_get_ns();
	seen = others->heartbeat_seen_ns;
	return now < own->arp_lease_until_ns || !seen || now - seen >= own->heartbeat_fresh_ns;
}

/* `packet` is for this gateway's MAC, and for no NAT address. */
static __always_inline void note_heartbeat(const struct packet *packet)
{
	__u32 zero = 0;
	const struct berth_lease *own = bpf_map_lookup_elem(&lease, &zero);
	struct berth_heartbeats *others = bpf_map_lookup_elem(&heartbeats, &zero);

	if (!own || !others || !own->heartbeat_port)
		return;
	if (packet->ports != PORTS_YES || packet->protocol != IPPROTO_UDP ||
	    packet->dst_port != own->heartbeat_port)
		return;
	if (bpf_map_lookup_elem(&underlays, &packet->src))
		others->heartbeat_seen_ns = bpf_ktime_get_ns();
}

#endif
