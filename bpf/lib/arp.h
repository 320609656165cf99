/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Answers "who has" for the NAT addresses that this gateway owns. They are on no interface, so that
 * the stack takes nothing that is for them; hence somebody else must answer. Without a lease, while
 * another gateway lives, it keeps silent: that one answers.
 */
#ifndef BERTH_ARP_H
#define BERTH_ARP_H

#include "lease.h"
#include "maps.h"
#include "packet.h"

#define ARP_ETHERNET 1
#define ARP_REQUEST  1
#define ARP_REPLY    2

/* linux/if_arp.h needs headers that a BPF target does not have. */
struct arp_ipv4 {
	__be16 hardware;
	__be16 protocol;
	__u8 hardware_length;
	__u8 protocol_length;
	__be16 operation;
	__u8 sender_mac[ETH_ALEN];
	__be32 sender_ip;
	__u8 target_mac[ETH_ALEN];
	__be32 target_ip;
} __attribute__((packed));

/* True: the frame is now the answer, to be sent back. */
static __always_inline bool answer_arp(void *data, void *end, const __u8 *own_mac)
{
	struct ethhdr *eth = data;
	struct arp_ipv4 *arp = data + ETH_HLEN;
	const struct berth_address *address;
	union berth_ip wanted;
	__be32 asker;

	if ((void *)(arp + 1) > end || arp->operation != bpf_htons(ARP_REQUEST) ||
	    arp->hardware != bpf_htons(ARP_ETHERNET) || arp->protocol != bpf_htons(ETH_P_IP) ||
	    arp->hardware_length != ETH_ALEN || arp->protocol_length != sizeof(__be32))
		return false;
	/* An announcement by another gateway asks nothing. */
	if (arp->sender_ip == arp->target_ip)
		return false;
	mapped_ip(&wanted, arp->target_ip);
	address = bpf_map_lookup_elem(&addresses, &wanted);
	if (!address || !(address->flags & BERTH_ADDRESS_OWNED) || !may_answer_arp())
		return false;
	asker = arp->sender_ip;
	__builtin_memcpy(eth->h_dest, arp->sender_mac, ETH_ALEN);
	__builtin_memcpy(eth->h_source, own_mac, ETH_ALEN);
	arp->operation = bpf_htons(ARP_REPLY);
	__builtin_memcpy(arp->target_mac, arp->sender_mac, ETH_ALEN);
	__builtin_memcpy(arp->sender_mac, own_mac, ETH_ALEN);
	arp->sender_ip = arp->target_ip;
	arp->target_ip = asker;
	return true;
}

#endif
