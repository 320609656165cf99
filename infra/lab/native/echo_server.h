/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP and UDP echo on every address of a namespace, answers leaving from the address that was
 * asked. Reports each TCP connection, and each UDP flow once, as `peer`.
 */
#ifndef BERTH_LAB_ECHO_SERVER_H
#define BERTH_LAB_ECHO_SERVER_H

#include <stdint.h>

/* Reports `serving` or `serve-failed` under the number `id`. */
void echo_server__start(uint32_t id, const char *netns, uint16_t port);

#endif
