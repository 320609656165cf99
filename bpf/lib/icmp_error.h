/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * ICMP errors (RFC 792, RFC 5508) through the NAT. An error quotes a packet that went the other
 * way, so it belongs where that packet's answer would go: it is read as such an answer, with the
 * quoted ends exchanged. Who sent the error does not matter: on the way in that may be any router.
 * An error changes no state; a checksum of it that was wrong stays wrong, for the receiver to see.
 */
#ifndef BERTH_ICMP_ERROR_H
#define BERTH_ICMP_ERROR_H

#include <stddef.h>
#include "packet.h"

#define ICMP_DEST_UNREACHABLE  3 /* with code 4, fragmentation needed: path MTU discovery */
#define ICMP_TIME_EXCEEDED     11
#define ICMP_PARAMETER_PROBLEM 12
#define IPV4_OFFSET	       0x1fff
/* RFC 792: at least so much of the quoted packet's layer 4 is there. */
#define QUOTED_L4_MIN 8
#define ICMP_ERROR_MAX \
	(ETH_HLEN + IPV4_HEADER_MAX + sizeof(struct icmp_header) + IPV4_HEADER_MAX + QUOTED_L4_MIN)

static __always_inline bool is_icmp_error(__u8 type)
{
	return type == ICMP_DEST_UNREACHABLE || type == ICMP_TIME_EXCEEDED ||
	       type == ICMP_PARAMETER_PROBLEM;
}

/* RFC 5508, REQ-3 a): a quoted header with a wrong checksum is not to be believed. */
static __always_inline bool is_ip_header_whole(const struct iphdr *ip, __u32 length, void *end)
{
	const __u16 *word = (const void *)ip;
	__u32 sum = 0;

	for (__u32 i = 0; i < IPV4_HEADER_MAX / sizeof(*word); i++) {
		const __u16 *next = word + 1;

		if (i * sizeof(*word) >= length)
			break;
		/* The verifier knows `next > end`, and nothing that a compiler makes of it. */
		barrier_var(next);
		if ((void *)next > end)
			return false;
		sum += *word;
		word = next;
	}
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

/* Of an echo only what a pod sent and what it received: its request, its reply. */
static __always_inline bool read_quoted_ports(const struct iphdr *ip, const void *l4,
					      struct packet *packet, bool is_from_pod)
{
	const struct icmp_header *echo = l4;
	const __be16 *ports = l4;

	if (ip->protocol == IPPROTO_TCP || ip->protocol == IPPROTO_UDP) {
		packet->ports = PORTS_QUOTED;
		packet->src_port = bpf_ntohs(ports[1]);
		packet->dst_port = bpf_ntohs(ports[0]);
		return true;
	}
	if (ip->protocol != IPPROTO_ICMP ||
	    echo->type != (is_from_pod ? ICMP_ECHO_REPLY : ICMP_ECHO_REQUEST))
		return false;
	packet->ports = PORTS_QUOTED_ECHO;
	packet->src_port = is_from_pod ? bpf_ntohs(echo->id) : 0;
	packet->dst_port = is_from_pod ? 0 : bpf_ntohs(echo->id);
	return true;
}

/*
 * PORTS_ICMP becomes PORTS_QUOTED, or PORTS_QUOTED_ECHO, with the quoted packet's protocol and its
 * ends exchanged, where the error goes to the sender of a TCP, UDP or echo packet that it quotes;
 * from a pod, only about what that very pod received. Else nothing changes.
 */
static __always_inline void read_icmp_error(void *data, void *end, struct packet *packet,
					    bool is_from_pod)
{
	const struct icmp_header *icmp;
	const struct iphdr *ip;
	const void *l4;
	__u32 at = packet->l4_offset, header;

	if (at > ETH_HLEN + IPV4_HEADER_MAX)
		return;
	icmp = data + at;
	ip = (const void *)(icmp + 1);
	if ((void *)(ip + 1) > end || !is_icmp_error(icmp->type))
		return;
	header = ip->ihl * 4;
	if (ip->version != 4 || header < sizeof(*ip) || ip->frag_off & bpf_htons(IPV4_OFFSET) ||
	    ip->saddr != packet->dst.words[3] || !is_ip_header_whole(ip, header, end))
		return;
	if (is_from_pod && ip->daddr != packet->src.words[3])
		return;
	l4 = (const void *)ip + header;
	if (l4 + QUOTED_L4_MIN > end || !read_quoted_ports(ip, l4, packet, is_from_pod))
		return;
	mapped_ip(&packet->src, ip->daddr);
	packet->protocol = ip->protocol;
	packet->quoted_l4 = at + sizeof(*icmp) + header;
}

/* In TC the quote may lie outside the linear part of the skb. */
static __always_inline void tc_icmp_error(struct __sk_buff *skb, struct packet *packet,
					  bool is_from_pod)
{
	__u32 length = skb->len;

	if (length > ICMP_ERROR_MAX)
		length = ICMP_ERROR_MAX;
	if (bpf_skb_pull_data(skb, length))
		return;
	read_icmp_error((void *)(long)skb->data, (void *)(long)skb->data_end, packet, is_from_pod);
}

/* The checksum of the quoted layer 4 follows what it covers; the error's own follows all of it. */
static __always_inline long quoted_checksums(struct __sk_buff *skb, const struct packet *packet,
					     __be32 old_ip, __be32 new_ip, __be16 old_port,
					     __be16 new_port)
{
	const __u32 icmp_at = packet->l4_offset + offsetof(struct icmp_header, check);
	const bool is_udp = packet->protocol == IPPROTO_UDP;
	const bool is_echo = packet->protocol == IPPROTO_ICMP;
	const __u32 at = packet->quoted_l4 + (is_echo  ? offsetof(struct icmp_header, check)
					      : is_udp ? offsetof(struct udphdr, check)
						       : offsetof(struct tcphdr, check));
	__be16 before = 0, after = 0;
	long err = bpf_l3_csum_replace(skb, icmp_at, old_port, new_port, sizeof(new_port));

	/* TCP's may lie beyond what is quoted; UDP's zero means that there is none. */
	if (bpf_skb_load_bytes(skb, at, &before, sizeof(before)) || (is_udp && !before))
		return err;
	/* An echo's covers no address. */
	if (!is_echo)
		err = err ?: bpf_l3_csum_replace(skb, at, old_ip, new_ip, sizeof(new_ip));
	err = err ?: bpf_l3_csum_replace(skb, at, old_port, new_port, sizeof(new_port));
	err = err ?: bpf_skb_load_bytes(skb, at, &after, sizeof(after));
	return err ?: bpf_l3_csum_replace(skb, icmp_at, before, after, sizeof(after));
}

/*
 * What rewriting is to other packets: the error's own address at one end, and at the quoted
 * packet's other end the same address and the port. Returns 0, or a negative error with the packet
 * in an unknown state: drop it. No helper here knows CHECKSUM_PARTIAL: no stack sends ICMP so.
 */
static __noinline long rewrite_icmp_error(struct __sk_buff *skb, const struct packet *packet,
					  bool is_source, const union berth_ip *ip, __u16 port)
{
	const __u32 source = offsetof(struct iphdr, saddr), dest = offsetof(struct iphdr, daddr);
	const __u32 quoted_ip = packet->l4_offset + sizeof(struct icmp_header);
	const __u32 check = offsetof(struct iphdr, check);
	const __u32 own_at = ETH_HLEN + (is_source ? source : dest);
	const __u32 quoted_at = quoted_ip + (is_source ? dest : source);
	const __u32 port_at = packet->quoted_l4 + (packet->ports == PORTS_QUOTED_ECHO
							   ? offsetof(struct icmp_header, id)
						   : is_source ? sizeof(__be16)
							       : 0);
	const __be32 old_ip = is_source ? packet->src.words[3] : packet->dst.words[3];
	const __be16 old_port = bpf_htons(is_source ? packet->src_port : packet->dst_port);
	const __be32 new_ip = ip->words[3];
	const __be16 new_port = bpf_htons(port);
	long err = quoted_checksums(skb, packet, old_ip, new_ip, old_port, new_port);

	err = err ?: bpf_l3_csum_replace(skb, ETH_HLEN + check, old_ip, new_ip, sizeof(new_ip));
	err = err ?: bpf_skb_store_bytes(skb, own_at, &new_ip, sizeof(new_ip), 0);
	/* The quoted header's sum stays what it was, so the error's own checksum does too. */
	err = err ?: bpf_l3_csum_replace(skb, quoted_ip + check, old_ip, new_ip, sizeof(new_ip));
	err = err ?: bpf_skb_store_bytes(skb, quoted_at, &new_ip, sizeof(new_ip), 0);
	return err ?: bpf_skb_store_bytes(skb, port_at, &new_port, sizeof(new_port), 0);
}

#endif
