// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "echo_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "loop.h"
#include "netns_socket.h"
#include "report.h"

#define BACKLOG	      4096
#define TCP_BUFFER    (64 * 1024)
#define UDP_BYTES_MAX 2048
#define UDP_RCVBUF    (4 * 1024 * 1024)
/* Flows that are told apart; beyond them none is reported. A power of two. */
#define UDP_FLOWS_MAX 65536

struct udp_flow {
	uint32_t source, destination; /* network order; 0: free */
	uint16_t source_port;
};

struct echo_server {
	uint32_t id;
	char netns[NETNS_NAME_MAX];
	uint16_t port;
	struct watch listener, datagrams;
	struct udp_flow *flows;
	uint32_t flows_used;
};

struct echo_connection {
	struct watch watch;
	uint32_t start, end; /* of what is still to be sent back */
	char buffer[TCP_BUFFER];
};

static void report_peer(struct echo_server *server, const char *protocol,
			const struct sockaddr_in *source, const struct in_addr *destination)
{
	char from[INET_ADDRSTRLEN], to[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &source->sin_addr, from, sizeof(from));
	inet_ntop(AF_INET, destination, to, sizeof(to));
	report__line("{\"event\":\"peer\",\"id\":%u,\"protocol\":\"%s\",\"source\":\"%s\","
		     "\"sourcePort\":%u,\"destination\":\"%s\",\"destinationPort\":%u}",
		     server->id, protocol, from, ntohs(source->sin_port), to, server->port);
}

static void hang_up(struct echo_connection *connection)
{
	loop__unwatch(&connection->watch);
	loop__free_later(connection);
}

/* False: the peer takes no more now, or is gone. */
static bool send_back(struct echo_connection *connection)
{
	while (connection->start < connection->end) {
		ssize_t count = send(connection->watch.fd, connection->buffer + connection->start,
				     connection->end - connection->start, MSG_NOSIGNAL);

		if (count < 0) {
			if (errno != EAGAIN && errno != EINTR)
				hang_up(connection);
			return false;
		}
		connection->start += count;
	}
	return true;
}

static void echo(struct watch *watch, uint32_t events)
{
	struct echo_connection *connection = container_of(watch, struct echo_connection, watch);

	(void)events;
	while (send_back(connection)) {
		ssize_t count = recv(watch->fd, connection->buffer, TCP_BUFFER, 0);

		if (count < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (count <= 0) {
			hang_up(connection);
			return;
		}
		connection->start = 0;
		connection->end = count;
	}
}

static void accept_all(struct watch *watch, uint32_t events)
{
	struct echo_server *server = container_of(watch, struct echo_server, listener);

	(void)events;
	for (;;) {
		struct echo_connection *connection;
		struct sockaddr_in peer, own;
		socklen_t size = sizeof(peer);
		int fd = accept4(watch->fd, (struct sockaddr *)&peer, &size,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0) {
			if (errno == ECONNABORTED || errno == EINTR)
				continue;
			if (errno != EAGAIN)
				loop__die("accept4");
			return;
		}
		size = sizeof(own);
		getsockname(fd, (struct sockaddr *)&own, &size);
		report_peer(server, "tcp", &peer, &own.sin_addr);
		connection = loop__alloc(sizeof(*connection));
		loop__watch(&connection->watch, fd, echo);
	}
}

static void note_flow(struct echo_server *server, const struct sockaddr_in *source,
		      const struct in_addr *destination)
{
	uint32_t hash =
		(source->sin_addr.s_addr * 31 + destination->s_addr) * 31 + source->sin_port;
	struct udp_flow *flow;

	hash *= 0x9e3779b1u;
	hash ^= hash >> 16;
	for (;; hash++) {
		flow = &server->flows[hash % UDP_FLOWS_MAX];
		if (!flow->source)
			break;
		if (flow->source == source->sin_addr.s_addr &&
		    flow->destination == destination->s_addr &&
		    flow->source_port == source->sin_port)
			return;
	}
	/* Never full: the search above ends at a free place. */
	if (server->flows_used == UDP_FLOWS_MAX / 2)
		return;
	server->flows_used++;
	*flow = (struct udp_flow){ .source = source->sin_addr.s_addr,
				   .destination = destination->s_addr,
				   .source_port = source->sin_port };
	report_peer(server, "udp", source, destination);
}

/* The datagram's control data becomes the answer's: by PKTINFO, from the same address. */
static bool answer_from_asked(struct msghdr *message, struct in_addr *asked)
{
	struct cmsghdr *control = CMSG_FIRSTHDR(message);
	struct in_pktinfo info;

	if (!control || control->cmsg_level != IPPROTO_IP || control->cmsg_type != IP_PKTINFO)
		return false;
	memcpy(&info, CMSG_DATA(control), sizeof(info));
	*asked = info.ipi_addr;
	info = (struct in_pktinfo){ .ipi_spec_dst = *asked };
	memcpy(CMSG_DATA(control), &info, sizeof(info));
	return true;
}

static void echo_datagrams(struct watch *watch, uint32_t events)
{
	struct echo_server *server = container_of(watch, struct echo_server, datagrams);
	char bytes[UDP_BYTES_MAX];

	(void)events;
	for (;;) {
		union {
			struct cmsghdr aligned;
			char room[CMSG_SPACE(sizeof(struct in_pktinfo))];
		} control;
		struct sockaddr_in source;
		struct in_addr asked;
		struct iovec data = { .iov_base = bytes, .iov_len = sizeof(bytes) };
		struct msghdr message = { .msg_name = &source,
					  .msg_namelen = sizeof(source),
					  .msg_iov = &data,
					  .msg_iovlen = 1,
					  .msg_control = &control,
					  .msg_controllen = sizeof(control) };
		ssize_t count = recvmsg(watch->fd, &message, 0);

		if (count < 0) {
			if (errno == EAGAIN)
				return;
			/* An ICMP error about an earlier answer. */
			continue;
		}
		if (!answer_from_asked(&message, &asked))
			continue;
		note_flow(server, &source, &asked);
		data.iov_len = count;
		/* Full, or unreachable: datagrams may be lost, and the probe will say so. */
		(void)!sendmsg(watch->fd, &message, 0);
	}
}

static int listen_tcp(const char *netns, uint16_t port)
{
	int fd = netns_socket__open(netns, SOCK_STREAM, port);

	if (fd >= 0 && listen(fd, BACKLOG))
		return -errno;
	return fd;
}

static int bind_udp(const char *netns, uint16_t port)
{
	int fd = netns_socket__open(netns, SOCK_DGRAM, port);
	int on = 1, bytes = UDP_RCVBUF;

	if (fd < 0)
		return fd;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes));
	return setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)) ? -errno : fd;
}

void echo_server__start(uint32_t id, const char *netns, uint16_t port)
{
	struct echo_server *server = loop__alloc(sizeof(*server));
	int tcp = listen_tcp(netns, port);
	int udp = tcp < 0 ? tcp : bind_udp(netns, port);

	if (udp < 0) {
		/* The lab gives up on this; nothing is left to tidy. */
		report__line("{\"event\":\"serve-failed\",\"id\":%u,\"reason\":\"%s\"}", id,
			     strerrorname_np(-udp));
		free(server);
		return;
	}
	server->id = id;
	server->port = port;
	server->flows = loop__alloc(UDP_FLOWS_MAX * sizeof(*server->flows));
	snprintf(server->netns, sizeof(server->netns), "%s", netns);
	loop__watch(&server->listener, tcp, accept_all);
	loop__watch(&server->datagrams, udp, echo_datagrams);
	report__line("{\"event\":\"serving\",\"id\":%u}", id);
}
