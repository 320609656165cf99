// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "tcp_client.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "flow.h"
#include "loop.h"
#include "report.h"

#define READ_BYTES (64 * 1024)

struct tcp_client {
	struct flow flow;
	struct watch watch;
	struct timer timer; /* of the state: connect, stall, or the next message */
	struct tcp_client_init init;
	bool established, closing, pausing;
	uint32_t number; /* of the message at hand; also how many came back */
	uint32_t sent, echoed;
	int64_t started_us;
	char *message;
};

/* `reason` NULL: none. The client is gone after this. */
static void finish(struct tcp_client *client, const char *kind, const char *reason)
{
	char quoted[64] = "null";

	if (reason)
		snprintf(quoted, sizeof(quoted), "\"%s\"", reason);
	report__line("{\"event\":\"ended\",\"id\":%u,\"kind\":\"%s\",\"reason\":%s,"
		     "\"messages\":%u,\"atMs\":%lld}",
		     client->flow.id, kind, quoted, client->number, (long long)loop__wall_ms());
	loop__timer_clear(&client->timer);
	loop__unwatch(&client->watch);
	flow__unregister(&client->flow);
	free(client->message);
	client->message = NULL;
	loop__free_later(client);
}

static void fail(struct tcp_client *client, int error)
{
	const char *name = strerrorname_np(error);

	finish(client, client->established ? "broken" : "failed", name ? name : "unknown");
}

/* Other bytes in each message of each client, so that nothing old or foreign looks right. */
static void compose(struct tcp_client *client)
{
	uint64_t x =
		(((uint64_t)client->flow.id << 32) | client->number) * 0x9e3779b97f4a7c15ULL + 1;

	for (uint32_t at = 0; at < client->init.message_bytes; at++) {
		if (at % sizeof(x) == 0) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
		}
		client->message[at] = (char)(x >> (at % sizeof(x) * 8));
	}
}

/* False: it ended. */
static bool send_rest(struct tcp_client *client)
{
	while (client->sent < client->init.message_bytes) {
		ssize_t count = send(client->watch.fd, client->message + client->sent,
				     client->init.message_bytes - client->sent, MSG_NOSIGNAL);

		if (count < 0) {
			if (errno == EAGAIN || errno == EINTR)
				return true;
			fail(client, errno);
			return false;
		}
		client->sent += count;
	}
	return true;
}

static void next_message(struct timer *timer);

static void message_done(struct tcp_client *client)
{
	client->number++;
	if (client->closing || client->number == client->init.messages) {
		finish(client, "closed", NULL);
		return;
	}
	client->pausing = true;
	client->timer.fire = next_message;
	loop__timer_set(&client->timer, client->started_us + client->init.interval_us);
}

static void receive(struct tcp_client *client)
{
	char buffer[READ_BYTES];

	for (;;) {
		ssize_t count = recv(client->watch.fd, buffer, sizeof(buffer), 0);

		if (count < 0) {
			if (errno != EAGAIN && errno != EINTR)
				fail(client, errno);
			return;
		}
		if (count == 0) {
			finish(client, "broken", "closed-by-peer");
			return;
		}
		if (client->pausing || count > client->sent - client->echoed ||
		    memcmp(buffer, client->message + client->echoed, count)) {
			finish(client, "broken", "mismatch");
			return;
		}
		client->echoed += count;
		if (client->echoed == client->init.message_bytes) {
			message_done(client);
			return;
		}
	}
}

static void stalled(struct timer *timer)
{
	finish(container_of(timer, struct tcp_client, timer), "broken", "stalled");
}

static void next_message(struct timer *timer)
{
	struct tcp_client *client = container_of(timer, struct tcp_client, timer);

	client->pausing = false;
	client->sent = client->echoed = 0;
	client->started_us = loop__now_us();
	compose(client);
	client->timer.fire = stalled;
	loop__timer_set(&client->timer, client->started_us + client->init.stall_us);
	send_rest(client);
}

/* False: not yet, or it failed. */
static bool has_connected(struct tcp_client *client)
{
	struct sockaddr_in own;
	socklen_t size;
	int error = 0;

	if (client->established)
		return true;
	size = sizeof(error);
	getsockopt(client->watch.fd, SOL_SOCKET, SO_ERROR, &error, &size);
	if (error) {
		fail(client, error);
		return false;
	}
	size = sizeof(own);
	/* A socket that is not connected has no peer. */
	if (getpeername(client->watch.fd, (struct sockaddr *)&own, &size))
		return false;
	size = sizeof(own);
	getsockname(client->watch.fd, (struct sockaddr *)&own, &size);
	client->established = true;
	report__line("{\"event\":\"established\",\"id\":%u,\"port\":%u}", client->flow.id,
		     ntohs(own.sin_port));
	next_message(&client->timer);
	return true;
}

static void ready(struct watch *watch, uint32_t events)
{
	struct tcp_client *client = container_of(watch, struct tcp_client, watch);

	(void)events;
	if (!has_connected(client))
		return;
	/* The descriptor is closed once the client has ended. */
	if (watch->fd >= 0 && !client->pausing && !send_rest(client))
		return;
	if (watch->fd >= 0)
		receive(client);
}

static void connect_timed_out(struct timer *timer)
{
	fail(container_of(timer, struct tcp_client, timer), ETIMEDOUT);
}

static void end(struct flow *flow, enum flow_end how)
{
	struct tcp_client *client = container_of(flow, struct tcp_client, flow);

	if (how == FLOW_DROP)
		finish(client, "pod-deleted", NULL);
	else if (!client->established || client->pausing)
		finish(client, "closed", NULL);
	else
		client->closing = true;
}

void tcp_client__start(const struct tcp_client_init *init)
{
	struct tcp_client *client = loop__alloc(sizeof(*client));
	int fd, on = 1;

	client->init = *init;
	client->flow.id = init->id;
	client->flow.end = end;
	snprintf(client->flow.netns, sizeof(client->flow.netns), "%s", init->netns);
	client->init.netns = client->flow.netns;
	client->message = loop__alloc(init->message_bytes);
	client->watch.fd = -1;
	flow__register(&client->flow);

	fd = netns_socket__open(init->netns, SOCK_STREAM, init->source_port);
	if (fd < 0) {
		fail(client, -fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(fd, (struct sockaddr *)&client->init.to, sizeof(client->init.to)) &&
	    errno != EINPROGRESS) {
		client->watch.fd = fd;
		fail(client, errno);
		return;
	}
	client->timer.fire = connect_timed_out;
	loop__timer_set(&client->timer, loop__now_us() + init->connect_us);
	loop__watch(&client->watch, fd, ready);
}
