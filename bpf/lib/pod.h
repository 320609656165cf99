/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Whether what was read in a pod's entry is about that pod: see struct berth_pod. Whoever acts on
 * an entry asks first, and drops the packet if not: it was judged by another pod's berths.
 */
#ifndef BERTH_POD_H
#define BERTH_POD_H

#include "maps.h"

/* To be asked after the entry was read. */
static __always_inline bool is_still_of(const struct berth_pod *pod, const union berth_ip *ip)
{
	barrier();
	return !__builtin_memcmp(&pod->ip, ip, sizeof(*ip));
}

#endif
