// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * The TC programs: berth_egress and berth_return on a node's uplink, berth_pod on each pod's veth.
 * What goes on goes on to the next program of the chain, the CNI's own among them.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include "lib/tc_packet.h"
#include "lib/count.h"
#include "lib/egress.h"
#include "lib/events.h"
#include "lib/guard.h"
#include "lib/inward.h"
#include "lib/reject.h"

#define TCX_NEXT (-1)

/* The one exit: a reason means the same wherever it comes from. `length`: before any change. */
static __always_inline int verdict(struct __sk_buff *skb, const struct packet *packet,
				   enum berth_reason reason, __u32 length)
{
	if (reason == BERTH_REASON_NONE)
		return TCX_NEXT;
	count(reason, length);
	/* Most packets first: they are neither told of nor held back. */
	if (reason == BERTH_REASON_TRANSLATED)
		return TCX_NEXT;
	if (is_told(reason))
		tell(reason, &packet->src, packet);
	if (is_done(reason))
		return TCX_NEXT;
	if (!is_reject(reason))
		return TC_ACT_SHOT;
	if (reject(skb, packet)) {
		count(BERTH_REASON_UNANSWERED, length);
		return TC_ACT_SHOT;
	}
	return bpf_redirect(skb->ifindex, BPF_F_INGRESS);
}

SEC("tc")
int berth_egress(struct __sk_buff *skb)
{
	const __u32 length = skb->len;
	struct packet packet;

	if (!tc_packet(skb, &packet))
		return TCX_NEXT;
	return verdict(skb, &packet, egress(skb, &packet), length);
}

SEC("tc")
int berth_return(struct __sk_buff *skb)
{
	const __u32 length = skb->len;
	struct packet packet;
	enum berth_reason reason;

	if (!tc_packet(skb, &packet))
		return TCX_NEXT;
	reason = inward(skb, &packet);
	if (reason == BERTH_REASON_NONE)
		return TCX_NEXT;
	count(reason, length);
	return is_done(reason) ? TCX_NEXT : TC_ACT_SHOT;
}

/* What comes by a pod's interface is the pod's doing, whatever source it has. */
static __always_inline void tell_of_interface(enum berth_reason reason, __u32 ifindex,
					      const struct packet *packet)
{
	const struct berth_interface *interface = bpf_map_lookup_elem(&interfaces, &ifindex);

	if (interface && is_told(reason))
		tell(reason, &interface->pod_ip, packet);
}

SEC("tc")
int berth_pod(struct __sk_buff *skb)
{
	struct packet packet;
	enum berth_reason reason;

	if (!tc_packet(skb, &packet))
		return TCX_NEXT;
	reason = guard(skb->ifindex, &packet);
	if (reason == BERTH_REASON_NONE)
		return TCX_NEXT;
	count(reason, skb->len);
	tell_of_interface(reason, skb->ifindex, &packet);
	return is_done(reason) ? TCX_NEXT : TC_ACT_SHOT;
}

char LICENSE[] SEC("license") = "GPL";
