/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Everything that Berth counts: what it drops, what it rejects (drops and tells the sender), what
 * it does, and notes that count a packet a second time. The one list: TypeScript names, metric
 * labels and docs are generated from it.
 *
 * A number is never used twice: a reason that is no longer raised keeps its line, with the class
 * `retired`. BERTH_REASONS_ENTRIES bounds them.
 */
#ifndef BERTH_DROP_REASONS_H
#define BERTH_DROP_REASONS_H

/* X(number, NAME, class, "meaning") */
#define BERTH_REASONS(X)                                                                           \
	X(0, NONE, retired, "never counted: zero means that there is no reason")                   \
	X(1, TRANSLATED, done, "left by a NAT address")                                            \
	X(2, RETURNED, done, "came back to its pod")                                               \
	X(3, STEERED, done, "sent on by a gateway to the node of its block")                       \
	X(4, ARP_ANSWERED, done, "a gateway answered ARP for a NAT address of its own")            \
	X(5, NO_BERTH, reject, "protected destination, and the pod has no berth for it yet")       \
	X(6, UNKNOWN_POD, reject, "protected destination, from a pod that the node does not know") \
	X(7, PORT_OUT_OF_RANGE, reject, "source port out of range, and no flexible port")          \
	X(8, HAIRPIN, reject, "from a pod to a NAT address")                                       \
	X(9, PROTOCOL, reject, "protected destination, by a protocol that has no ports")           \
	X(10, ICMP_OUT, drop, "ICMP from a pod to a protected destination")                        \
	X(11, FRAGMENT_OUT, drop, "fragment from a pod to a protected destination")                \
	X(12, IPV6_OUT, drop, "IPv6 from a pod to a protected destination")                        \
	X(13, NAT_SOURCE, drop, "left with a NAT address as source that was not put there")        \
	X(14, SPOOFED, drop, "a pod sent with an address that is not its own")                     \
	X(15, FRAGMENT_IN, drop, "fragment to a NAT address")                                      \
	X(16, ICMP_IN, drop, "ICMP to a NAT address")                                              \
	X(17, PROTOCOL_IN, drop, "to a NAT address, by a protocol that has no ports")              \
	X(18, NO_BLOCK_HERE, drop, "to a NAT address, and the block is of no pod of this node")    \
	X(19, PORT_NOT_MAPPED, drop, "to a port of the block that no source port maps to")         \
	X(20, BARE_SYN, drop, "a connection from outside to a NAT address")                        \
	X(21, NOT_IN_POLICY, drop, "to a NAT address, from a source that the pod may not reach")   \
	X(22, NO_ROUTE, drop, "to a NAT address, and the gateway has no node for the block")       \
	X(23, MALFORMED, drop, "cut off, or with impossible header lengths")                       \
	X(24, UNANSWERED, note, "of the rejected: those whose sender could not be told")           \
	X(25, NO_CONFIG, drop, "the configuration of the node is not written yet")                 \
	X(26, CHANGED, drop, "the entry of the pod was replaced in the midst of the packet")       \
	X(27, WOULD_REJECT, done, "passed, but would be rejected if it were not only observed")    \
	X(28, FLEXIBLE_FULL, reject, "every flexible port that the flow could have is in use")

#define BERTH_REASON_ENUM(number, name, kind, meaning) BERTH_REASON_##name = number,
enum berth_reason { BERTH_REASONS(BERTH_REASON_ENUM) };

#endif
