/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The arithmetic of direct ports, a bijection that needs no connection table:
 *
 *	(pod IP, L + i)  <->  (NAT address, base + i),  i < D = 3N/4
 *
 * and the rewriting of one address and one port. CHECKSUM_PARTIAL, GSO, clones and headers outside
 * the linear part are the helpers' business; UDP's checksum zero ("none") stays zero.
 */
#ifndef BERTH_DIRECT_H
#define BERTH_DIRECT_H

#include <stddef.h>
#include "icmp_error.h"
#include "maps.h"
#include "packet.h"

/* D of a block. Sizes come from a table: what is out of range gives a block without ports. */
static __always_inline __u32 direct_ports(__u8 size_log2)
{
	if (size_log2 < BERTH_SIZE_LOG2_MIN || size_log2 > BERTH_SIZE_LOG2_MAX)
		return 0;
	return (1U << size_log2) - (1U << size_log2) / 4;
}

/* L, or 0 before the configuration was written. */
static __always_inline __u32 pod_port_first(void)
{
	__u32 zero = 0;
	const struct berth_config *entry = bpf_map_lookup_elem(&config, &zero);

	return entry ? entry->pod_port_first : 0;
}

static __always_inline const struct berth_block *block_of(const struct berth_address *address,
							  __u16 port)
{
	__u32 index = (__u32)address->address_index << BERTH_BLOCKS_PER_ADDRESS_LOG2;

	/* A size out of range must not lead to another address's blocks. */
	if (!direct_ports(address->size_log2))
		return NULL;
	index |= port >> (address->size_log2 & 15);
	return bpf_map_lookup_elem(&blocks, &index);
}

enum direct_end { DIRECT_SOURCE, DIRECT_DESTINATION };

/* RFC 1624, equation 3: what replaces one word of the header by another. */
static __always_inline __u16 changed_check(__u16 check, __be32 before, __be32 after)
{
	__u32 sum = (__u16)~check;

	sum += (__u16)~before + (__u16)(~before >> 16) + (__u16)after + (after >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16));
}

/* The checksum of layer 4. Whether it is yet to be completed only the helper knows. */
static __always_inline long follow_check(struct __sk_buff *skb, const struct packet *packet,
					 __be32 old_ip, __be32 new_ip, __be16 old_port,
					 __be16 new_port)
{
	const bool is_udp = packet->protocol == IPPROTO_UDP;
	const __u32 at = packet->l4_offset +
			 (is_udp ? offsetof(struct udphdr, check) : offsetof(struct tcphdr, check));
	const __u64 flags = is_udp ? BPF_F_MARK_MANGLED_0 : 0;
	long err = bpf_l4_csum_replace(skb, at, old_ip, new_ip,
				       flags | BPF_F_PSEUDO_HDR | sizeof(new_ip));

	return err ?: bpf_l4_csum_replace(skb, at, old_port, new_port, flags | sizeof(new_port));
}

/* From the IP checksum to the ports, which are the first two words of both protocols. */
struct ipv4_ends {
	__u16 check;
	__be32 saddr;
	__be32 daddr;
	__be16 sport;
	__be16 dport;
} __attribute__((packed));

/*
 * Returns 0, or a negative error with the packet in an unknown state: drop it. All that is written
 * lies together but where IP options come between; a helper costs more than the bytes.
 */
static __always_inline long rewrite_ipv4(struct __sk_buff *skb, const struct packet *packet,
					 enum direct_end end, const union berth_ip *ip, __u16 port)
{
	const bool is_source = end == DIRECT_SOURCE;
	const __be32 old_ip = is_source ? packet->src.words[3] : packet->dst.words[3];
	const __be16 old_port = bpf_htons(is_source ? packet->src_port : packet->dst_port);
	const __be32 new_ip = ip->words[3];
	const __be16 new_port = bpf_htons(port);
	const struct ipv4_ends ends = {
		.check = changed_check(packet->ip_check, old_ip, new_ip),
		.saddr = is_source ? new_ip : packet->src.words[3],
		.daddr = is_source ? packet->dst.words[3] : new_ip,
		.sport = is_source ? new_port : bpf_htons(packet->src_port),
		.dport = is_source ? bpf_htons(packet->dst_port) : new_port,
	};
	const __u32 ends_at = ETH_HLEN + offsetof(struct iphdr, check);
	long err;

	if (packet->ports == PORTS_QUOTED)
		return rewrite_icmp_error(skb, packet, is_source, ip, port);
	err = follow_check(skb, packet, old_ip, new_ip, old_port, new_port);
	if (packet->l4_offset == ETH_HLEN + sizeof(struct iphdr))
		return err ?: bpf_skb_store_bytes(skb, ends_at, &ends, sizeof(ends), 0);
	err = err ?: bpf_skb_store_bytes(skb, ends_at, &ends, offsetof(struct ipv4_ends, sport), 0);
	return err
		       ?: bpf_skb_store_bytes(skb, packet->l4_offset, &ends.sport,
					      2 * sizeof(ends.sport), 0);
}

/* Likewise for ICMP echo, whose id is in the place of the port; its checksum covers no address. */
static __always_inline long rewrite_echo(struct __sk_buff *skb, const struct packet *packet,
					 enum direct_end end, const union berth_ip *ip, __u16 id)
{
	const bool is_source = end == DIRECT_SOURCE;
	const __be32 old_ip = is_source ? packet->src.words[3] : packet->dst.words[3];
	const __be16 old_id = bpf_htons(is_source ? packet->src_port : packet->dst_port);
	const __be32 new_ip = ip->words[3];
	const __be16 new_id = bpf_htons(id);
	const __u32 ip_at = ETH_HLEN + (is_source ? offsetof(struct iphdr, saddr)
						  : offsetof(struct iphdr, daddr));
	const __u32 check_at = packet->l4_offset + offsetof(struct icmp_header, check);
	long err;

	err = bpf_l4_csum_replace(skb, check_at, old_id, new_id, sizeof(new_id));
	err = err
		      ?: bpf_l3_csum_replace(skb, ETH_HLEN + offsetof(struct iphdr, check), old_ip,
					     new_ip, sizeof(new_ip));
	err = err ?: bpf_skb_store_bytes(skb, ip_at, &new_ip, sizeof(new_ip), 0);
	return err
		       ?: bpf_skb_store_bytes(skb,
					      packet->l4_offset + offsetof(struct icmp_header, id),
					      &new_id, sizeof(new_id), 0);
}

static __always_inline long rewrite(struct __sk_buff *skb, const struct packet *packet,
				    enum direct_end end, const union berth_ip *ip, __u16 port)
{
	if (has_ports(packet))
		return rewrite_ipv4(skb, packet, end, ip, port);
	if (packet->ports == PORTS_QUOTED_ECHO)
		return rewrite_icmp_error(skb, packet, end == DIRECT_SOURCE, ip, port);
	return rewrite_echo(skb, packet, end, ip, port);
}

#endif
