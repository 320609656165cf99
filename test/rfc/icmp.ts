/** RFC 5508 (ICMP). */
import {
  errorsIn,
  FULL,
  flexible,
  HAIRPIN,
  ICMP_LIMIT,
  packets,
  pathMtu,
  pings,
  type Rfc,
  refusals,
} from './requirement.ts';

export const RFC_5508: Rfc = {
  rfc: 5508,
  title: 'NAT for ICMP',
  requirements: [
    {
      number: 'REQ-1',
      demand: 'queries and their answers pass',
      verdict: 'yes',
      reason: 'echo',
      proof: [
        ...flexible('an echo goes out by a flexible port as its id, and its answer comes back'),
        ...pings('two pods that ping one target with the same id each get their own answers'),
      ],
    },
    {
      number: 'REQ-1a',
      demand: 'the mapping of an id does not depend on the target',
      verdict: 'yes',
      reason: 'a flexible port is its id outside, for all of them',
      proof: flexible('an echo has the same id outside for every target'),
    },
    {
      number: 'REQ-2',
      demand: 'a query lives 60 s at least; that may be configurable',
      verdict: 'yes',
      reason: '60 s; a constant of the program',
      proof: ICMP_LIMIT,
    },
    {
      number: 'REQ-3',
      demand: 'an error with a wrong ICMP checksum is dropped',
      verdict: 'differs',
      reason: 'it stays wrong, and the pod drops it',
      proof: 'absent',
    },
    {
      number: 'REQ-3a',
      demand: 'one that quotes a damaged IP header is dropped',
      verdict: 'yes',
      reason: 'with reason ICMP_IN',
      proof: packets('ICMP errors > holds back > a quote whose header is damaged'),
    },
    {
      number: 'REQ-3b',
      demand: 'options of the quoted header are skipped',
      verdict: 'yes',
      reason: 'and stay',
      proof: errorsIn('parameter problem, IP options quoted'),
    },
    {
      number: 'REQ-3c',
      demand: 'the quoted transport checksum is never judged',
      verdict: 'yes',
      reason: 'often it is not even quoted',
      proof: errorsIn('fragmentation needed, about TCP, 8 byte…'),
    },
    {
      number: 'REQ-3d',
      demand: 'extensions (RFC 4884) take no part in the checks',
      verdict: 'yes',
      reason: 'nothing behind the quoted transport header is read',
      proof: 'absent',
    },
    {
      number: 'REQ-4',
      demand: 'an error from outside reaches the pod that it is about',
      verdict: 'yes',
      reason:
        'type, code and the rest stay; quoted header, ports or id, and checksums as ' +
        'the pod knows them',
      proof: [
        ...errorsIn('port unreachable, about UDP', 'time exceeded'),
        ...flexible(
          'an ICMP error about an echo finds it, in both directions, and changes nothing',
        ),
        ...pathMtu('a pod hears > that nobody listens on a UDP port'),
      ],
    },
    {
      number: 'REQ-5',
      demand: 'an error of the pod leaves by its NAT address',
      verdict: 'yes',
      reason: 'only about what that pod received, to who sent it',
      proof: packets(
        'ICMP errors > takes an error of a pod out by its berth > port unreachable',
        'ICMP errors > holds back > from a pod, about what another received',
      ),
    },
    {
      number: 'REQ-6',
      demand: 'errors about queries neither refresh nor end them',
      verdict: 'yes',
      reason: 'they only read',
      proof: flexible(
        'an ICMP error about an echo finds it, in both directions, and changes nothing',
      ),
    },
    {
      number: 'REQ-7',
      demand: 'hairpinned errors',
      verdict: 'differs',
      reason: 'refused, as all that goes to a NAT address',
      proof: HAIRPIN,
    },
    {
      number: 'REQ-8',
      demand: 'no session possible: dropped, and type 3 code 13',
      verdict: 'yes',
      reason:
        'TCP gets a RST instead. ICMP of a pod without a berth, and fragments, are ' +
        'dropped in silence',
      proof: [
        ...packets(
          'egress > answers with ICMP prohibited > a datagram',
          'egress > answers with ICMP prohibited > a protocol without ports',
          'egress > answers with RST > a SYN of a selected pod without a berth',
        ),
        ...FULL,
        ...refusals('with an MTU of 1500 > a pod that the node does not know is refused at once'),
      ],
    },
    {
      number: 'REQ-9',
      demand: 'policy may suppress generated ICMP',
      verdict: 'differs',
      reason: 'it cannot be switched off',
      proof: 'absent',
    },
    {
      number: 'REQ-10',
      demand: 'the types that must be handled',
      verdict: 'yes',
      reason:
        '3, 11, 12 and echo; redirects, source quench and all else are dropped with' + ' a reason',
      proof: [
        ...packets(
          'ICMP errors > holds back > a redirect',
          'ICMP errors > holds back > a source quench',
        ),
        ...errorsIn('time exceeded'),
        ...pathMtu('a pod hears > that a packet ran out of hops, as traceroute must'),
      ],
    },
    {
      number: 'REQ-11',
      demand: 'other ICMP may be dropped or passed',
      verdict: 'yes',
      reason: 'dropped with a reason towards protected destinations, else untouched',
      proof: packets(
        'egress > drops with a reason > ICMP of a selected pod without a berth',
        'egress > does not touch > ICMP of a pod that is not selected',
      ),
    },
  ],
};
