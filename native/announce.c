// SPDX-License-Identifier: Apache-2.0
/*
 * Gratuitous ARP for a batch of addresses that are on no interface, so that the kernel would not
 * send it. As request and as reply, since hosts differ in which they learn from.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "libberth.h"
#include "netns.h"

struct arp_frame {
	struct ethhdr eth;
	struct arphdr arp;
	uint8_t sender_mac[ETH_ALEN];
	uint8_t sender_ip[4];
	uint8_t target_mac[ETH_ALEN];
	uint8_t target_ip[4];
} __attribute__((packed));

static void fill(struct arp_frame *frame, uint16_t operation, const uint8_t *mac,
		 const uint8_t *address)
{
	memset(frame, 0, sizeof(*frame));
	memset(frame->eth.h_dest, 0xff, ETH_ALEN);
	memcpy(frame->eth.h_source, mac, ETH_ALEN);
	frame->eth.h_proto = htons(ETH_P_ARP);
	frame->arp.ar_hrd = htons(ARPHRD_ETHER);
	frame->arp.ar_pro = htons(ETH_P_IP);
	frame->arp.ar_hln = ETH_ALEN;
	frame->arp.ar_pln = 4;
	frame->arp.ar_op = htons(operation);
	memcpy(frame->sender_mac, mac, ETH_ALEN);
	memcpy(frame->sender_ip, address, 4);
	if (operation == ARPOP_REPLY)
		memcpy(frame->target_mac, mac, ETH_ALEN);
	memcpy(frame->target_ip, address, 4);
}

int berth_arp__announce(const char *netns, const char *interface, const uint8_t *mac,
			const uint8_t *addresses, uint32_t count)
{
	static const uint16_t operations[] = { ARPOP_REQUEST, ARPOP_REPLY };
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_halen = ETH_ALEN };
	uint32_t ifindex = 0;
	struct arp_frame frame;
	int fd, err = berth_netns__ifindex(netns, interface, &ifindex);

	if (err)
		return err;
	/* Protocol 0: it sends, and is given nothing. */
	fd = berth_netns__socket(netns, AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	to.sll_ifindex = (int)ifindex;
	memset(to.sll_addr, 0xff, ETH_ALEN);
	for (uint32_t i = 0; i < 2 * count && !err; i++) {
		fill(&frame, operations[i % 2], mac, addresses + 4 * (size_t)(i / 2));
		if (sendto(fd, &frame, sizeof(frame), 0, (struct sockaddr *)&to, sizeof(to)) < 0)
			err = -errno;
	}
	close(fd);
	return err;
}
