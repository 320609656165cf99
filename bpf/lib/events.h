/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Telling the agent why a pod's packet was held back, or would be: see berth_abi.h, events. Only
 * who is held back pays for it, and a pod that sends without end is told of once a second.
 */
#ifndef BERTH_EVENTS_H
#define BERTH_EVENTS_H

#include "count.h"
#include "maps.h"
#include "packet.h"

#define BERTH_BIT(reason) (1ULL << BERTH_REASON_##reason)

/* What a pod did to deserve it, beside all rejects. */
static const __u64 told_reasons = BERTH_BIT(WOULD_REJECT) | BERTH_BIT(ICMP_OUT) |
				  BERTH_BIT(FRAGMENT_OUT) | BERTH_BIT(IPV6_OUT) |
				  BERTH_BIT(SPOOFED) BERTH_REASONS(BERTH_OR_REJECT);

static __always_inline bool is_told(enum berth_reason reason)
{
	return told_reasons >> reason & 1;
}

/* A function of its own: its stack is not that of the fast path. */
static __noinline void tell(enum berth_reason reason, const union berth_ip *pod_ip,
			    const struct packet *packet)
{
	const struct berth_event_key key = { .pod_ip = *pod_ip, .reason = reason };
	struct berth_event_limit *limit = bpf_map_lookup_elem(&event_limits, &key);
	const __u64 now = bpf_ktime_get_ns();
	struct berth_event *event;
	__u32 untold = 0;

	if (limit) {
		if (now - limit->told_ns < BERTH_EVENT_INTERVAL_NS) {
			__sync_fetch_and_add(&limit->untold, 1);
			return;
		}
		limit->told_ns = now;
		untold = __sync_lock_test_and_set(&limit->untold, 0);
	} else {
		const struct berth_event_limit first = { .told_ns = now };

		bpf_map_update_elem(&event_limits, &key, &first, BPF_ANY);
	}
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		const __u32 only = 0;
		struct berth_counter *lost = bpf_map_lookup_elem(&events_lost, &only);

		if (lost)
			lost->packets++;
		return;
	}
	event->pod_ip = *pod_ip;
	event->destination = packet->dst;
	event->seen_ns = now;
	event->untold = untold;
	event->destination_port = packet->ports == PORTS_YES ? packet->dst_port : 0;
	/* An error has the protocol of what it quotes here. */
	event->protocol = packet->ports == PORTS_QUOTED ? IPPROTO_ICMP : packet->protocol;
	event->reason = reason;
	/* The agent looks by itself, some times a second. */
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
}

#endif
