/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * What Berth needs to know of a frame, read once, into one form for IPv4 and IPv6. Only reads what
 * lies between the two ends it is given, so TC and XDP share it. `ports` says whether the packet
 * can be translated at all; if not, it says why, and then only the addresses are known.
 */
#ifndef BERTH_PACKET_H
#define BERTH_PACKET_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include "berth_abi.h"

#define IPV4_MF_OR_OFFSET 0x3fff
#define IPV4_HEADER_MAX	  60
/* The longest headers that are looked at: Ethernet, IPv4 with all options, TCP without. */
#define PACKET_HEADERS_MAX (ETH_HLEN + IPV4_HEADER_MAX + sizeof(struct tcphdr))

enum packet_ports {
	PORTS_YES = 0,
	PORTS_ECHO_REQUEST, /* ICMP echo, with its id as the port of the end that asks */
	PORTS_ECHO_REPLY,
	PORTS_FRAGMENT,
	PORTS_ICMP,
	PORTS_OTHER_PROTOCOL,
	PORTS_CUT_OFF,
	PORTS_IPV6,
	PORTS_QUOTED, /* an ICMP error, with the ends of what it is about: see icmp_error.h */
	PORTS_QUOTED_ECHO,
};

struct packet {
	union berth_ip src; /* NBO */
	union berth_ip dst; /* NBO */
	__u16 src_port;	    /* HBO; ports, l4_offset, tcp_flags: PORTS_YES alone */
	__u16 dst_port;	    /* HBO */
	__u16 l4_offset;    /* from the start of the frame */
	__u16 quoted_l4;    /* the same of the quoted packet: PORTS_QUOTED* alone */
	__u16 ip_check;	    /* NBO; IPv4 alone */
	__u8 protocol;
	__u8 ports;	/* enum packet_ports */
	__u8 tcp_flags; /* 0 unless it is TCP */
};

enum packet_kind {
	PACKET_OTHER = 0, /* not IP, or no whole IP header: not ours */
	PACKET_IP,
	PACKET_SHORT, /* IP, but the part that can be read ends within the headers */
};

/* linux/icmp.h needs headers that a BPF target does not have. */
struct icmp_header {
	__u8 type;
	__u8 code;
	__be16 check;
	__be16 id; /* of an echo */
	__be16 sequence;
};

#define ICMP_ECHO_REPLY	  0
#define ICMP_ECHO_REQUEST 8

#define TCP_FIN		 0x01
#define TCP_SYN		 0x02
#define TCP_RST		 0x04
#define TCP_ACK		 0x10
#define TCP_FLAGS_OFFSET 13

static __always_inline void mapped_ip(union berth_ip *ip, __be32 v4)
{
	ip->words[0] = 0;
	ip->words[1] = 0;
	ip->words[2] = bpf_htonl(0xffff);
	ip->words[3] = v4;
}

static __always_inline bool is_bare_syn(const struct packet *packet)
{
	return (packet->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

/* Ports to be compared and translated, its own or those of what it is about. */
static __always_inline bool has_ports(const struct packet *packet)
{
	return packet->ports == PORTS_YES || packet->ports == PORTS_QUOTED;
}

static __always_inline enum packet_kind parse_icmp(void *l4, void *end, struct packet *packet)
{
	struct icmp_header *icmp = l4;

	packet->ports = PORTS_ICMP;
	if ((void *)(icmp + 1) > end)
		return PACKET_SHORT;
	if (icmp->type == ICMP_ECHO_REQUEST) {
		packet->ports = PORTS_ECHO_REQUEST;
		packet->src_port = bpf_ntohs(icmp->id);
		packet->dst_port = 0;
	} else if (icmp->type == ICMP_ECHO_REPLY) {
		packet->ports = PORTS_ECHO_REPLY;
		packet->src_port = 0;
		packet->dst_port = bpf_ntohs(icmp->id);
	}
	return PACKET_IP;
}

static __always_inline enum packet_kind parse_ports(void *l4, void *end, struct packet *packet)
{
	if (packet->protocol == IPPROTO_TCP) {
		struct tcphdr *tcp = l4;

		if ((void *)(tcp + 1) > end)
			return PACKET_SHORT;
		packet->src_port = bpf_ntohs(tcp->source);
		packet->dst_port = bpf_ntohs(tcp->dest);
		packet->tcp_flags = ((__u8 *)l4)[TCP_FLAGS_OFFSET];
	} else if (packet->protocol == IPPROTO_UDP) {
		struct udphdr *udp = l4;

		if ((void *)(udp + 1) > end)
			return PACKET_SHORT;
		packet->src_port = bpf_ntohs(udp->source);
		packet->dst_port = bpf_ntohs(udp->dest);
	} else if (packet->protocol == IPPROTO_ICMP) {
		return parse_icmp(l4, end, packet);
	} else {
		packet->ports = PORTS_OTHER_PROTOCOL;
		return PACKET_IP;
	}
	packet->ports = PORTS_YES;
	return PACKET_IP;
}

static __always_inline enum packet_kind parse_ipv4(void *data, void *end, struct packet *packet)
{
	struct iphdr *ip = data + ETH_HLEN;
	__u32 header;

	if ((void *)(ip + 1) > end)
		return PACKET_SHORT;
	mapped_ip(&packet->src, ip->saddr);
	mapped_ip(&packet->dst, ip->daddr);
	packet->protocol = ip->protocol;
	packet->ip_check = ip->check;
	header = ip->ihl * 4;
	packet->l4_offset = ETH_HLEN + header;
	/* An impossible header is not read on: PORTS_CUT_OFF stays. */
	if (ip->version != 4 || header < sizeof(*ip))
		return PACKET_IP;
	if ((void *)ip + header > end)
		return PACKET_SHORT;
	if (ip->frag_off & bpf_htons(IPV4_MF_OR_OFFSET)) {
		packet->ports = PORTS_FRAGMENT;
		return PACKET_IP;
	}
	return parse_ports((void *)ip + header, end, packet);
}

/* Where it answers PACKET_SHORT for want of ports, the addresses are there, as PORTS_CUT_OFF. */
static __always_inline enum packet_kind packet_parse(void *data, void *end, struct packet *packet)
{
	struct ethhdr *eth = data;
	struct ipv6hdr *ip6 = data + ETH_HLEN;

	packet->ports = PORTS_CUT_OFF;
	packet->tcp_flags = 0;
	packet->quoted_l4 = 0;
	packet->ip_check = 0;
	packet->protocol = 0;
	packet->l4_offset = 0;
	if ((void *)(eth + 1) > end)
		return PACKET_SHORT;
	if (eth->h_proto == bpf_htons(ETH_P_IP))
		return parse_ipv4(data, end, packet);
	if (eth->h_proto != bpf_htons(ETH_P_IPV6))
		return PACKET_OTHER;
	if ((void *)(ip6 + 1) > end)
		return PACKET_SHORT;
	__builtin_memcpy(&packet->src, &ip6->saddr, sizeof(packet->src));
	__builtin_memcpy(&packet->dst, &ip6->daddr, sizeof(packet->dst));
	packet->ports = PORTS_IPV6;
	return PACKET_IP;
}

#endif
