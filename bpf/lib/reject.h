/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Telling a pod at once that its packet was held back: the packet itself is made into the answer
 * (TCP: RST, else ICMP "administratively prohibited") and sent back into the interface that it was
 * about to leave by, whence the stack delivers it like any other that came in.
 *
 * Checksums: an skb with CHECKSUM_PARTIAL keeps that state, and whatever completes it later adds
 * up from where the old layer 4 began. So it must find there what makes that sum right.
 */
#ifndef BERTH_REJECT_H
#define BERTH_REJECT_H

#include <stddef.h>
#include "drop_reasons.h"
#include "packet.h"

#define REJECT_TTL	 64
#define ICMP_UNREACHABLE 3
#define ICMP_ADMIN	 13
/* What an ICMP error quotes of the packet's layer 4 (RFC 792). */
#define ICMP_QUOTED	   8
#define IPV4_DF		   0x4000
#define IPV4_OPTION_NOP	   0x01010101
#define IPV4_OPTIONS_WORDS 10

static __always_inline __u32 fold(__u64 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

/* The helper leaves a checksum that is yet to be completed alone: so it tells which it is. */
static __always_inline bool is_partial(struct __sk_buff *skb, __u32 check_at)
{
	__u16 before = 0, after = 1;

	bpf_skb_load_bytes(skb, check_at, &before, sizeof(before));
	bpf_l4_csum_replace(skb, check_at, 0, 1, sizeof(before));
	bpf_skb_load_bytes(skb, check_at, &after, sizeof(after));
	if (before == after)
		return true;
	bpf_skb_store_bytes(skb, check_at, &before, sizeof(before), 0);
	return false;
}

/* The frame turned round: back to the interface that it came from. */
static __always_inline long turn_ethernet(struct __sk_buff *skb)
{
	struct ethhdr eth;
	__u8 mac[ETH_ALEN];
	long err = bpf_skb_load_bytes(skb, 0, &eth, sizeof(eth));

	__builtin_memcpy(mac, eth.h_dest, ETH_ALEN);
	__builtin_memcpy(eth.h_dest, eth.h_source, ETH_ALEN);
	__builtin_memcpy(eth.h_source, mac, ETH_ALEN);
	return err ?: bpf_skb_store_bytes(skb, 0, &eth, sizeof(eth), 0);
}

/* `words`: length of the header in words; the options, if any, are all NOP. */
static __always_inline void answer_ipv4(struct iphdr *ip, const struct packet *packet,
					__u8 protocol, __u32 words, __u32 length)
{
	__builtin_memset(ip, 0, sizeof(*ip));
	ip->version = 4;
	ip->ihl = words;
	ip->tot_len = bpf_htons(length);
	ip->frag_off = bpf_htons(IPV4_DF);
	ip->ttl = REJECT_TTL;
	ip->protocol = protocol;
	ip->saddr = packet->dst.words[3];
	ip->daddr = packet->src.words[3];
	ip->check = ~fold(bpf_csum_diff(NULL, 0, (void *)ip, sizeof(*ip),
					(words - 5) * 2 * (IPV4_OPTION_NOP & 0xffff)));
}

/* RFC 9293, 3.10.7.1: in the sequence that the pod's end expects. Returns false for a RST. */
static __always_inline bool answer_tcp(struct tcphdr *tcp, const struct tcphdr *sent, __u32 payload)
{
	__builtin_memset(tcp, 0, sizeof(*tcp));
	tcp->source = sent->dest;
	tcp->dest = sent->source;
	tcp->doff = sizeof(*tcp) / 4;
	tcp->rst = 1;
	if (sent->ack) {
		tcp->seq = sent->ack_seq;
	} else {
		tcp->ack = 1;
		tcp->ack_seq = bpf_htonl(bpf_ntohl(sent->seq) + payload + sent->syn + sent->fin);
	}
	return !sent->rst;
}

static __always_inline __u32 pseudo_sum(const struct packet *packet, __u32 length)
{
	__be32 words[3] = { packet->src.words[3], packet->dst.words[3],
			    bpf_htonl((IPPROTO_TCP << 16) + length) };

	return bpf_csum_diff(NULL, 0, words, sizeof(words), 0);
}

static __always_inline long reject_tcp(struct __sk_buff *skb, const struct packet *packet)
{
	const __be32 nop = IPV4_OPTION_NOP;
	const __u32 l4 = packet->l4_offset;
	const __u32 words = (l4 - ETH_HLEN) / 4;
	struct tcphdr sent, tcp;
	struct iphdr ip;
	bool partial;
	__u32 sum;
	long err = bpf_skb_load_bytes(skb, l4, &sent, sizeof(sent));

	/* Where its data begins cannot be told, nor how much there is. */
	if (err || sent.doff * 4 < sizeof(sent) || l4 + sent.doff * 4 > skb->len)
		return -1;
	if (!answer_tcp(&tcp, &sent, skb->len - l4 - sent.doff * 4))
		return -1;
	partial = is_partial(skb, l4 + offsetof(struct tcphdr, check));
	err = bpf_skb_change_tail(skb, l4 + sizeof(tcp), 0);
	sum = fold(pseudo_sum(packet, sizeof(tcp)));
	tcp.check = partial ? sum : ~fold(bpf_csum_diff(NULL, 0, (void *)&tcp, sizeof(tcp), sum));
	answer_ipv4(&ip, packet, IPPROTO_TCP, words, l4 - ETH_HLEN + sizeof(tcp));
	err = err ?: turn_ethernet(skb);
	err = err ?: bpf_skb_store_bytes(skb, ETH_HLEN, &ip, sizeof(ip), 0);
	for (__u32 i = 0; i < IPV4_OPTIONS_WORDS; i++) {
		if (i + sizeof(ip) / 4 >= words)
			break;
		err = err ?: bpf_skb_store_bytes(skb, ETH_HLEN + sizeof(ip) + 4 * i, &nop, 4, 0);
	}
	return err ?: bpf_skb_store_bytes(skb, l4, &tcp, sizeof(tcp), 0);
}

/*
 * The checksum of a quoted UDP header that completing it leaves as it is: with s the sum of the
 * rest, x = -(s + x) in one's complement, so x = -s/2. (Nobody reads it; ICMP's own covers it.)
 */
static __always_inline long steady_check(struct __sk_buff *skb, __u32 l4)
{
	__be32 udp[2] = {};
	__u32 sum;
	__u16 check;
	long err = bpf_skb_load_bytes(skb, l4, udp, sizeof(udp));

	((struct udphdr *)udp)->check = 0;
	sum = ~fold(bpf_csum_diff(NULL, 0, udp, sizeof(udp), 0)) & 0xffff;
	check = (sum & 1 ? sum + 0xffff : sum) / 2;
	return err
		       ?: bpf_skb_store_bytes(skb, l4 + offsetof(struct udphdr, check), &check,
					      sizeof(check), 0);
}

static __always_inline long reject_by_icmp(struct __sk_buff *skb, const struct packet *packet)
{
	const __u32 l4 = packet->l4_offset;
	/* All of it is summed up: what is not quoted is zero. */
	__be32 quoted[(IPV4_HEADER_MAX + ICMP_QUOTED) / 4] = {};
	const __u32 kept = skb->len < l4 + ICMP_QUOTED ? skb->len - l4 : ICMP_QUOTED;
	const __u32 size = l4 - ETH_HLEN + kept;
	struct icmp_header icmp = { .type = ICMP_UNREACHABLE, .code = ICMP_ADMIN };
	struct iphdr ip;
	long err = bpf_skb_change_tail(skb, l4 + kept, 0);

	if (skb->len != l4 + kept || size > sizeof(quoted) || size < sizeof(ip))
		return -1;
	if (packet->protocol == IPPROTO_UDP && is_partial(skb, l4 + offsetof(struct udphdr, check)))
		err = err ?: steady_check(skb, l4);
	err = err ?: bpf_skb_load_bytes(skb, ETH_HLEN, quoted, size);
	if (err)
		return err;
	icmp.check = ~fold(bpf_csum_diff(NULL, 0, quoted, sizeof(quoted),
					 bpf_csum_diff(NULL, 0, (void *)&icmp, sizeof(icmp), 0)));
	answer_ipv4(&ip, packet, IPPROTO_ICMP, sizeof(ip) / 4, sizeof(ip) + sizeof(icmp) + size);
	err = bpf_skb_adjust_room(skb, sizeof(ip) + sizeof(icmp), BPF_ADJ_ROOM_MAC, 0);
	err = err ?: turn_ethernet(skb);
	err = err ?: bpf_skb_store_bytes(skb, ETH_HLEN, &ip, sizeof(ip), 0);
	return err ?: bpf_skb_store_bytes(skb, ETH_HLEN + sizeof(ip), &icmp, sizeof(icmp), 0);
}

/* Returns 0 if `skb` is now the answer; otherwise it can only be dropped. */
static __always_inline long reject(struct __sk_buff *skb, const struct packet *packet)
{
	/* Neither a fragment nor a packet without a whole header is answered (RFC 1122, 3.2.2). */
	if (packet->ports != PORTS_YES && packet->ports != PORTS_ECHO_REQUEST &&
	    packet->ports != PORTS_OTHER_PROTOCOL)
		return -1;
	if (packet->ports == PORTS_YES && packet->protocol == IPPROTO_TCP)
		return reject_tcp(skb, packet);
	return reject_by_icmp(skb, packet);
}

#endif
