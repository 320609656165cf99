// SPDX-License-Identifier: Apache-2.0
/*
 * lab-flood: as many packets or connections as one core gives, for measurements. It runs in the
 * network namespace of whoever sends:
 *
 *	lab-flood udp ADDRESS SOCKETS FLOWS MS CPU	FLOWS 0: each packet begins a new one
 *	lab-flood tcp ADDRESS PORT MS CPU		connects, and resets at once
 *	lab-flood serve PORT CPU			takes connections until it is killed
 *
 * and ends with one line of JSON: how many, and the CPU time of its thread. On a path of veths the
 * kernel carries a packet to the far end before the call that sent it returns, so that is the price
 * of the whole path, and stays so on a machine that has other things to do.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SOCKETS_MAX	 256
#define AT_ONCE		 64
#define PAYLOAD_BYTES	 18 /* makes the shortest frame */
#define FIRST_SOURCE	 32768
#define FIRST_PORT	 1024
#define PORTS		 60000
#define BACKLOG		 65535
#define SEND_BUFFER	 (4 << 20)
#define NS_PER_MS	 1000000ULL
#define NS_PER_FLOW	 1000ULL
#define FLOWS_MAX	 (PORTS * 60000ULL) /* in the addresses of a /16 */
#define CONNECTIONS_LOOK 16

static void fail(const char *what)
{
	fprintf(stderr, "lab-flood: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

static void stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		fail("sched_setaffinity");
}

static struct sockaddr_in address_of(const char *text, int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

	if (inet_pton(AF_INET, text, &address.sin_addr) != 1) {
		errno = EINVAL;
		fail(text);
	}
	return address;
}

static void report(uint64_t count, uint64_t failed, uint64_t cpu_started, uint64_t wall_started)
{
	printf("{\"count\":%llu,\"failed\":%llu,\"cpuNs\":%llu,\"wallNs\":%llu}\n",
	       (unsigned long long)count, (unsigned long long)failed,
	       (unsigned long long)(now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_started),
	       (unsigned long long)(now_ns(CLOCK_MONOTONIC) - wall_started));
}

static int udp_socket(int port)
{
	struct sockaddr_in own = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int size = SEND_BUFFER;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof(own)))
		fail("UDP socket");
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	return fd;
}

struct batch {
	struct mmsghdr messages[AT_ONCE];
	struct sockaddr_in to[AT_ONCE];
	struct iovec payload;
	char bytes[PAYLOAD_BYTES];
};

static void prepare(struct batch *batch, const struct sockaddr_in *to)
{
	memset(batch, 0, sizeof(*batch));
	batch->payload = (struct iovec){ batch->bytes, PAYLOAD_BYTES };
	for (int i = 0; i < AT_ONCE; i++) {
		batch->to[i] = *to;
		batch->messages[i].msg_hdr = (struct msghdr){
			.msg_name = &batch->to[i],
			.msg_namelen = sizeof(batch->to[i]),
			.msg_iov = &batch->payload,
			.msg_iovlen = 1,
		};
	}
}

/* The n-th flow of all: another port, and after all ports another address. */
static void aim(struct batch *batch, in_addr_t first, uint64_t n)
{
	for (uint32_t i = 0; i < AT_ONCE; i++) {
		uint64_t flow = n + i;

		batch->to[i].sin_port = htons((uint16_t)(FIRST_PORT + flow % PORTS));
		batch->to[i].sin_addr.s_addr = htonl(first + (in_addr_t)(flow / PORTS));
	}
}

static int flood_udp(char **args)
{
	const struct sockaddr_in to = address_of(args[0], FIRST_PORT);
	const int sockets = atoi(args[1]);
	const uint64_t flows_each = (uint64_t)atoi(args[2]) / (uint64_t)sockets;
	const uint64_t wall_ns = (uint64_t)atoi(args[3]) * NS_PER_MS;
	const in_addr_t first = ntohl(to.sin_addr.s_addr);
	uint64_t sent = 0, failed = 0, started, cpu_started;
	/* New ones have never been: the clock goes on faster than they are made. */
	uint64_t flow = flows_each ? 0 : now_ns(CLOCK_MONOTONIC) / NS_PER_FLOW % FLOWS_MAX;
	static struct batch batch;
	int fds[SOCKETS_MAX];

	if (sockets < 1 || sockets > SOCKETS_MAX)
		return 2;
	stay_on(atoi(args[4]));
	prepare(&batch, &to);
	for (int i = 0; i < sockets; i++)
		fds[i] = udp_socket(FIRST_SOURCE + i);
	started = now_ns(CLOCK_MONOTONIC);
	cpu_started = now_ns(CLOCK_THREAD_CPUTIME_ID);
	while (now_ns(CLOCK_MONOTONIC) - started < wall_ns) {
		for (int i = 0; i < sockets; i++) {
			int done;

			aim(&batch, first, flow);
			done = sendmmsg(fds[i], batch.messages, AT_ONCE, 0);
			if (done < 0)
				failed++;
			else
				sent += (uint64_t)done;
			if (!flows_each)
				flow += AT_ONCE;
		}
		if (flows_each)
			flow = (flow + AT_ONCE) % flows_each;
	}
	report(sent, failed, cpu_started, started);
	return 0;
}

static bool connect_once(const struct sockaddr_in *to)
{
	/* Closing resets: no TIME_WAIT, so that the ports of a narrow range last. */
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool connected;

	if (fd < 0)
		fail("TCP socket");
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	connected = !connect(fd, (const struct sockaddr *)to, sizeof(*to));
	close(fd);
	return connected;
}

static int flood_tcp(char **args)
{
	const struct sockaddr_in to = address_of(args[0], atoi(args[1]));
	const uint64_t wall_ns = (uint64_t)atoi(args[2]) * NS_PER_MS;
	uint64_t made = 0, failed = 0, started, cpu_started;

	stay_on(atoi(args[3]));
	started = now_ns(CLOCK_MONOTONIC);
	cpu_started = now_ns(CLOCK_THREAD_CPUTIME_ID);
	while (now_ns(CLOCK_MONOTONIC) - started < wall_ns) {
		for (int i = 0; i < CONNECTIONS_LOOK; i++) {
			if (connect_once(&to))
				made++;
			else
				failed++;
		}
	}
	report(made, failed, cpu_started, started);
	return 0;
}

static _Noreturn void serve(char **args)
{
	struct sockaddr_in own = { .sin_family = AF_INET,
				   .sin_port = htons((uint16_t)atoi(args[0])) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	stay_on(atoi(args[1]));
	if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof(own)) || listen(fd, BACKLOG))
		fail("serve");
	printf("{\"listening\":true}\n");
	fflush(stdout);
	for (;;) {
		int taken = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

		if (taken >= 0)
			close(taken);
	}
}

int main(int argc, char **argv)
{
	if (argc == 7 && !strcmp(argv[1], "udp"))
		return flood_udp(argv + 2);
	if (argc == 6 && !strcmp(argv[1], "tcp"))
		return flood_tcp(argv + 2);
	if (argc == 4 && !strcmp(argv[1], "serve"))
		serve(argv + 2);
	fprintf(stderr, "lab-flood udp|tcp|serve ...: see its source\n");
	return 2;
}
