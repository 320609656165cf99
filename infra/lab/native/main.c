// SPDX-License-Identifier: Apache-2.0
/*
 * lab-traffic: the clients of the lab's pods and the servers of its targets, in one process and
 * one thread. Commands come in on standard input, one a line, words by blanks; events go out on
 * standard output (report.h). It ends when its input does.
 *
 *   serve ID NETNS PORT
 *   tcp ID NETNS ADDRESS PORT SOURCE_PORT BYTES INTERVAL_MS MESSAGES STALL_MS CONNECT_MS
 *   udp ID NETNS ADDRESS PORT SOURCE_PORT INTERVAL_US
 *   echo ID NETNS ADDRESS QUERY_ID INTERVAL_US
 *   capture ID NETNS NETWORK/LENGTH... | capture-stop ID
 *   close ID | drop ID NETNS | window-open ID | window-close ID
 *
 * `drop` is answered by `dropped`. Numbers are the caller's to choose, each one once.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "capture.h"
#include "echo_server.h"
#include "flow.h"
#include "loop.h"
#include "report.h"
#include "tcp_client.h"
#include "udp_probe.h"

#define COMMAND_BYTES_MAX (64 * 1024)
#define US_PER_MS	  1000LL
#define NETNS_FORMAT	  "%63s"
#define ADDRESS_FORMAT	  "%15s"

static char commands[COMMAND_BYTES_MAX];
static size_t commands_used;
static struct watch input;

static void refuse(const char *line)
{
	fprintf(stderr, "lab-traffic: not understood: %s\n", line);
	exit(2);
}

static void start_tcp(const char *line)
{
	struct tcp_client_init init = { 0 };
	char netns[NETNS_NAME_MAX], address[INET_ADDRSTRLEN];
	uint32_t interval_ms, stall_ms, connect_ms;
	uint16_t port;

	if (sscanf(line,
		   "tcp %" SCNu32 " " NETNS_FORMAT " " ADDRESS_FORMAT " %" SCNu16 " %" SCNu16
		   " %" SCNu32 " %" SCNu32 " %" SCNu32 " %" SCNu32 " %" SCNu32,
		   &init.id, netns, address, &port, &init.source_port, &init.message_bytes,
		   &interval_ms, &init.messages, &stall_ms, &connect_ms) != 10 ||
	    netns_socket__address(address, port, &init.to) || !init.message_bytes ||
	    init.message_bytes > TCP_MESSAGE_BYTES_MAX)
		refuse(line);
	init.netns = netns;
	init.interval_us = interval_ms * US_PER_MS;
	init.stall_us = stall_ms * US_PER_MS;
	init.connect_us = connect_ms * US_PER_MS;
	tcp_client__start(&init);
}

static void start_probe(const char *line, const char *netns, const char *address, uint16_t port,
			struct udp_probe_init *init)
{
	if (netns_socket__address(address, port, &init->to) ||
	    init->interval_us < UDP_INTERVAL_US_MIN || init->interval_us > UDP_INTERVAL_US_MAX)
		refuse(line);
	init->netns = netns;
	udp_probe__start(init);
}

static void start_udp(const char *line)
{
	struct udp_probe_init init = { 0 };
	char netns[NETNS_NAME_MAX], address[INET_ADDRSTRLEN];
	uint16_t port;

	if (sscanf(line,
		   "udp %" SCNu32 " " NETNS_FORMAT " " ADDRESS_FORMAT " %" SCNu16 " %" SCNu16
		   " %" SCNd64,
		   &init.id, netns, address, &port, &init.source_port, &init.interval_us) != 6)
		refuse(line);
	start_probe(line, netns, address, port, &init);
}

static void start_echo(const char *line)
{
	struct udp_probe_init init = { .icmp = true };
	char netns[NETNS_NAME_MAX], address[INET_ADDRSTRLEN];

	if (sscanf(line,
		   "echo %" SCNu32 " " NETNS_FORMAT " " ADDRESS_FORMAT " %" SCNu16 " %" SCNd64,
		   &init.id, netns, address, &init.source_port, &init.interval_us) != 5)
		refuse(line);
	start_probe(line, netns, address, 0, &init);
}

static void start_capture(const char *line)
{
	struct capture_network networks[CAPTURE_NETWORKS_MAX];
	char netns[NETNS_NAME_MAX], address[INET_ADDRSTRLEN];
	uint32_t id, length, count = 0;
	int used;

	if (sscanf(line, "capture %" SCNu32 " " NETNS_FORMAT "%n", &id, netns, &used) != 2)
		refuse(line);
	for (const char *at = line + used; *at; at += used) {
		struct sockaddr_in network;

		if (count == CAPTURE_NETWORKS_MAX ||
		    sscanf(at, " %15[0-9.]/%" SCNu32 "%n", address, &length, &used) != 2 ||
		    length < 1 || length > 32 || netns_socket__address(address, 0, &network))
			refuse(line);
		networks[count].address = ntohl(network.sin_addr.s_addr);
		networks[count++].mask = ~0u << (32 - length);
	}
	capture__start(id, netns, networks, count);
}

static void obey(const char *line)
{
	char netns[NETNS_NAME_MAX];
	uint32_t id;
	uint16_t port;

	if (sscanf(line, "serve %" SCNu32 " " NETNS_FORMAT " %" SCNu16, &id, netns, &port) == 3) {
		echo_server__start(id, netns, port);
	} else if (!strncmp(line, "tcp ", 4)) {
		start_tcp(line);
	} else if (!strncmp(line, "udp ", 4)) {
		start_udp(line);
	} else if (!strncmp(line, "echo ", 5)) {
		start_echo(line);
	} else if (!strncmp(line, "capture ", 8)) {
		start_capture(line);
	} else if (sscanf(line, "capture-stop %" SCNu32, &id) == 1) {
		capture__stop(id);
	} else if (sscanf(line, "close %" SCNu32, &id) == 1) {
		flow__close(id);
	} else if (sscanf(line, "drop %" SCNu32 " " NETNS_FORMAT, &id, netns) == 2) {
		flow__drop_netns(netns);
		report__line("{\"event\":\"dropped\",\"id\":%u}", id);
	} else if (sscanf(line, "window-open %" SCNu32, &id) == 1) {
		udp_window__open(id);
	} else if (sscanf(line, "window-close %" SCNu32, &id) == 1) {
		udp_window__close(id);
	} else {
		refuse(line);
	}
}

static void obey_whole_lines(void)
{
	char *line = commands, *end;

	while ((end = memchr(line, '\n', commands + commands_used - line))) {
		*end = 0;
		obey(line);
		line = end + 1;
	}
	commands_used -= line - commands;
	memmove(commands, line, commands_used);
}

static void read_commands(struct watch *watch, uint32_t events)
{
	(void)events;
	for (;;) {
		ssize_t count =
			read(watch->fd, commands + commands_used, sizeof(commands) - commands_used);

		if (count < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (count <= 0)
			exit(0);
		commands_used += count;
		obey_whole_lines();
	}
}

int main(void)
{
	struct rlimit files;

	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	loop__init();
	report__init();
	fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
	loop__watch(&input, STDIN_FILENO, read_commands);
	report__line("{\"event\":\"ready\"}");
	loop__run();
	return 0;
}
