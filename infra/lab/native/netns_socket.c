// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "netns_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop.h"

static int home_fd = -1;

static int enter(const char *netns)
{
	char path[sizeof("/run/netns/") + NETNS_NAME_MAX];
	int fd, err;

	if (home_fd < 0) {
		home_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
		if (home_fd < 0)
			loop__die("own network namespace");
	}
	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = setns(fd, CLONE_NEWNET) ? -errno : 0;
	close(fd);
	return err;
}

static int bound(int fd, uint16_t source_port)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(source_port) };
	int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(fd, (struct sockaddr *)&any, sizeof(any)))
		return -errno;
	return 0;
}

static int open_in(const char *netns, int family, int type, int protocol)
{
	int fd, err;

	err = enter(netns);
	if (err)
		return err;
	fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
	err = fd < 0 ? -errno : 0;
	if (setns(home_fd, CLONE_NEWNET))
		loop__die("back to the own network namespace");
	return err ? err : fd;
}

static int open_bound(const char *netns, int type, int protocol, uint16_t source_port)
{
	int fd = open_in(netns, AF_INET, type, protocol);
	int err = fd >= 0 && source_port ? bound(fd, source_port) : 0;

	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

int netns_socket__open(const char *netns, int type, uint16_t source_port)
{
	return open_bound(netns, type, 0, source_port);
}

int netns_socket__open_echo(const char *netns, uint16_t query_id)
{
	return open_bound(netns, SOCK_DGRAM, IPPROTO_ICMP, query_id);
}

int netns_socket__open_packet(const char *netns)
{
	return open_in(netns, AF_PACKET, SOCK_DGRAM, 0);
}

int netns_socket__address(const char *text, uint16_t port, struct sockaddr_in *address)
{
	memset(address, 0, sizeof(*address));
	address->sin_family = AF_INET;
	address->sin_port = htons(port);
	return inet_pton(AF_INET, text, &address->sin_addr) == 1 ? 0 : -EINVAL;
}
