/** RFC 4787 (UDP) and RFC 5382 (TCP). */
import {
  ARITHMETIC,
  blocks,
  errorsIn,
  FILTER,
  flexible,
  HAIRPIN,
  ONE_OWNER,
  ONE_PORT_FOR_ALL,
  PAIRED,
  packets,
  pathMtu,
  REFRESH,
  type Rfc,
  UDP_LIMIT,
  UNTOUCHED_BY_ERRORS,
} from './requirement.ts';

export const RFC_4787: Rfc = {
  rfc: 4787,
  title: 'NAT for UDP',
  requirements: [
    {
      number: 'REQ-1',
      demand: 'endpoint-independent mapping',
      verdict: 'yes',
      reason:
        'per berth: port L+i leaves as base+i, any other by one flexible port, ' +
        "whatever the destination; which berth is the destination's choice",
      proof: [...ARITHMETIC, ...ONE_PORT_FOR_ALL],
    },
    {
      number: 'REQ-2',
      demand: 'pooling "paired"',
      verdict: 'yes',
      reason: 'per EgressNat: a pod has one block on one address for each',
      proof: PAIRED,
    },
    {
      number: 'REQ-3',
      demand: 'no port overloading',
      verdict: 'yes',
      reason: "a block is one pod's alone, and rests between two",
      proof: ONE_OWNER,
    },
    {
      number: 'REQ-3a',
      demand: 'keep the class of ports (0-1023, the rest)',
      verdict: 'differs',
      reason:
        "blocks begin at 1024 or above unless a pool says `from` below it; a pod's " +
        'own port below 1024 leaves by one above',
      proof: blocks('63 of 1024 ports and 252 of 256 fit on 1024 to 65535'),
    },
    {
      number: 'REQ-4',
      demand: 'keep port parity',
      verdict: 'not applicable',
      reason: 'RFC 7857, 8 drops the need',
      proof: 'absent',
    },
    {
      number: 'REQ-5',
      demand: 'a UDP mapping lives 2 minutes at least',
      verdict: 'yes',
      reason: 'direct ports: as long as the berth; flexible ones: 300 s',
      proof: UDP_LIMIT,
    },
    {
      number: 'REQ-5a',
      demand: 'well-known ports may have shorter timers',
      verdict: 'not applicable',
      reason: 'none has',
      proof: 'absent',
    },
    {
      number: 'REQ-5b',
      demand: 'the timer may be configurable',
      verdict: 'differs',
      reason: 'it is a constant of the program',
      proof: 'absent',
    },
    {
      number: 'REQ-5c',
      demand: '5 minutes or more by default',
      verdict: 'yes',
      reason: '300 s',
      proof: UDP_LIMIT,
    },
    {
      number: 'REQ-6',
      demand: 'outbound packets refresh',
      verdict: 'yes',
      reason: 'flexible ports; a direct port needs none',
      proof: REFRESH,
    },
    {
      number: 'REQ-6a',
      demand: 'inbound packets may refresh',
      verdict: 'yes',
      reason: 'they do not, so that no outsider keeps a mapping alive',
      proof: REFRESH,
    },
    {
      number: 'REQ-7',
      demand: 'overlapping inner and outer addresses work',
      verdict: 'later issue',
      reason: 'not built, not tried',
      proof: 'absent',
    },
    {
      number: 'REQ-8',
      demand: 'filtering: endpoint-independent, or address-dependent where safety counts',
      verdict: 'differs',
      reason:
        'by policy: what comes to a mapped port passes if its source, address and ' +
        'port, is covered by the policy set, and it opens no TCP connection; past ' +
        'traffic plays no part',
      proof: FILTER,
    },
    {
      number: 'REQ-9',
      demand: 'hairpinning',
      verdict: 'differs',
      reason: 'refused with reason HAIRPIN: a pod reaches no NAT address',
      proof: HAIRPIN,
    },
    {
      number: 'REQ-9a',
      demand: 'hairpinned packets have the external source',
      verdict: 'differs',
      reason: 'there are none',
      proof: HAIRPIN,
    },
    {
      number: 'REQ-10',
      demand: 'ALGs are off',
      verdict: 'yes',
      reason: 'there are none',
      proof: 'absent',
    },
    {
      number: 'REQ-11',
      demand: 'deterministic, under load too',
      verdict: 'yes',
      reason:
        "direct ports are arithmetic; a flexible port depends on its pod's other " +
        'flows alone, and never changes while it lives',
      proof: [...ARITHMETIC, ...flexible('a place behind a hole is found')],
    },
    {
      number: 'REQ-12',
      demand: 'ICMP ends no mapping',
      verdict: 'yes',
      reason: 'an error only reads',
      proof: UNTOUCHED_BY_ERRORS,
    },
    {
      number: 'REQ-12a',
      demand: 'errors are not filtered by their source',
      verdict: 'yes',
      reason: "any router's",
      proof: errorsIn('time exceeded'),
    },
    {
      number: 'REQ-12b',
      demand: 'Destination Unreachable passes',
      verdict: 'yes',
      reason: 'about TCP, UDP and echo',
      proof: errorsIn('port unreachable, about UDP'),
    },
    {
      number: 'REQ-13',
      demand: 'too big with DF: the sender is told, in its own addresses',
      verdict: 'yes',
      reason: "the router's error comes back to the pod; path MTU discovery works",
      proof: pathMtu('a pod hears > that its packets are too big, and sends smaller ones'),
    },
    {
      number: 'REQ-13a',
      demand: 'too big without DF: fragmented, in order',
      verdict: 'later issue',
      reason: 'fragments to protected destinations are dropped with a reason',
      proof: packets('egress > drops with a reason > a first fragment'),
    },
    {
      number: 'REQ-14',
      demand: 'fragments pass, in any order',
      verdict: 'later issue',
      reason: 'dropped with a reason, both ways',
      proof: packets(
        'return > drops with a reason > a first fragment',
        'egress > drops with a reason > a later fragment',
      ),
    },
    {
      number: 'REQ-14a',
      demand: 'a flood of fragments takes bounded memory',
      verdict: 'yes',
      reason: 'it takes none',
      proof: packets('return > drops with a reason > a later fragment'),
    },
  ],
};

export const RFC_5382: Rfc = {
  rfc: 5382,
  title: 'NAT for TCP',
  requirements: [
    {
      number: 'REQ-1',
      demand: 'endpoint-independent mapping',
      verdict: 'yes',
      reason: 'as RFC 4787',
      proof: [...ARITHMETIC, ...ONE_PORT_FOR_ALL],
    },
    {
      number: 'REQ-2',
      demand: 'all valid sequences of TCP',
      verdict: 'yes',
      reason:
        "direct ports are not tracked; a flexible port's connection opens, works, " +
        'closes, begins anew',
      proof: [
        ...packets(
          'return > a TCP connection > the pod connects',
          'return > a TCP connection > the target accepts',
          'return > brings back to the pod > a RST of the target',
        ),
        ...flexible('a TCP connection from a bound port opens, works and closes'),
      ],
    },
    {
      number: 'REQ-2a',
      demand: 'simultaneous open',
      verdict: 'differs',
      reason: 'it needs a SYN from outside, which is dropped',
      proof: packets('return > drops with a reason > a connection from outside'),
    },
    {
      number: 'REQ-3',
      demand: 'filtering',
      verdict: 'differs',
      reason: 'as RFC 4787, REQ-8',
      proof: FILTER,
    },
    {
      number: 'REQ-4',
      demand: 'no answer to an unsolicited SYN for 6 s',
      verdict: 'yes',
      reason: 'it is dropped, and never answered',
      proof: packets('return > drops with a reason > a connection from outside'),
    },
    {
      number: 'REQ-5',
      demand: 'an established connection lives 2 h 4 min idle, a transitory one 4 min',
      verdict: 'yes',
      reason:
        'direct ports: as long as the berth; flexible ones: 7440 s, and 240 s while' +
        ' opening or closing',
      proof: flexible(
        'TCP: lives 7440 s without an outbound packet, and no longer',
        'TCP that opens: lives 240 s without an outbound packet, and no longer',
      ),
    },
    {
      number: 'REQ-6',
      demand: 'ALGs are off',
      verdict: 'yes',
      reason: 'there are none',
      proof: 'absent',
    },
    {
      number: 'REQ-7',
      demand: 'no port overloading',
      verdict: 'yes',
      reason: 'as RFC 4787, REQ-3',
      proof: ONE_OWNER,
    },
    {
      number: 'REQ-8',
      demand: 'hairpinning',
      verdict: 'differs',
      reason: 'as RFC 4787, REQ-9',
      proof: HAIRPIN,
    },
    {
      number: 'REQ-9',
      demand: 'ICMP type 3 is translated',
      verdict: 'yes',
      reason: 'about TCP too, its checksum quoted or not',
      proof: errorsIn(
        'fragmentation needed, about TCP, 8 byte…',
        'fragmentation needed, the TCP checksum …',
      ),
    },
    {
      number: 'REQ-10',
      demand: 'ICMP ends no connection and no mapping',
      verdict: 'yes',
      reason: 'an error only reads',
      proof: UNTOUCHED_BY_ERRORS,
    },
  ],
};
