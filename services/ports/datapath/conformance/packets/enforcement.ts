/** What is only observed is counted and passes; what is enforced beside it is not. */

import { icmp, ipv6, tcp, UDP, udp } from '../../../../../test/packets/frames.ts';
import type { Fixture } from './fixture.ts';
import { fixtureSuite, type PacketSuiteInit } from './suite.ts';
import {
  BARE_POD,
  BASE,
  ELSEWHERE,
  EVERY_TARGET,
  FREE_POD,
  L,
  MIXED,
  NAT,
  OBSERVED,
  PENDING_POD,
  POD,
  SOME_OBSERVED,
  UNKNOWN_POD,
} from './world.ts';

const BACK = { source: '02:00:00:00:00:0b', destination: '02:00:00:00:00:0a' };
const STRANGER = '172.30.0.9';
const PAYLOAD = Uint8Array.of(1, 2, 3, 4);

const syn = (from: string, to: string) => tcp({ from: `${from}:${L}`, to, flags: 'S' });
const datagram = (from: string, to: string) => udp({ from: `${from}:${L}`, to, payload: PAYLOAD });
const ping = (from: string, to: string) => icmp({ from, to, type: 8, code: 0, payload: PAYLOAD });
const reports = (
  name: string,
  frame: Uint8Array,
  program: Fixture['program'] = 'egress',
): Fixture => ({ name, program, frame, verdict: 'next', counts: 'WOULD_REJECT' });
const passes = (name: string, frame: Uint8Array, program: Fixture['program'] = 'egress') => {
  return { name, program, frame, verdict: 'next' } as const;
};
const resets = (name: string, from: string, to: string): Fixture => ({
  name,
  program: 'egress',
  frame: syn(from, to),
  verdict: 'answer',
  becomes: tcp({
    from: to,
    to: `${from}:${L}`,
    flags: 'RA',
    seq: 0,
    ack: 1001,
    window: 0,
    macs: BACK,
  }),
  counts: 'NO_BERTH',
});
const drops = (name: string, frame: Uint8Array, counts: NonNullable<Fixture['counts']>) => {
  return { name, program: 'pod', frame, verdict: 'drop', counts } as const;
};

export function enforcementPackets(init: PacketSuiteInit): void {
  fixtureSuite(init, {
    'reports and passes': [
      reports('a pod whose address is not admitted', syn(PENDING_POD, `${OBSERVED}:1`)),
      reports('a selected pod without a berth', datagram(BARE_POD, `${OBSERVED}:1`)),
      reports('ICMP of a selected pod without a berth', ping(BARE_POD, OBSERVED)),
      reports('a pod that is not known', syn(UNKNOWN_POD, `${OBSERVED}:1`)),
      reports('a pod that no EgressNat selects', syn(FREE_POD, `${OBSERVED}:1`)),
      reports('ports beside the enforced one', syn(BARE_POD, `${MIXED}:5433`)),
      reports('the enforced port of another protocol', datagram(BARE_POD, `${MIXED}:5432`)),
      reports('a port that only an observed rule names', syn(BARE_POD, `${SOME_OBSERVED}:5433`)),
      reports('UDP by an observed rule', datagram(BARE_POD, `${SOME_OBSERVED}:53`)),
      reports('a stranger’s source at the veth', syn(STRANGER, `${OBSERVED}:1`), 'pod'),
    ],
    'translates by the berth all the same': [
      {
        name: 'an observed destination',
        program: 'egress',
        frame: syn(POD, `${OBSERVED}:1`),
        becomes: tcp({ from: `${NAT}:${BASE}`, to: `${OBSERVED}:1`, flags: 'S' }),
        verdict: 'next',
        counts: 'TRANSLATED',
      },
      {
        name: 'and its answer',
        program: 'return',
        frame: tcp({ from: `${OBSERVED}:1`, to: `${NAT}:${BASE}`, flags: 'SA' }),
        becomes: tcp({ from: `${OBSERVED}:1`, to: `${POD}:${L}`, flags: 'SA' }),
        verdict: 'next',
        counts: 'RETURNED',
      },
    ],
    'rejects what is enforced': [
      resets('one port amid observed ones', BARE_POD, `${MIXED}:5432`),
      resets('a port that both kinds of rule name', BARE_POD, `${SOME_OBSERVED}:5432`),
      resets('every pod', FREE_POD, `${EVERY_TARGET}:1`),
      {
        name: 'what cannot be told apart from it',
        program: 'egress',
        frame: ping(BARE_POD, MIXED),
        verdict: 'drop',
        counts: 'ICMP_OUT',
      },
      drops('a stranger’s source at the veth', syn(STRANGER, `${MIXED}:5432`), 'SPOOFED'),
      drops('a stranger’s source, to what no pod reaches', syn(STRANGER, EVERY_TARGET), 'SPOOFED'),
    ],
    'does not touch': [
      passes('a port that no rule names', syn(BARE_POD, `${SOME_OBSERVED}:80`)),
      passes('what is for pods that no EgressNat selects', syn(BARE_POD, `${EVERY_TARGET}:1`)),
      passes('what no guard names', syn(FREE_POD, `${ELSEWHERE}:1`)),
      passes('a pod’s source at another’s veth: the uplink counts', syn(FREE_POD, OBSERVED), 'pod'),
      passes('IPv6 elsewhere', ipv6('2001:db8:9::1', '2001:db8:2::1', UDP, PAYLOAD), 'pod'),
    ],
  });
}
