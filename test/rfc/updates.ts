/** RFC 7857 (updates of the above), 7422 (port blocks), 6056 (port choice). */
import {
  ARITHMETIC,
  blocks,
  FULL,
  flexible,
  fold,
  HAIRPIN,
  history,
  ICMP_LIMIT,
  ONE_PORT_FOR_ALL,
  PAIRED,
  packets,
  REFRESH,
  type Rfc,
  UNTOUCHED_BY_ERRORS,
} from './requirement.ts';

export const RFC_7857: Rfc = {
  rfc: 7857,
  title: 'updates',
  requirements: [
    {
      number: '§2',
      demand: 'TCP sessions are tracked',
      verdict: 'yes',
      reason: 'flexible ports: opening, established, each FIN, RST; direct ports need ' + 'none',
      proof: flexible(
        'a TCP connection from a bound port opens, works and closes',
        'a FIN or RST of another remote end changes nothing',
      ),
    },
    {
      number: '§2.1',
      demand: 'timers of their own for opening and closing',
      verdict: 'yes',
      reason: '240 s each; established 7440 s',
      proof: flexible(
        'TCP that opens: lives 240 s without an outbound packet, and no longer',
        'TCP: lives 7440 s without an outbound packet, and no longer',
      ),
    },
    {
      number: '§2.2',
      demand: 'a RST is translated, and its mapping kept for 4 minutes',
      verdict: 'yes',
      reason: 'any packet of the pod restores it meanwhile',
      proof: [
        ...flexible('after a RST any packet restores the connection; a RST alone has no slot'),
        ...packets('return > brings back to the pod > a RST of the target'),
      ],
    },
    {
      number: '§3',
      demand: 'one external port for several remote ends',
      verdict: 'yes',
      reason:
        "direct: the pod's kernel reuses a port per destination; flexible: the slot" + ' is shared',
      proof: [...ARITHMETIC, ...ONE_PORT_FOR_ALL],
    },
    {
      number: '§4',
      demand: 'paired pooling, updated',
      verdict: 'yes',
      reason: 'as RFC 4787, REQ-2',
      proof: PAIRED,
    },
    {
      number: '§5',
      demand: 'a mapping independent of the protocol is optional',
      verdict: 'yes',
      reason: 'direct ports are the same for TCP and UDP, flexible ones are not',
      proof: [
        ...ARITHMETIC,
        ...flexible('TCP, UDP and ICMP of one number have slots of their own'),
      ],
    },
    {
      number: '§6',
      demand: 'filtering independent of the protocol is off',
      verdict: 'yes',
      reason: 'port rules of a policy set name their protocol',
      proof: packets('egress > does not touch > a port of another protocol’s rule'),
    },
    {
      number: '§7',
      demand: 'no refresh by what is not allowed in, by ICMP errors, by RST',
      verdict: 'yes',
      reason: 'outbound packets alone refresh, and a repeated RST does not',
      proof: [
        ...REFRESH,
        ...UNTOUCHED_BY_ERRORS,
        ...flexible('after a RST any packet restores the connection; a RST alone has no slot'),
      ],
    },
    {
      number: '§8',
      demand: 'port parity',
      verdict: 'not applicable',
      reason: 'it drops the need',
      proof: 'absent',
    },
    {
      number: '§9',
      demand: 'ports are randomised',
      verdict: 'differs',
      reason: "the pod's kernel does, within D; the NAT adds nothing",
      proof: 'absent',
    },
    {
      number: '§10',
      demand: 'the IP-ID where many share an address',
      verdict: 'later issue',
      reason: "the pod's own stays",
      proof: 'absent',
    },
    {
      number: '§11',
      demand: 'a mapping of ICMP may end with its last session',
      verdict: 'not applicable',
      reason: 'idle time alone ends it',
      proof: ICMP_LIMIT,
    },
    {
      number: '§12',
      demand: 'hairpinned ICMP',
      verdict: 'differs',
      reason: 'refused, as RFC 4787, REQ-9',
      proof: HAIRPIN,
    },
  ],
};

export const RFC_7422: Rfc = {
  rfc: 7422,
  title: 'deterministic port blocks',
  requirements: [
    {
      number: 'a',
      demand: "a subscriber's ports follow from the configuration",
      verdict: 'differs',
      reason: 'a block is decided and recorded; within it all is arithmetic',
      proof: ARITHMETIC,
    },
    {
      number: 'b',
      demand: 'who had a port can be computed without a log',
      verdict: 'later issue',
      reason: 'the log of decisions holds the answer; the command is not built',
      proof: 'absent',
    },
    {
      number: 'c',
      demand: 'only changes and grants are logged, each with its time',
      verdict: 'yes',
      reason: "decisions, with the log's append time; the log is the state",
      proof: history('a replay gives the same bytes, whatever was delivered twice'),
    },
    {
      number: 'd',
      demand: 'a reserve for heavy users',
      verdict: 'later issue',
      reason: 'a pod has its own flexible ports, and no common reserve',
      proof: 'absent',
    },
    {
      number: 'e',
      demand: 'ports 0-1023 are left out',
      verdict: 'yes',
      reason: 'unless a pool says so',
      proof: blocks('63 of 1024 ports and 252 of 256 fit on 1024 to 65535'),
    },
    {
      number: 'f',
      demand: 'the order in which ports are given',
      verdict: 'yes',
      reason: 'the block that has rested longest comes first',
      proof: fold('blocks > the block that has rested longest is given first'),
    },
    {
      number: 'g',
      demand: 'a change of pool is a new epoch',
      verdict: 'yes',
      reason:
        'geometry and quarantine are part of the grant; an address that left its ' + 'pool drains',
      proof: fold(
        'addresses > an address that left its pool gives no new blocks; running pods keep theirs',
      ),
    },
  ],
};

export const RFC_6056: Rfc = {
  rfc: 6056,
  title: 'port randomisation',
  requirements: [
    {
      number: '§3.1',
      demand: 'no port that is in use',
      verdict: 'yes',
      reason: "direct: the pod's own kernel; flexible: the next free place",
      proof: flexible('flows of one home have the places after each other'),
    },
    {
      number: '§3.2',
      demand: 'the whole range is used',
      verdict: 'yes',
      reason: 'every direct port is mapped, and every flexible one can be filled',
      proof: [...ARITHMETIC, ...FULL],
    },
    {
      number: '§3.3',
      demand: 'the algorithm, measured',
      verdict: 'later issue',
      reason: "the pod's own kernel chooses, as without NAT; not measured",
      proof: 'absent',
    },
    {
      number: '§4',
      demand: 'a NAPT obfuscates the ports it picks',
      verdict: 'differs',
      reason: "base + i keeps the pod's own choice visible within its block",
      proof: ARITHMETIC,
    },
  ],
};
