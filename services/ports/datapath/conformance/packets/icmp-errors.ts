/**
 * ICMP errors through the NAT, both ways: the same error, about the same packet as each side of
 * the NAT knows it. Expected frames are built from what they mean, so every checksum is checked.
 */

import {
  ETHERNET_BYTES,
  type IcmpParts,
  icmp,
  quoted,
  tcp,
  udp,
} from '../../../../../test/packets/frames.ts';
import type { Fixture } from './fixture.ts';
import { fixtureSuite, type PacketSuiteInit } from './suite.ts';
import {
  BASE,
  BASE_2,
  DIRECT,
  ELSEWHERE,
  L,
  NAT,
  NAT_2,
  NODE_MAC,
  OBSERVED,
  OWN_MAC,
  POD,
  PORTS_TARGET,
  REMOTE_BASE,
  TARGET,
  UNKNOWN_POD,
} from './world.ts';

const DB = `${TARGET}:5432`;
const ROUTER = '192.168.9.1';
const PAYLOAD = Uint8Array.from({ length: 57 }, (_, i) => i * 5);
const OPTIONS = Uint8Array.of(1, 1, 1, 0);
const TO_US = { source: '02:00:00:00:00:33', destination: OWN_MAC };
const TO_NODE = { source: OWN_MAC, destination: NODE_MAC };

const UNREACHABLE = { type: 3, code: 3 };
const TOO_BIG = { type: 3, code: 4, mtu: 1400 };
const EXPIRED = { type: 11, code: 0 };
const BAD_PARAMETER = { type: 12, code: 0 };
type Kind = Pick<IcmpParts, 'type' | 'code' | 'mtu'>;

const whole = (frame: Uint8Array): Uint8Array => frame.slice(ETHERNET_BYTES);
const segment = (from: string, to: string) =>
  tcp({ from, to, flags: 'PA', ack: 10, payload: PAYLOAD });
const datagram = (from: string, to: string) => udp({ from, to, payload: PAYLOAD });

const error = (from: string, to: string, kind: Kind, payload: Uint8Array): Uint8Array =>
  icmp({ from, to, ...kind, payload });

/** From outside, about what the pod sent. */
const comesIn = (
  name: string,
  kind: Kind,
  quote: (from: string) => Uint8Array,
  [nat, pod]: readonly [string, string] = [`${NAT}:${BASE + 5}`, `${POD}:${L + 5}`],
  from = ROUTER,
): Fixture => ({
  name,
  program: 'return',
  frame: error(from, ipOf(nat), kind, quote(nat)),
  becomes: error(from, ipOf(pod), kind, quote(pod)),
  verdict: 'next',
  counts: 'RETURNED',
});

/** From the pod, about what it received. */
const goesOut = (name: string, kind: Kind, quote: (to: string) => Uint8Array): Fixture => ({
  name,
  program: 'egress',
  frame: error(POD, TARGET, kind, quote(`${POD}:${L + 5}`)),
  becomes: error(NAT, TARGET, kind, quote(`${NAT}:${BASE + 5}`)),
  verdict: 'next',
  counts: 'TRANSLATED',
});

const drops = (
  program: 'egress' | 'return' | 'steer',
  name: string,
  frame: Uint8Array,
  counts: NonNullable<Fixture['counts']>,
): Fixture => ({ name, program, frame, verdict: 'drop', counts });

function ipOf(end: string): string {
  return end.slice(0, end.indexOf(':'));
}

/** The quoted header's checksum is wrong; the error's own is right. */
function withBadQuote(payload: Uint8Array): Uint8Array {
  const bad = payload.slice();
  bad[10] = (bad[10] ?? 0) ^ 0x01;
  return bad;
}

const IN: readonly Fixture[] = [
  comesIn('port unreachable, about UDP', UNREACHABLE, (from) => quoted(datagram(from, DB))),
  comesIn('the whole datagram quoted', UNREACHABLE, (from) => whole(datagram(from, DB))),
  comesIn('about UDP without a checksum', UNREACHABLE, (from) =>
    whole(udp({ from, to: DB, payload: PAYLOAD, checksum: false })),
  ),
  comesIn('fragmentation needed, about TCP, 8 bytes quoted', TOO_BIG, (from) =>
    quoted(segment(from, DB)),
  ),
  comesIn('fragmentation needed, the TCP checksum quoted too', TOO_BIG, (from) =>
    whole(segment(from, DB)),
  ),
  comesIn('time exceeded', EXPIRED, (from) => quoted(datagram(from, DB))),
  comesIn('parameter problem, IP options quoted', BAD_PARAMETER, (from) =>
    quoted(udp({ from, to: DB, options: OPTIONS, payload: PAYLOAD })),
  ),
  comesIn(
    'from the target itself',
    UNREACHABLE,
    (from) => quoted(datagram(from, DB)),
    undefined,
    TARGET,
  ),
  comesIn('about a first fragment', EXPIRED, (from) =>
    quoted(udp({ from, to: DB, payload: PAYLOAD, fragment: 0x2000 })),
  ),
  comesIn(
    'about what went by the second berth',
    UNREACHABLE,
    (from) => quoted(segment(from, `${PORTS_TARGET}:5433`)),
    [`${NAT_2}:${BASE_2 + 7}`, `${POD}:${L + 7}`],
  ),
];

const OUT: readonly Fixture[] = [
  goesOut('port unreachable', UNREACHABLE, (to) => quoted(datagram(DB, to))),
  goesOut('fragmentation needed', TOO_BIG, (to) => whole(segment(DB, to))),
];

const about = (from: string, to = DB): Uint8Array => quoted(datagram(from, to));
const toNat = (payload: Uint8Array, kind: Kind = UNREACHABLE) => error(ROUTER, NAT, kind, payload);
const mine = `${NAT}:${BASE + 5}`;
const REFUSED: readonly Fixture[] = [
  drops('return', 'a redirect', toNat(about(mine), { type: 5, code: 1 }), 'ICMP_IN'),
  drops('return', 'a source quench', toNat(about(mine), { type: 4, code: 0 }), 'ICMP_IN'),
  drops('return', 'a quote of another sender', toNat(about(`${NAT_2}:${BASE + 5}`)), 'ICMP_IN'),
  drops('return', 'a quote whose header is damaged', toNat(withBadQuote(about(mine))), 'ICMP_IN'),
  drops('return', 'a quote that is cut off', toNat(about(mine).slice(0, 27)), 'ICMP_IN'),
  drops(
    'return',
    'a quote of a later fragment',
    toNat(quoted(udp({ from: mine, to: DB, payload: PAYLOAD, fragment: 0x0007 }))),
    'ICMP_IN',
  ),
  drops(
    'return',
    'about what no pod could send',
    toNat(about(mine, `${ELSEWHERE}:1`)),
    'NOT_IN_POLICY',
  ),
  drops('return', 'about a block that nobody has', toNat(about(`${NAT}:9000`)), 'NO_BLOCK_HERE'),
  drops(
    'return',
    'about a port after the direct ones',
    toNat(about(`${NAT}:${BASE + DIRECT}`)),
    'PORT_NOT_MAPPED',
  ),
  drops(
    'egress',
    'from a pod, about what another received',
    error(POD, TARGET, UNREACHABLE, about(DB, `${UNKNOWN_POD}:${L}`)),
    'ICMP_OUT',
  ),
  drops(
    'egress',
    'from a pod to somebody who did not send that',
    error(POD, TARGET, UNREACHABLE, about(`${PORTS_TARGET}:53`, `${POD}:${L}`)),
    'ICMP_OUT',
  ),
  drops(
    'egress',
    'from a pod, about a port that it has no berth for',
    error(POD, TARGET, UNREACHABLE, about(DB, `${POD}:1000`)),
    'ICMP_OUT',
  ),
];

const remote = `${NAT}:${REMOTE_BASE + 5}`;
const steered = (macs: typeof TO_US) =>
  icmp({ from: ROUTER, to: NAT, ...TOO_BIG, payload: about(remote), macs });
const STEERED: readonly Fixture[] = [
  {
    name: 'to the node of the block that sent what is quoted',
    program: 'steer',
    frame: steered(TO_US),
    becomes: steered(TO_NODE),
    verdict: 'send',
    counts: 'STEERED',
  },
  drops(
    'steer',
    'nowhere, if it quotes another sender',
    icmp({
      from: ROUTER,
      to: NAT,
      ...TOO_BIG,
      payload: about(`${NAT_2}:${REMOTE_BASE}`),
      macs: TO_US,
    }),
    'ICMP_IN',
  ),
];

const UNTOUCHED: readonly Fixture[] = [
  {
    name: 'an error to what nothing protects',
    program: 'egress',
    frame: error(POD, ELSEWHERE, UNREACHABLE, about(`${ELSEWHERE}:53`, `${POD}:${L}`)),
    verdict: 'next',
  },
  {
    name: 'an error to what is only observed, from a pod without a berth for its port',
    program: 'egress',
    frame: error(POD, OBSERVED, UNREACHABLE, about(`${OBSERVED}:53`, `${POD}:1000`)),
    verdict: 'next',
    counts: 'WOULD_REJECT',
  },
];

export function icmpErrorPackets(init: PacketSuiteInit): void {
  fixtureSuite(init, {
    'brings an error to the pod that it is about': IN,
    'takes an error of a pod out by its berth': OUT,
    'steers an error': STEERED,
    'holds back': REFUSED,
    'leaves alone': UNTOUCHED,
  });
}
