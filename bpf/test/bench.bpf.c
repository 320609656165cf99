// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * What Berth's programs are measured against: programs that do nothing, and the same step in the
 * layout of NATs with a connection table: a policy for each (pod, CIDR) in one LPM trie, and an
 * entry for each connection and direction. The rewriting is Berth's own, so that only the lookups
 * are compared.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include "lib/tc_packet.h"
#include "lib/direct.h"

#define TCX_NEXT	 (-1)
#define POLICIES_ENTRIES 2097152
#define FLOWS_ENTRIES	 524288

struct pod_policy_key {
	__u32 prefixlen; /* HBO: 32 + the CIDR's length */
	__be32 pod;	 /* NBO */
	__be32 cidr;	 /* NBO */
};

struct flow_key {
	__be32 source;	    /* NBO */
	__be32 destination; /* NBO */
	__u16 source_port;
	__u16 destination_port;
	__u8 protocol;
	__u8 reserved[3];
};

struct flow {
	union berth_ip ip; /* NBO: what the translated end becomes */
	__u16 port;
	__u16 reserved;
	__u32 state;
	__u64 last_seen_ns;
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, POLICIES_ENTRIES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct pod_policy_key);
	__type(value, union berth_ip);
} pod_policies SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, FLOWS_ENTRIES);
	__type(key, struct flow_key);
	__type(value, struct flow);
} flows SEC(".maps");

SEC("tc")
int bench_empty(struct __sk_buff *skb)
{
	(void)skb;
	return TCX_NEXT;
}

SEC("xdp.frags")
int bench_empty_xdp(struct xdp_md *xdp)
{
	(void)xdp;
	return XDP_PASS;
}

static __always_inline int translate(struct __sk_buff *skb, const struct packet *packet,
				     enum direct_end end)
{
	struct flow_key key = {
		.source = packet->src.words[3],
		.destination = packet->dst.words[3],
		.source_port = packet->src_port,
		.destination_port = packet->dst_port,
		.protocol = packet->protocol,
	};
	struct flow *flow = bpf_map_lookup_elem(&flows, &key);
	union berth_ip ip;

	if (!flow)
		return TC_ACT_SHOT;
	flow->last_seen_ns = bpf_ktime_get_ns();
	ip = flow->ip;
	return rewrite_ipv4(skb, packet, end, &ip, flow->port) ? TC_ACT_SHOT : TCX_NEXT;
}

SEC("tc")
int bench_peer_egress(struct __sk_buff *skb)
{
	struct pod_policy_key key = { .prefixlen = 64 };
	struct packet packet;

	if (!tc_packet(skb, &packet) || packet.ports != PORTS_YES)
		return TCX_NEXT;
	key.pod = packet.src.words[3];
	key.cidr = packet.dst.words[3];
	if (!bpf_map_lookup_elem(&pod_policies, &key))
		return TCX_NEXT;
	return translate(skb, &packet, DIRECT_SOURCE);
}

SEC("tc")
int bench_peer_return(struct __sk_buff *skb)
{
	struct packet packet;

	if (!tc_packet(skb, &packet) || packet.ports != PORTS_YES)
		return TCX_NEXT;
	return translate(skb, &packet, DIRECT_DESTINATION);
}

char LICENSE[] SEC("license") = "GPL";
