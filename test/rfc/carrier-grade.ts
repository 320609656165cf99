/** RFC 6888 (carrier-grade NAT). */
import {
  blocks,
  FILTER,
  FULL,
  fold,
  metrics,
  PAIRED,
  packets,
  pods,
  policies,
  type Rfc,
  status,
} from './requirement.ts';

export const RFC_6888: Rfc = {
  rfc: 6888,
  title: 'carrier-grade NAT (a pod is a subscriber)',
  requirements: [
    {
      number: 'REQ-1',
      demand: 'obey the documents for each protocol',
      verdict: 'differs',
      reason: 'where the rows above say so',
      proof: 'absent',
    },
    {
      number: 'REQ-2',
      demand: 'paired pooling',
      verdict: 'yes',
      reason: 'as RFC 4787, REQ-2',
      proof: PAIRED,
    },
    {
      number: 'REQ-3',
      demand: 'no limit on size or contiguity of pools',
      verdict: 'differs',
      reason: 'any CIDRs, but 256 addresses in a pool and 256 known to a node',
      proof: 'absent',
    },
    {
      number: 'REQ-4',
      demand: 'ports per subscriber are limited, configurably',
      verdict: 'yes',
      reason: '`perPod`, a power of two from 64 to 16384; a quarter of them flexible',
      proof: [...blocks('have a size that is a power of two from 64 to 16384'), ...FULL],
    },
    {
      number: 'REQ-5',
      demand: 'state per subscriber is limited',
      verdict: 'yes',
      reason: 'one entry and its blocks; one word for each flexible port',
      proof: FULL,
    },
    {
      number: 'REQ-6',
      demand: 'NAT can be off per destination',
      verdict: 'yes',
      reason: 'only protected destinations are translated; `except` cuts holes',
      proof: [
        ...policies('make a hole of an exception, and fill it where another destination covers it'),
        ...packets('egress > does not touch > an exception'),
      ],
    },
    {
      number: 'REQ-7',
      demand: 'endpoint-independent filtering, unless an application needs other',
      verdict: 'differs',
      reason: 'stricter, as RFC 4787, REQ-8',
      proof: FILTER,
    },
    {
      number: 'REQ-8',
      demand: "a freed port is no other subscriber's for 120 s",
      verdict: 'yes',
      reason: "`quarantineSeconds`, default 120, and the old node's ack",
      proof: fold(
        'blocks > a freed block rests until its Tick and its node’s ack, then is the last in line',
      ),
    },
    {
      number: 'REQ-9',
      demand: 'a protocol for subscribers to control it (PCP)',
      verdict: 'not applicable',
      reason: 'pods are told their range when they start, and open nothing inwards',
      proof: 'absent',
    },
    {
      number: 'REQ-10',
      demand: 'manageable',
      verdict: 'yes',
      reason: 'status socket, metrics of every process, a counter for each reason',
      proof: metrics(
        'berth up > exposes every metric of its table, and none beside it',
        'an agent > exposes every metric of its table, and none beside it',
      ),
    },
    {
      number: 'REQ-11A',
      demand: 'no resources: the packet is dropped',
      verdict: 'yes',
      reason:
        'without a block, and without a free flexible port. Out of direct ports, a ' +
        'pod gets EADDRNOTAVAIL from its own kernel',
      proof: [
        ...pods('a pod > that cannot get a block is refused and reported; the others talk on'),
        ...FULL,
      ],
    },
    {
      number: 'REQ-11B',
      demand: 'and the sender is told by ICMP',
      verdict: 'yes',
      reason: 'as RFC 5508, REQ-8',
      proof: [...packets('egress > answers with ICMP prohibited > a datagram'), ...FULL],
    },
    {
      number: 'REQ-11C',
      demand: 'and an alert is raised',
      verdict: 'yes',
      reason: 'condition `Exhausted`, its metric, a counter for full flexible ports',
      proof: [...status('reports pods that cannot get a block as Exhausted, by name'), ...FULL],
    },
    {
      number: 'REQ-11D',
      demand: 'and no live mapping is ended',
      verdict: 'yes',
      reason: 'who comes too late waits; of flexible ports only closed ones are taken ' + 'early',
      proof: [
        ...fold('addresses > an exhausted pod leaves the others of its namespace untouched'),
        ...FULL,
      ],
    },
    {
      number: 'REQ-12',
      demand: 'no destinations in logs',
      verdict: 'yes',
      reason: 'the log knows blocks, not flows',
      proof: 'absent',
    },
    {
      number: 'REQ-13',
      demand: 'ports are used well',
      verdict: 'yes',
      reason:
        'all of a block: three quarters direct, one flexible, closed ones first ' +
        'when it is full',
      proof: [...FULL, ...blocks('give a pod three quarters of their ports as its narrow range')],
    },
    {
      number: 'REQ-14',
      demand: 'logs are small',
      verdict: 'yes',
      reason: 'one decision when a block is given, and one when it is freed',
      proof: PAIRED,
    },
    {
      number: 'REQ-15',
      demand: 'ports are hard to guess',
      verdict: 'differs',
      reason:
        "the pod's kernel picks among D ports: log2(D) bits, 9.6 for D = 768; a " +
        "flexible port follows from the pod's own",
      proof: 'absent',
    },
  ],
};
