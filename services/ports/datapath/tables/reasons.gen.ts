/** Generated from bpf/lib/drop_reasons.h by bpf/gen/generate.ts; do not edit. */

export const REASONS = [
  {
    number: 0,
    name: 'NONE',
    kind: 'retired',
    meaning: 'never counted: zero means that there is no reason',
  },
  {
    number: 1,
    name: 'TRANSLATED',
    kind: 'done',
    meaning: 'left by a NAT address',
  },
  {
    number: 2,
    name: 'RETURNED',
    kind: 'done',
    meaning: 'came back to its pod',
  },
  {
    number: 3,
    name: 'STEERED',
    kind: 'done',
    meaning: 'sent on by a gateway to the node of its block',
  },
  {
    number: 4,
    name: 'ARP_ANSWERED',
    kind: 'done',
    meaning: 'a gateway answered ARP for a NAT address of its own',
  },
  {
    number: 5,
    name: 'NO_BERTH',
    kind: 'reject',
    meaning: 'protected destination, and the pod has no berth for it yet',
  },
  {
    number: 6,
    name: 'UNKNOWN_POD',
    kind: 'reject',
    meaning: 'protected destination, from a pod that the node does not know',
  },
  {
    number: 7,
    name: 'PORT_OUT_OF_RANGE',
    kind: 'reject',
    meaning: 'source port outside the narrow range of pods',
  },
  {
    number: 8,
    name: 'HAIRPIN',
    kind: 'reject',
    meaning: 'from a pod to a NAT address',
  },
  {
    number: 9,
    name: 'PROTOCOL',
    kind: 'reject',
    meaning: 'protected destination, by a protocol that has no ports',
  },
  {
    number: 10,
    name: 'ICMP_OUT',
    kind: 'drop',
    meaning: 'ICMP from a pod to a protected destination',
  },
  {
    number: 11,
    name: 'FRAGMENT_OUT',
    kind: 'drop',
    meaning: 'fragment from a pod to a protected destination',
  },
  {
    number: 12,
    name: 'IPV6_OUT',
    kind: 'drop',
    meaning: 'IPv6 from a pod to a protected destination',
  },
  {
    number: 13,
    name: 'NAT_SOURCE',
    kind: 'drop',
    meaning: 'left with a NAT address as source that was not put there',
  },
  {
    number: 14,
    name: 'SPOOFED',
    kind: 'drop',
    meaning: 'a pod sent with an address that is not its own',
  },
  {
    number: 15,
    name: 'FRAGMENT_IN',
    kind: 'drop',
    meaning: 'fragment to a NAT address',
  },
  {
    number: 16,
    name: 'ICMP_IN',
    kind: 'drop',
    meaning: 'ICMP to a NAT address',
  },
  {
    number: 17,
    name: 'PROTOCOL_IN',
    kind: 'drop',
    meaning: 'to a NAT address, by a protocol that has no ports',
  },
  {
    number: 18,
    name: 'NO_BLOCK_HERE',
    kind: 'drop',
    meaning: 'to a NAT address, and the block is of no pod of this node',
  },
  {
    number: 19,
    name: 'PORT_NOT_MAPPED',
    kind: 'drop',
    meaning: 'to a port of the block that no source port maps to',
  },
  {
    number: 20,
    name: 'BARE_SYN',
    kind: 'drop',
    meaning: 'a connection from outside to a NAT address',
  },
  {
    number: 21,
    name: 'NOT_IN_POLICY',
    kind: 'drop',
    meaning: 'to a NAT address, from a source that the pod may not reach',
  },
  {
    number: 22,
    name: 'NO_ROUTE',
    kind: 'drop',
    meaning: 'to a NAT address, and the gateway has no node for the block',
  },
  {
    number: 23,
    name: 'MALFORMED',
    kind: 'drop',
    meaning: 'cut off, or with impossible header lengths',
  },
  {
    number: 24,
    name: 'UNANSWERED',
    kind: 'note',
    meaning: 'of the rejected: those whose sender could not be told',
  },
  {
    number: 25,
    name: 'NO_CONFIG',
    kind: 'drop',
    meaning: 'the configuration of the node is not written yet',
  },
  {
    number: 26,
    name: 'CHANGED',
    kind: 'drop',
    meaning: 'the entry of the pod was replaced in the midst of the packet',
  },
  {
    number: 27,
    name: 'WOULD_REJECT',
    kind: 'done',
    meaning: 'passed, but would be rejected if it were not only observed',
  },
] as const;

export type ReasonName = (typeof REASONS)[number]['name'];
