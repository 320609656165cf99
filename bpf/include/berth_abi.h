/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The only source of what lies in Berth's maps: keys, values, sizes. The kernel programs and
 * libberth include it; the TypeScript layouts are generated from the BTF that it leaves in the
 * objects, and compared with them again when the objects are loaded.
 *
 * HBO: host byte order, NBO: network byte order. Reserved bytes are named and always zero, so that
 * entries can be compared and summed as bytes. A change of a layout is a new map name.
 */
#ifndef BERTH_ABI_H
#define BERTH_ABI_H

#include <linux/types.h>

#define BERTH_ABI_VERSION 1

/* An address is always 16 bytes, NBO; IPv4 is mapped (::ffff:a.b.c.d). */
union berth_ip {
	__u8 bytes[16];
	__be32 words[4];
};
_Static_assert(sizeof(union berth_ip) == 16, "an address is 16 bytes");

/* A pod holds at most this many berths: each costs a lookup per packet. */
#define BERTH_BERTHS_MAX 4
/* Port rules of one destination: all of them are looked at for each packet to it. */
#define BERTH_RULES_MAX 8

/* N is 64 to 16384. */
#define BERTH_SIZE_LOG2_MIN 6
#define BERTH_SIZE_LOG2_MAX 14

/* Table sizes. pods, interfaces: of one node. */
#define BERTH_PODS_ENTRIES	 4096
#define BERTH_INTERFACES_ENTRIES 4096
#define BERTH_POLICIES_ENTRIES	 65536
#define BERTH_NODES_ENTRIES	 8192
#define BERTH_ADDRESSES_ENTRIES	 256
#define BERTH_LOCAL_PODS_ENTRIES 256
/* The smallest block has 64 ports, so an address has at most 1024 blocks. */
#define BERTH_BLOCKS_PER_ADDRESS_LOG2 10
#define BERTH_BLOCKS_ENTRIES	      (BERTH_ADDRESSES_ENTRIES << BERTH_BLOCKS_PER_ADDRESS_LOG2)
/* Room for reasons to come (lib/drop_reasons.h). */
#define BERTH_REASONS_ENTRIES 64

/* --- pods: pod IP -> its berths --- */

/* An EgressNat selects the pod: what is protected (set 1) it reaches by a berth or not at all. */
#define BERTH_POD_SELECTED 1
/* The slot's NAT address is admitted and may be used; otherwise its traffic is rejected. */
#define BERTH_SLOT_MAPPED 1

struct berth_slot {
	union berth_ip nat_address; /* NBO */
	__u16 base;		    /* HBO: first port of the block */
	__u8 size_log2;		    /* log2 N */
	__u8 flags;
	__u32 policy_set; /* HBO */
	__u32 flexible;	  /* HBO: its first of slots, a multiple of F; 0: none */
	__u8 generation;  /* below 16; another one for each next berth of `flexible` */
	__u8 reserved[3];
};
_Static_assert(sizeof(struct berth_slot) == 32, "layout");
_Static_assert(__builtin_offsetof(struct berth_slot, base) == 16, "layout");
_Static_assert(__builtin_offsetof(struct berth_slot, policy_set) == 20, "layout");

/*
 * A hash map uses the memory of a replaced entry again at once, though a program may still be
 * reading there. So an entry says whose it is, first of all: who has read the rest and then finds
 * another pod here has read that pod's berths.
 */
struct berth_pod {
	union berth_ip ip; /* NBO: the key again */
	__u8 flags;
	__u8 berth_count;
	__u8 reserved[6];
	struct berth_slot berths[BERTH_BERTHS_MAX];
};
_Static_assert(sizeof(struct berth_pod) == 152, "layout");
_Static_assert(__builtin_offsetof(struct berth_pod, berths) == 24, "layout");

/*
 * --- slots: a flexible port -> its flow, in one word (see lib/slots.h) ---
 *
 * A berth has F = N/4 of them in a row. The programs write them; the agent makes them zero before
 * it gives them to another berth.
 */

/* Of one node: 4096 default berths. An array of words: 8 MiB, whatever is in use. */
#define BERTH_SLOTS_ENTRIES 1048576
/* Places that a flow is looked for in. */
#define BERTH_SLOT_WINDOW 256
/* Idle times in seconds, after which a flow has lost its slot. */
#define BERTH_SLOT_LIMIT_ICMP	     60
#define BERTH_SLOT_LIMIT_UDP	     300
#define BERTH_SLOT_LIMIT_ESTABLISHED 7440
#define BERTH_SLOT_LIMIT_TRANSITORY  240

/* --- policies: (policy set, destination) -> verdict --- */

/* Every protected CIDR: the guard for pod IPs that the node does not know. */
#define BERTH_SET_UNKNOWN 0
/* What selected pods reach by a berth only. */
#define BERTH_SET_SELECTED 1
/* What known pods that no EgressNat selects do not reach at all. Above any set of a berth. */
#define BERTH_SET_EVERY 65535

#define BERTH_VERDICT_COVERED 1
#define BERTH_VERDICT_HOLE    2 /* an exception inside a covered CIDR */
/* Of the whole CIDR: what would be rejected is counted and passes, unless a rule enforces it. */
#define BERTH_VERDICT_OBSERVED 3

struct berth_policy_key {
	__u32 prefixlen;	/* HBO: 32 + the CIDR's length in 128 bits */
	__u32 policy_set;	/* HBO: always matched whole, so its order does not matter */
	union berth_ip address; /* NBO */
};
_Static_assert(sizeof(struct berth_policy_key) == 24, "layout");

/* What the rule names is observed, where no rule without this flag names it too. */
#define BERTH_RULE_OBSERVED 1

struct berth_port_rule {
	__u8 protocol; /* 0: TCP and UDP */
	__u8 flags;
	__u16 port_from; /* HBO, inclusive */
	__u16 port_to;	 /* HBO, inclusive */
};
_Static_assert(sizeof(struct berth_port_rule) == 6, "layout");

struct berth_policy {
	__u8 verdict;
	__u8 rule_count; /* COVERED: these alone, or all if 0. OBSERVED: these are enforced */
	__u8 reserved[2];
	struct berth_port_rule rules[BERTH_RULES_MAX];
};
_Static_assert(sizeof(struct berth_policy) == 52, "layout");

/* --- blocks: (address index << 10) | (port >> log2 N) -> whose the block is --- */

#define BERTH_BLOCK_NONE 0
#define BERTH_BLOCK_POD	 1 /* a pod of this node */
#define BERTH_BLOCK_NODE 2 /* a pod of another node */

struct berth_block {
	__u8 kind;
	__u8 reserved;
	__u16 node_index; /* HBO: BERTH_BLOCK_NODE alone */
	__u16 base;	  /* HBO: first port of the block */
	__u16 reserved2;
	union berth_ip pod_ip; /* NBO: BERTH_BLOCK_POD alone */
};
_Static_assert(sizeof(struct berth_block) == 24, "layout");
_Static_assert(__builtin_offsetof(struct berth_block, pod_ip) == 8, "layout");

/* --- nodes: node index -> next hop --- */

struct berth_node {
	__u8 mac[6];
	__u8 in_use;
	__u8 reserved;
	union berth_ip underlay_ip; /* NBO */
};
_Static_assert(sizeof(struct berth_node) == 24, "layout");

/* --- underlays: underlay IP of a node in `nodes` -> its index --- */

struct berth_underlay {
	__u16 node_index; /* HBO */
	__u8 reserved[2];
};
_Static_assert(sizeof(struct berth_underlay) == 4, "layout");

/* --- addresses: NAT address -> its place in blocks --- */

/* This gateway answers ARP for it. */
#define BERTH_ADDRESS_OWNED 1

struct berth_address {
	__u16 address_index; /* HBO */
	__u8 size_log2;
	__u8 flags;
};
_Static_assert(sizeof(struct berth_address) == 4, "layout");

/* --- local_pods: CIDR -> "a source in here is a pod of this node" --- */

struct berth_cidr_key {
	__u32 prefixlen;	/* HBO: in 128 bits */
	union berth_ip address; /* NBO */
};
_Static_assert(sizeof(struct berth_cidr_key) == 20, "layout");

struct berth_local_pods {
	__u8 is_pod;
	__u8 reserved[3];
};
_Static_assert(sizeof(struct berth_local_pods) == 4, "layout");

/* --- interfaces: ifindex (HBO) of a pod's host-side veth -> the pod's IP --- */

struct berth_interface {
	union berth_ip pod_ip; /* NBO */
};
_Static_assert(sizeof(struct berth_interface) == 16, "layout");

/* --- config: one element --- */

struct berth_config {
	__u16 pod_port_first; /* HBO: L */
	__u8 uplink_mac[6];   /* what gateways send from, and take frames for */
	__u8 reserved[8];
};
_Static_assert(sizeof(struct berth_config) == 16, "layout");

/*
 * --- lease: one element, which the agent of a gateway writes ---
 *
 * A gateway whose agent is dead or frozen must leave ARP to another one that lives, and must go on
 * if it is the last. So its agent renews a lease. The gateway answers ARP for an address that it
 * owns if no lease is needed (0), or it is not over, or no heartbeat of another gateway came for
 * heartbeat_fresh_ns. A heartbeat is a UDP datagram to heartbeat_port of this gateway's MAC, from
 * an IP in `underlays`; it goes on to the stack. Times are CLOCK_MONOTONIC's (bpf_ktime_get_ns).
 */
struct berth_lease {
	__u64 arp_lease_until_ns;
	__u64 heartbeat_fresh_ns;
	__u16 heartbeat_port; /* HBO; 0: none is looked for */
	__u8 reserved[6];
};
_Static_assert(sizeof(struct berth_lease) == 24, "layout");

/* --- heartbeats: one element, which berth_steer alone writes --- */

struct berth_heartbeats {
	__u64 heartbeat_seen_ns; /* of any other gateway, last; 0: never */
};
_Static_assert(sizeof(struct berth_heartbeats) == 8, "layout");

/*
 * --- events: why a pod's packets were held back, for people ---
 *
 * A ring of struct berth_event, which the agent empties; one of a pod and reason in
 * BERTH_EVENT_INTERVAL_NS. What finds no room is lost, and counted in events_lost, of one element.
 * event_limits remembers when a pod was last told of: of those that were told of last.
 */
#define BERTH_EVENTS_BYTES	   65536 /* 1170 of them */
#define BERTH_EVENT_LIMITS_ENTRIES 4096
#define BERTH_EVENT_INTERVAL_NS	   1000000000

struct berth_event {
	union berth_ip pod_ip;	    /* NBO: the source, or whose interface it was */
	union berth_ip destination; /* NBO */
	__u64 seen_ns;		    /* CLOCK_MONOTONIC */
	__u32 untold;		    /* of this pod and reason, since the last event of them */
	__u16 destination_port;	    /* HBO; 0: it has none */
	__u8 protocol;		    /* of IP; 0: not known */
	__u8 reason;
};
_Static_assert(sizeof(struct berth_event) == 48, "layout");

struct berth_event_key {
	union berth_ip pod_ip; /* NBO */
	__u32 reason;
};
_Static_assert(sizeof(struct berth_event_key) == 20, "layout");

struct berth_event_limit {
	__u64 told_ns;
	__u32 untold;
	__u8 reserved[4];
};
_Static_assert(sizeof(struct berth_event_limit) == 16, "layout");

/* --- counters: reason -> sums, one a CPU --- */

struct berth_counter {
	__u64 packets;
	__u64 bytes;
};
_Static_assert(sizeof(struct berth_counter) == 16, "layout");

#endif
