// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "udp_probe.h"

#include <errno.h>
#include <netinet/ip_icmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "flow.h"
#include "loop.h"
#include "report.h"
#include "udp_window.h"

#define PAYLOAD_BYTES 64
/* Single losses that are reported, over the whole run: for the reader of a red report. */
#define LOSS_REPORTS_MAX 1000
/* More than a late turn can add to what is under way. */
#define RING_SLACK 8

struct datagram {
	uint64_t number; /* 0: its fate is known */
	int64_t sent_us;
};

struct payload {
	uint64_t number;
	uint32_t id;
	char rest[PAYLOAD_BYTES - sizeof(uint64_t) - sizeof(uint32_t)];
};

/* What goes over the socket: over one for UDP, without its first member. */
struct frame {
	struct icmphdr icmp;
	struct payload payload;
};

struct udp_probe {
	struct flow flow;
	struct watch watch;
	struct timer timer;
	struct sockaddr_in to;
	int64_t interval_us;
	uint64_t number;       /* of the last one sent */
	uint64_t oldest;       /* all before it have a fate */
	int64_t pause_from_us; /* sending of the first loss since the last echo; 0: none */
	int64_t longest_pause_us;
	uint32_t ring_size;
	struct datagram *ring;
	bool icmp, closing;
};

static unsigned int loss_reports;

static void finish(struct udp_probe *probe)
{
	report__line("{\"event\":\"probe-ended\",\"id\":%u,\"longestPauseUs\":%lld}",
		     probe->flow.id, (long long)probe->longest_pause_us);
	loop__timer_clear(&probe->timer);
	loop__unwatch(&probe->watch);
	flow__unregister(&probe->flow);
	free(probe->ring);
	probe->ring = NULL;
	loop__free_later(probe);
}

static struct datagram *slot(struct udp_probe *probe, uint64_t number)
{
	return &probe->ring[number % probe->ring_size];
}

static void report_loss(struct udp_probe *probe, int64_t sent_us, int64_t now)
{
	if (loss_reports++ >= LOSS_REPORTS_MAX)
		return;
	report__line("{\"event\":\"lost\",\"id\":%u,\"sentAtMs\":%lld}", probe->flow.id,
		     (long long)(loop__wall_ms() - (now - sent_us) / 1000));
}

/* Nothing came back of what was sent between `pause_from_us` and `until_us`. */
static void note_pause(struct udp_probe *probe, int64_t until_us)
{
	if (probe->pause_from_us && until_us - probe->pause_from_us > probe->longest_pause_us)
		probe->longest_pause_us = until_us - probe->pause_from_us;
}

static void settle(struct udp_probe *probe, int64_t now)
{
	for (; probe->oldest <= probe->number; probe->oldest++) {
		struct datagram *datagram = slot(probe, probe->oldest);

		if (!datagram->number) {
			note_pause(probe, datagram->sent_us);
			probe->pause_from_us = 0;
			continue;
		}
		if (datagram->sent_us + UDP_FATE_US > now)
			return;
		datagram->number = 0;
		if (!probe->pause_from_us)
			probe->pause_from_us = datagram->sent_us;
		note_pause(probe, datagram->sent_us + probe->interval_us);
		udp_window__count(datagram->sent_us, UDP_LOST);
		report_loss(probe, datagram->sent_us, now);
	}
}

/* What the kernel says of an earlier datagram: refused, or prohibited on the way. */
static void rejected(struct udp_probe *probe)
{
	struct datagram *datagram = slot(probe, probe->number);

	if (probe->number)
		udp_window__count(datagram->sent_us, UDP_REJECTED);
}

static ssize_t receive_one(const struct udp_probe *probe, struct frame *frame)
{
	const ssize_t skipped = probe->icmp ? sizeof(frame->icmp) : 0;
	void *start = probe->icmp ? (void *)frame : &frame->payload;
	ssize_t count = recv(probe->watch.fd, start, skipped + sizeof(frame->payload), 0);

	return count < skipped ? count : count - skipped;
}

static ssize_t send_one(const struct udp_probe *probe, struct frame *frame)
{
	if (!probe->icmp)
		return send(probe->watch.fd, &frame->payload, sizeof(frame->payload), 0);
	/* The kernel writes the id and the checksum. */
	frame->icmp.type = ICMP_ECHO;
	return send(probe->watch.fd, frame, sizeof(*frame), 0);
}

static void receive(struct udp_probe *probe, int64_t now)
{
	struct frame frame;
	const struct payload *payload = &frame.payload;

	for (;;) {
		ssize_t count = receive_one(probe, &frame);
		struct datagram *datagram;

		if (count < 0) {
			if (errno == EAGAIN || errno == EINTR)
				return;
			rejected(probe);
			continue;
		}
		if (count != sizeof(*payload) || payload->id != probe->flow.id || !payload->number)
			continue;
		datagram = slot(probe, payload->number);
		if (datagram->number != payload->number || datagram->sent_us + UDP_FATE_US <= now)
			continue;
		datagram->number = 0;
		udp_window__count(datagram->sent_us, UDP_ECHOED);
	}
}

static void ready(struct watch *watch, uint32_t events)
{
	(void)events;
	receive(container_of(watch, struct udp_probe, watch), loop__now_us());
}

static void send_next(struct udp_probe *probe, int64_t now)
{
	struct frame frame = { .payload = { .number = probe->number + 1, .id = probe->flow.id } };

	/* An error left behind by an earlier one is answered instead of sending: once more then. */
	if (send_one(probe, &frame) < 0) {
		rejected(probe);
		(void)!send_one(probe, &frame);
	}
	probe->number++;
	*slot(probe, probe->number) = (struct datagram){ .number = probe->number, .sent_us = now };
}

static void tick(struct timer *timer)
{
	struct udp_probe *probe = container_of(timer, struct udp_probe, timer);
	int64_t now = loop__now_us();
	int64_t next = timer->due_us + probe->interval_us;

	receive(probe, now);
	settle(probe, now);
	if (probe->closing && probe->oldest > probe->number) {
		finish(probe);
		return;
	}
	if (!probe->closing)
		send_next(probe, now);
	/* Late: no burst to make up for it. */
	loop__timer_set(timer, next > now ? next : now + probe->interval_us);
}

static void end(struct flow *flow, enum flow_end how)
{
	struct udp_probe *probe = container_of(flow, struct udp_probe, flow);

	if (how == FLOW_DROP)
		finish(probe);
	else
		probe->closing = true;
}

static void fail(struct udp_probe *probe, int error)
{
	report__line("{\"event\":\"probe-failed\",\"id\":%u,\"reason\":\"%s\"}", probe->flow.id,
		     strerrorname_np(error));
	finish(probe);
}

void udp_probe__start(const struct udp_probe_init *init)
{
	struct udp_probe *probe = loop__alloc(sizeof(*probe));
	int fd;

	probe->flow.id = init->id;
	probe->flow.end = end;
	snprintf(probe->flow.netns, sizeof(probe->flow.netns), "%s", init->netns);
	probe->to = init->to;
	probe->icmp = init->icmp;
	probe->interval_us = init->interval_us;
	probe->oldest = 1;
	probe->ring_size = UDP_FATE_US / init->interval_us + RING_SLACK;
	probe->ring = loop__alloc(probe->ring_size * sizeof(*probe->ring));
	probe->watch.fd = -1;
	flow__register(&probe->flow);

	fd = init->icmp ? netns_socket__open_echo(init->netns, init->source_port)
			: netns_socket__open(init->netns, SOCK_DGRAM, init->source_port);
	if (fd < 0) {
		fail(probe, -fd);
		return;
	}
	if (connect(fd, (struct sockaddr *)&probe->to, sizeof(probe->to))) {
		probe->watch.fd = fd;
		fail(probe, errno);
		return;
	}
	loop__watch(&probe->watch, fd, ready);
	probe->timer.fire = tick;
	loop__timer_set(&probe->timer, loop__now_us());
}
