// SPDX-License-Identifier: Apache-2.0
/*
 * Visits to network namespaces. The calling thread alone moves, so whoever calls through an FFI
 * from one thread sees nothing of it.
 */
#define _GNU_SOURCE
#include "netns.h"
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "libberth.h"

#define HOME "/proc/thread-self/ns/net"

int netns_enter(struct netns_visit *visit, const char *path)
{
	int target, err = 0;

	visit->home = -1;
	if (!path)
		return 0;
	target = open(path, O_RDONLY | O_CLOEXEC);
	if (target < 0)
		return -errno;
	visit->home = open(HOME, O_RDONLY | O_CLOEXEC);
	if (visit->home < 0 || setns(target, CLONE_NEWNET))
		err = -errno;
	close(target);
	if (err && visit->home >= 0) {
		close(visit->home);
		visit->home = -1;
	}
	return err;
}

void netns_return(struct netns_visit *visit)
{
	if (visit->home < 0)
		return;
	/* Going on in a stranger's namespace would do harm there without a sign of it. */
	if (setns(visit->home, CLONE_NEWNET))
		abort();
	close(visit->home);
	visit->home = -1;
}

int berth_netns__socket(const char *netns, int family, int type, int protocol)
{
	struct netns_visit visit;
	int fd, err = netns_enter(&visit, netns);

	if (err)
		return err;
	fd = socket(family, type, protocol);
	if (fd < 0)
		fd = -errno;
	netns_return(&visit);
	return fd;
}

int berth_netns__ifindex(const char *netns, const char *name, uint32_t *ifindex)
{
	struct netns_visit visit;
	int err = netns_enter(&visit, netns);

	if (err)
		return err;
	*ifindex = if_nametoindex(name);
	if (*ifindex == 0)
		err = -errno;
	netns_return(&visit);
	return err;
}
