/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets of other network namespaces: a socket stays in the namespace in which it was made. */
#ifndef BERTH_LAB_NETNS_SOCKET_H
#define BERTH_LAB_NETNS_SOCKET_H

#include <netinet/in.h>

#define NETNS_NAME_MAX 64

/*
 * Non-blocking, in the namespace /run/netns/NAME. `type` as of socket(2); `source_port` 0: not
 * bound. Answers the descriptor, or -errno.
 */
int netns_socket__open(const char *netns, int type, uint16_t source_port);

/* ICMP echo with this query id; what is sent and received begins with the ICMP header. */
int netns_socket__open_echo(const char *netns, uint16_t query_id);

/* An AF_PACKET socket without link headers, not bound to a protocol yet. */
int netns_socket__open_packet(const char *netns);

/* An IPv4 socket address; both in host form. Answers -EINVAL for what is no address. */
int netns_socket__address(const char *text, uint16_t port, struct sockaddr_in *address);

#endif
