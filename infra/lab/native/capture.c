// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "capture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/ip.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop.h"
#include "netns_socket.h"
#include "report.h"

#define CAPTURES_MAX	     8
#define SOURCES_MAX	     65536 /* a power of two; at most half of it is used */
#define INSTRUCTIONS_PER_NET 4
#define QUEUE_BYTES	     (64 * 1024 * 1024)

struct captured_source {
	uint32_t address; /* network order; 0: free */
	uint32_t first_destination;
	uint8_t first_protocol;
	uint64_t packets;
};

struct capture {
	uint32_t id;
	struct watch watch;
	struct captured_source *sources;
	uint32_t sources_used;
	uint64_t packets, not_told_apart;
};

static struct capture *captures[CAPTURES_MAX];

/* Accepts IPv4 to one of the networks: four instructions each, so that no jump is long. */
static int filter(int fd, const struct capture_network *networks, uint32_t count)
{
	struct sock_filter code[CAPTURE_NETWORKS_MAX * INSTRUCTIONS_PER_NET + 4], *at = code;
	struct sock_fprog program = { .filter = code };

	*at++ = (struct sock_filter)BPF_STMT(BPF_LD | BPF_H | BPF_ABS,
					     SKF_AD_OFF + SKF_AD_PROTOCOL);
	*at++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 1, 0);
	*at++ = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
	for (uint32_t i = 0; i < count; i++) {
		*at++ = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						     offsetof(struct iphdr, daddr));
		*at++ = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, networks[i].mask);
		*at++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, networks[i].address,
						     0, 1);
		*at++ = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, sizeof(struct iphdr));
	}
	*at++ = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
	program.len = at - code;
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

/*
 * Every protocol, since the bridge takes frames before those who ask for IPv4 see them. Bound only
 * when the filter is there: nothing else may come in.
 */
static int listen_for(const char *netns, const struct capture_network *networks, uint32_t count)
{
	struct sockaddr_ll every = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int fd = netns_socket__open_packet(netns);
	int on = 1, bytes = QUEUE_BYTES;

	if (fd < 0)
		return fd;
	if (filter(fd, networks, count) ||
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) ||
	    bind(fd, (struct sockaddr *)&every, sizeof(every))) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

static struct captured_source *source_of(struct capture *capture, uint32_t address)
{
	uint32_t hash = address * 0x9e3779b1u;

	for (hash ^= hash >> 16;; hash++) {
		struct captured_source *source = &capture->sources[hash % SOURCES_MAX];

		if (source->address == address)
			return source;
		if (source->address)
			continue;
		if (capture->sources_used == SOURCES_MAX / 2)
			return NULL;
		capture->sources_used++;
		source->address = address;
		return source;
	}
}

static void count(struct capture *capture, const struct iphdr *header)
{
	struct captured_source *source = source_of(capture, header->saddr);

	capture->packets++;
	if (!source) {
		capture->not_told_apart++;
		return;
	}
	if (!source->packets++) {
		source->first_destination = header->daddr;
		source->first_protocol = header->protocol;
	}
}

static void take_all(struct watch *watch, uint32_t events)
{
	struct capture *capture = container_of(watch, struct capture, watch);
	struct iphdr header;

	(void)events;
	for (;;) {
		ssize_t bytes = recv(watch->fd, &header, sizeof(header), 0);

		if (bytes == sizeof(header))
			count(capture, &header);
		else if (bytes < 0 && errno != EINTR)
			return;
	}
}

static struct capture **find(uint32_t id)
{
	for (int i = 0; i < CAPTURES_MAX; i++)
		if ((captures[i] ? captures[i]->id : 0) == id)
			return &captures[i];
	return NULL;
}

void capture__start(uint32_t id, const char *netns, const struct capture_network *networks,
		    uint32_t count)
{
	struct capture **place = find(0);
	int fd = place ? listen_for(netns, networks, count) : -ENOSPC;

	if (fd < 0) {
		report__line("{\"event\":\"capture-failed\",\"id\":%u,\"reason\":\"%s\"}", id,
			     strerrorname_np(-fd));
		return;
	}
	*place = loop__alloc(sizeof(**place));
	(*place)->id = id;
	(*place)->sources = loop__alloc(SOURCES_MAX * sizeof(*(*place)->sources));
	loop__watch(&(*place)->watch, fd, take_all);
	report__line("{\"event\":\"capturing\",\"id\":%u}", id);
}

static void report_source(uint32_t id, const struct captured_source *source)
{
	char from[INET_ADDRSTRLEN], to[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &source->address, from, sizeof(from));
	inet_ntop(AF_INET, &source->first_destination, to, sizeof(to));
	report__line("{\"event\":\"captured\",\"id\":%u,\"source\":\"%s\",\"packets\":%llu,"
		     "\"firstDestination\":\"%s\",\"firstProtocol\":%u}",
		     id, from, (unsigned long long)source->packets, to, source->first_protocol);
}

void capture__stop(uint32_t id)
{
	struct capture **place = find(id);
	struct capture *capture = place ? *place : NULL;
	struct tpacket_stats missed = { 0 };
	socklen_t size = sizeof(missed);

	if (!capture)
		return;
	take_all(&capture->watch, 0);
	getsockopt(capture->watch.fd, SOL_PACKET, PACKET_STATISTICS, &missed, &size);
	for (uint32_t i = 0; i < SOURCES_MAX; i++)
		if (capture->sources[i].address)
			report_source(id, &capture->sources[i]);
	report__line("{\"event\":\"capture-ended\",\"id\":%u,\"packets\":%llu,\"missed\":%llu}", id,
		     (unsigned long long)capture->packets,
		     (unsigned long long)missed.tp_drops + capture->not_told_apart);
	loop__unwatch(&capture->watch);
	free(capture->sources);
	loop__free_later(capture);
	*place = NULL;
}
