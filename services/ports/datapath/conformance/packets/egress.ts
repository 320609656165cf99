/** berth_egress, one packet after another. */
import { expect, test } from 'vitest';
import {
  icmp,
  ipv4,
  ipv6,
  quoted,
  type TcpParts,
  tcp,
  UDP,
  type UdpParts,
  udp,
} from '../../../../../test/packets/frames.ts';
import type { Fixture } from './fixture.ts';
import { fixtureSuite, type PacketSuiteInit } from './suite.ts';
import {
  BARE_POD,
  BASE,
  BASE_2,
  DIRECT,
  DIRECT_2,
  ELSEWHERE,
  FREE_POD,
  HOLE,
  HOST,
  IN_HOLE,
  L,
  NAT,
  NAT_2,
  PENDING_POD,
  POD,
  PORTS_TARGET,
  TARGET,
  TARGET_V6,
  UNKNOWN_POD,
} from './world.ts';

const DB = `${TARGET}:5432`;
const BACK = { source: '02:00:00:00:00:0b', destination: '02:00:00:00:00:0a' };
const OPTIONS = Uint8Array.of(0x94, 4, 0, 0, 1, 1, 1, 0);
const NOPS = new Uint8Array(OPTIONS.length).fill(1);
const PAYLOAD = Uint8Array.from({ length: 101 }, (_, i) => i * 7);
const MORE_FRAGMENTS = 0x2000;
const LAST_FRAGMENT = 0x0010;

const syn = (from: string, to: string, more: Partial<TcpParts> = {}) =>
  tcp({ from, to, flags: 'S', ...more });
const datagram = (from: string, to: string, more: Partial<UdpParts> = {}) =>
  udp({ from, to, payload: PAYLOAD, ...more });
/** The answer to a SYN that was sent with sequence number 1000. */
const refused = (from: string, to: string, more: Partial<TcpParts> = {}) =>
  tcp({ from, to, flags: 'RA', seq: 0, ack: 1001, window: 0, macs: BACK, ...more });
/** The answer to a datagram: ICMP communication administratively prohibited. */
const prohibited = (frame: Uint8Array, from: string, to: string) =>
  icmp({ from, to, type: 3, code: 13, payload: quoted(frame), macs: BACK });

const egress = (name: string, rest: Omit<Fixture, 'name' | 'program'>): Fixture => ({
  name,
  program: 'egress',
  ...rest,
});
const passes = (name: string, frame: Uint8Array) => egress(name, { frame, verdict: 'next' });
const translates = (name: string, frame: Uint8Array, becomes: Uint8Array) =>
  egress(name, { frame, becomes, verdict: 'next', counts: 'TRANSLATED' });
const drops = (name: string, frame: Uint8Array, counts: NonNullable<Fixture['counts']>) =>
  egress(name, { frame, verdict: 'drop', counts });
const rejects = (
  name: string,
  frame: Uint8Array,
  becomes: Uint8Array,
  counts: NonNullable<Fixture['counts']>,
) => egress(name, { frame, becomes, verdict: 'answer', counts });

const TRANSLATIONS = [
  translates('TCP: the first port', syn(`${POD}:${L}`, DB), syn(`${NAT}:${BASE}`, DB)),
  translates(
    'TCP: the last direct port',
    tcp({ from: `${POD}:${L + DIRECT - 1}`, to: DB, flags: 'PA', ack: 5, payload: PAYLOAD }),
    tcp({ from: `${NAT}:${BASE + DIRECT - 1}`, to: DB, flags: 'PA', ack: 5, payload: PAYLOAD }),
  ),
  translates('UDP', datagram(`${POD}:${L + 9}`, DB), datagram(`${NAT}:${BASE + 9}`, DB)),
  translates(
    'UDP without a checksum keeps none',
    datagram(`${POD}:${L + 9}`, DB, { checksum: false }),
    datagram(`${NAT}:${BASE + 9}`, DB, { checksum: false }),
  ),
  translates(
    'IP options stay',
    syn(`${POD}:${L + 1}`, DB, { options: OPTIONS }),
    syn(`${NAT}:${BASE + 1}`, DB, { options: OPTIONS }),
  ),
  translates(
    'an IP header without don’t-fragment',
    datagram(`${POD}:${L}`, DB, { fragment: 0, id: 77, ttl: 3 }),
    datagram(`${NAT}:${BASE}`, DB, { fragment: 0, id: 77, ttl: 3 }),
  ),
  translates(
    'a covered address inside an exception',
    syn(`${POD}:${L}`, `${IN_HOLE}:1`),
    syn(`${NAT}:${BASE}`, `${IN_HOLE}:1`),
  ),
  translates(
    'the second berth, by the port rules of its targets',
    syn(`${POD}:${L + 191}`, `${PORTS_TARGET}:5433`),
    syn(`${NAT_2}:${BASE_2 + DIRECT_2 - 1}`, `${PORTS_TARGET}:5433`),
  ),
  translates(
    'a rule for any protocol takes UDP',
    datagram(`${POD}:${L}`, `${PORTS_TARGET}:8010`),
    datagram(`${NAT_2}:${BASE_2}`, `${PORTS_TARGET}:8010`),
  ),
];

const UNTOUCHED = [
  passes('an exception', syn(`${POD}:${L}`, `${HOLE}:443`)),
  passes('an exception, for a pod that is not known', syn(`${UNKNOWN_POD}:${L}`, `${HOLE}:443`)),
  passes('a destination that is not protected', syn(`${POD}:${L}`, `${ELSEWHERE}:443`)),
  passes('ICMP and fragments to what is not protected', fragment(POD, ELSEWHERE)),
  passes('a port that no rule names', syn(`${POD}:${L}`, `${PORTS_TARGET}:5434`)),
  passes('a port of another protocol’s rule', syn(`${POD}:${L}`, `${PORTS_TARGET}:53`)),
  passes('a pod that is not selected', syn(`${FREE_POD}:${L}`, DB)),
  passes('ICMP of a pod that is not selected', ping(FREE_POD, TARGET)),
  passes('the node itself', syn(`${HOST}:${L}`, DB)),
  passes('the node itself, to a NAT address', syn(`${HOST}:${L}`, `${NAT}:${BASE}`)),
  passes('a port outside the range, to what is not protected', syn(`${POD}:1`, `${ELSEWHERE}:1`)),
  passes('IPv6 of nobody', ipv6('2001:db8::1', TARGET_V6, UDP, PAYLOAD)),
];

const REJECTIONS = [
  rejects(
    'a SYN of a pod whose address is not admitted',
    syn(`${PENDING_POD}:${L}`, DB),
    refused(DB, `${PENDING_POD}:${L}`),
    'NO_BERTH',
  ),
  rejects(
    'a SYN of a selected pod without a berth',
    syn(`${BARE_POD}:${L}`, DB),
    refused(DB, `${BARE_POD}:${L}`),
    'NO_BERTH',
  ),
  rejects(
    'a SYN of a pod that is not known',
    syn(`${UNKNOWN_POD}:${L}`, DB),
    refused(DB, `${UNKNOWN_POD}:${L}`),
    'UNKNOWN_POD',
  ),
  rejects(
    'a source port above the range',
    syn(`${POD}:${L + DIRECT}`, DB),
    refused(DB, `${POD}:${L + DIRECT}`),
    'PORT_OUT_OF_RANGE',
  ),
  rejects(
    'a source port below the range',
    syn(`${POD}:${L - 1}`, DB),
    refused(DB, `${POD}:${L - 1}`),
    'PORT_OUT_OF_RANGE',
  ),
  rejects(
    'a port of the larger block at the smaller berth',
    syn(`${POD}:${L + DIRECT_2}`, `${PORTS_TARGET}:5432`),
    refused(`${PORTS_TARGET}:5432`, `${POD}:${L + DIRECT_2}`),
    'PORT_OUT_OF_RANGE',
  ),
  rejects(
    'a NAT address as destination',
    syn(`${POD}:${L}`, `${NAT}:80`),
    refused(`${NAT}:80`, `${POD}:${L}`),
    'HAIRPIN',
  ),
  rejects(
    'a segment of a live connection: RST in its sequence',
    tcp({ from: `${BARE_POD}:${L}`, to: DB, flags: 'PA', seq: 7, ack: 4e9, payload: PAYLOAD }),
    tcp({ from: DB, to: `${BARE_POD}:${L}`, flags: 'R', seq: 4e9, window: 0, macs: BACK }),
    'NO_BERTH',
  ),
  rejects(
    'a segment without ACK: all of it is acknowledged',
    tcp({ from: `${BARE_POD}:${L}`, to: DB, flags: 'SF', seq: 0xffffffff, payload: PAYLOAD }),
    refused(DB, `${BARE_POD}:${L}`, { ack: PAYLOAD.length + 1 }),
    'NO_BERTH',
  ),
  rejects(
    'a SYN with IP options: the answer has none that mean anything',
    syn(`${BARE_POD}:${L}`, DB, { options: OPTIONS }),
    refused(DB, `${BARE_POD}:${L}`, { options: NOPS }),
    'NO_BERTH',
  ),
];

const DATAGRAM = datagram(`${BARE_POD}:${L}`, DB);
const UNCHECKED = datagram(`${BARE_POD}:${L}`, DB, { checksum: false, options: OPTIONS });
const SCTP = ipv4({ from: POD, to: TARGET }, 132, PAYLOAD);
const SHORT = ipv4({ from: POD, to: TARGET }, 132, Uint8Array.of(1, 2, 3));
const PROHIBITIONS = [
  rejects('a datagram', DATAGRAM, prohibited(DATAGRAM, TARGET, BARE_POD), 'NO_BERTH'),
  rejects(
    'a datagram with IP options and no checksum',
    UNCHECKED,
    prohibited(UNCHECKED, TARGET, BARE_POD),
    'NO_BERTH',
  ),
  rejects('a protocol without ports', SCTP, prohibited(SCTP, TARGET, POD), 'PROTOCOL'),
  rejects('of little payload all of it', SHORT, prohibited(SHORT, TARGET, POD), 'PROTOCOL'),
];

/** Longer IP headers than there are bytes. */
const CUT_ICMP = withByte(ipv4({ from: POD, to: TARGET }, 1, PAYLOAD.slice(0, 8)), 14, 0x4f);
const CUT_SCTP = withByte(ipv4({ from: POD, to: TARGET }, 132, PAYLOAD.slice(0, 8)), 14, 0x4f);
const CUT_FRAGMENT = withByte(
  ipv4({ from: POD, to: TARGET, fragment: LAST_FRAGMENT }, UDP, PAYLOAD.slice(0, 8)),
  14,
  0x4f,
);
const DROPS = [
  drops('ICMP', ping(POD, TARGET), 'ICMP_OUT'),
  drops('ICMP whose IP header is not whole', CUT_ICMP, 'MALFORMED'),
  drops('a protocol without ports whose IP header is not whole', CUT_SCTP, 'MALFORMED'),
  drops('a fragment whose IP header is not whole', CUT_FRAGMENT, 'MALFORMED'),
  drops('ICMP to a target of which some ports are covered', ping(POD, PORTS_TARGET), 'ICMP_OUT'),
  drops('ICMP of a selected pod without a berth', ping(BARE_POD, TARGET), 'ICMP_OUT'),
  drops('ICMP of a pod that is not known', ping(UNKNOWN_POD, TARGET), 'ICMP_OUT'),
  drops('a first fragment', fragment(POD, TARGET, MORE_FRAGMENTS), 'FRAGMENT_OUT'),
  drops('a later fragment', fragment(POD, TARGET, LAST_FRAGMENT), 'FRAGMENT_OUT'),
  drops('a fragment of a pod that is not known', fragment(UNKNOWN_POD, TARGET), 'FRAGMENT_OUT'),
  drops('a NAT address as source', syn(`${NAT}:${BASE}`, DB), 'NAT_SOURCE'),
  drops('a fragment with a NAT address as source', fragment(NAT, ELSEWHERE), 'NAT_SOURCE'),
];

export function egressPackets(init: PacketSuiteInit): void {
  const benchFor = fixtureSuite(init, {
    'translates by the berth': TRANSLATIONS,
    'does not touch': UNTOUCHED,
    'answers with RST': REJECTIONS,
    'answers with ICMP prohibited': PROHIBITIONS,
    'drops with a reason': DROPS,
  });

  test('drops a RST that it may not let out, and answers nothing', (ctx) => {
    const bench = benchFor(ctx);
    const frame = tcp({ from: `${BARE_POD}:${L}`, to: DB, flags: 'R' });
    const outcome = bench.run('egress', frame);
    expect(outcome.verdict).toBe('drop');
    expect(outcome.counted).toEqual(['NO_BERTH', 'UNANSWERED']);
  });

  test.for([0x40, 0x60])('answers no segment whose data begin nowhere: %s', (offset, ctx) => {
    const bench = benchFor(ctx);
    const frame = withByte(syn(`${BARE_POD}:${L}`, DB), 46, offset);
    const outcome = bench.run('egress', frame);
    expect(outcome).toMatchObject({ verdict: 'drop', counted: ['NO_BERTH', 'UNANSWERED'] });
  });

  test('leaves all but IP alone', (ctx) => {
    const bench = benchFor(ctx);
    const frame = syn(`${POD}:${L}`, DB);
    frame.set([0x88, 0xcc], 12);
    expect(bench.run('egress', frame)).toEqual({ verdict: 'next', frame, counted: [] });
  });
}

function withByte(frame: Uint8Array, at: number, byte: number): Uint8Array {
  frame[at] = byte;
  return frame;
}

function ping(from: string, to: string): Uint8Array {
  return icmp({ from, to, type: 8, code: 0, payload: PAYLOAD });
}

function fragment(from: string, to: string, bits = LAST_FRAGMENT): Uint8Array {
  return ipv4({ from, to, fragment: bits }, UDP, PAYLOAD);
}
