// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * berth_steer, on a gateway's uplink. XDP runs before the MAC filter: what is not addressed to us
 * is somebody else's, even if the switch floods it here.
 */
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include "lib/arp.h"
#include "lib/count.h"
#include "lib/lease.h"
#include "lib/steer.h"

static __always_inline bool is_mac(const __u8 *mac, const __u8 *wanted)
{
	return !__builtin_memcmp(mac, wanted, ETH_ALEN);
}

static __always_inline int steer_frame(struct xdp_md *xdp, const __u8 *own_mac)
{
	void *data = (void *)(long)xdp->data, *end = (void *)(long)xdp->data_end;
	struct ethhdr *eth = data;
	struct steering steering;
	struct packet packet;

	if (packet_parse(data, end, &packet) == PACKET_OTHER)
		return XDP_PASS;
	/* Cut off before its addresses: the stack drops it. */
	if (packet.ports == PORTS_CUT_OFF && !packet.l4_offset)
		return XDP_PASS;
	if (packet.ports == PORTS_ICMP)
		read_icmp_error(data, end, &packet, false);
	steering = steer(&packet);
	if (steering.reason == BERTH_REASON_NONE) {
		note_heartbeat(&packet);
		return XDP_PASS;
	}
	count(steering.reason, bpf_xdp_get_buff_len(xdp));
	if (steering.reason != BERTH_REASON_STEERED || !steering.node)
		return XDP_DROP;
	__builtin_memcpy(eth->h_dest, steering.node->mac, ETH_ALEN);
	__builtin_memcpy(eth->h_source, own_mac, ETH_ALEN);
	return XDP_TX;
}

SEC("xdp.frags")
int berth_steer(struct xdp_md *xdp)
{
	static const __u8 broadcast[ETH_ALEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	void *data = (void *)(long)xdp->data, *end = (void *)(long)xdp->data_end;
	struct ethhdr *eth = data;
	__u32 zero = 0;
	const struct berth_config *own = bpf_map_lookup_elem(&config, &zero);
	bool ours;

	if (!own || (void *)(eth + 1) > end)
		return XDP_PASS;
	ours = is_mac(eth->h_dest, own->uplink_mac);
	if (eth->h_proto == bpf_htons(ETH_P_ARP) && (ours || is_mac(eth->h_dest, broadcast)) &&
	    answer_arp(data, end, own->uplink_mac)) {
		count(BERTH_REASON_ARP_ANSWERED, bpf_xdp_get_buff_len(xdp));
		return XDP_TX;
	}
	return ours ? steer_frame(xdp, own->uplink_mac) : XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
