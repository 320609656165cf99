/* SPDX-License-Identifier: Apache-2.0 */
/* Counts of datagrams by when they were sent; see udp_probe.h, which feeds it. */
#ifndef BERTH_LAB_UDP_WINDOW_H
#define BERTH_LAB_UDP_WINDOW_H

#include <stdint.h>

/* An echo that takes longer is a loss. */
#define UDP_FATE_US 1000000LL

enum udp_fate { UDP_ECHOED, UDP_LOST, UDP_REJECTED, UDP_FATES };

/* Of one datagram; each has one fate, but a rejected one is lost later too. */
void udp_window__count(int64_t sent_us, enum udp_fate fate);

#endif
