/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Reading a packet's headers in TC, where they may lie outside the linear part of the skb. */
#ifndef BERTH_TC_PACKET_H
#define BERTH_TC_PACKET_H

#include "packet.h"

/* False: nothing of ours, not IP. `packet->l4_offset` is 0 unless there is a whole IPv4 header. */
static __always_inline bool tc_packet(struct __sk_buff *skb, struct packet *packet)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	enum packet_kind kind = packet_parse(data, end, packet);
	__u32 length = skb->len;

	if (kind != PACKET_SHORT)
		return kind == PACKET_IP;
	if (length > PACKET_HEADERS_MAX)
		length = PACKET_HEADERS_MAX;
	if (bpf_skb_pull_data(skb, length))
		return false;
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	kind = packet_parse(data, end, packet);
	/* Cut off for good. With addresses the packet can still be held back by them. */
	return kind == PACKET_IP || (kind == PACKET_SHORT && packet->l4_offset != 0);
}

#endif
