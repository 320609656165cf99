/**
 * Flexible ports: flows told in packet order, with what the slots hold in between. The berths have
 * 256 and 64 of them, and each test begins with none in use.
 */
import { expect, test } from 'vitest';
import {
  checksumOf,
  ICMP,
  icmp,
  ipv4,
  joined,
  quoted,
  tcp,
  udp,
} from '../../../../../test/packets/frames.ts';
import { parseIp } from '../../../../contract/ip-address.ts';
import { encodePod, GENERATIONS, type PodBerth } from '../../tables/pods.ts';
import type { Bench } from './bench.ts';
import { ageSlot, readSlot } from './slot-words.ts';
import { fixtureSuite, type PacketSuiteInit } from './suite.ts';
import {
  BASE,
  BASE_2,
  DIRECT,
  DIRECT_2,
  IN_HOLE,
  L,
  NAT,
  NAT_2,
  POD,
  PORTS_TARGET,
  TARGET,
} from './world.ts';

const DB = `${TARGET}:5432`;
const DB_2 = `${TARGET}:5433`;
/** Covered by the berth with 64 flexible ports. */
const SMALL = `${PORTS_TARGET}:8001`;
const ROUTER = '172.20.0.1';
const FLEXIBLE = 256;
const FLEXIBLE_2 = 64;
const FIRST = 256;
const FIRST_2 = 576;
/** All that the tests use. */
const SLOTS = 1792;
const PAYLOAD = Uint8Array.from({ length: 33 }, (_, i) => i * 5);
const TCP_LIMIT = 7440;
const CLOSING_LIMIT = 240;

/** Of the first berth, and its first slot. */
interface Block extends Pick<PodBerth, 'base' | 'sizeLog2'> {
  readonly first: number;
}
const USUAL: Block = { base: BASE, sizeLog2: 10, first: FIRST };
/** With 1024 flexible ports, four times what is looked through for a flow. */
const LARGE: Block = { base: 4096, sizeLog2: 12, first: 1024 };

let generation = 0;

/** The pod's entry as it would be when its berths were new: on slots of another generation. */
function regrant({ tables }: Bench, block: Block = USUAL): void {
  generation = (generation + 1) % GENERATIONS;
  const slots = { first: block.first, generation };
  const { base, sizeLog2 } = block;
  const first = { natAddress: parseIp(NAT), base, sizeLog2, mapped: true, policySet: 2, slots };
  const second = { ...first, natAddress: parseIp(NAT_2), base: BASE_2, sizeLog2: 8, policySet: 3 };
  const berths = [first, { ...second, slots: { first: FIRST_2, generation } }];
  tables.put('pods', [encodePod({ ip: parseIp(POD), selected: true, berths })]);
}

const outside = (port: number, place = 0) => BASE + DIRECT + ((port + place) % FLEXIBLE);
const elementOf = (port: number, place = 0) => FIRST + ((port + place) % FLEXIBLE);
const outsideSmall = (port: number) => BASE_2 + DIRECT_2 + (port % FLEXIBLE_2);

function goesOut(bench: Bench, frame: Uint8Array, becomes: Uint8Array): void {
  expect(bench.run('egress', frame)).toEqual({
    verdict: 'next',
    frame: becomes,
    counted: ['TRANSLATED'],
  });
}

function comesBack(bench: Bench, frame: Uint8Array, becomes: Uint8Array): void {
  expect(bench.run('return', frame)).toEqual({
    verdict: 'next',
    frame: becomes,
    counted: ['RETURNED'],
  });
}

function reasonOf(bench: Bench, program: 'egress' | 'return', frame: Uint8Array): string {
  return bench.run(program, frame).counted.join();
}

/** A segment of the pod from its port to the target, and as it is outside. */
function sends(bench: Bench, flags: string, port: number, to = DB, place = 0): void {
  goesOut(
    bench,
    tcp({ from: `${POD}:${port}`, to, flags, payload: PAYLOAD }),
    tcp({ from: `${NAT}:${outside(port, place)}`, to, flags, payload: PAYLOAD }),
  );
}

function receives(bench: Bench, flags: string, port: number, from = DB): void {
  comesBack(
    bench,
    tcp({ from, to: `${NAT}:${outside(port)}`, flags, payload: PAYLOAD }),
    tcp({ from, to: `${POD}:${port}`, flags, payload: PAYLOAD }),
  );
}

const LIMITS = [
  ['UDP', 300, (port: number) => udp({ from: `${POD}:${port}`, to: DB, payload: PAYLOAD })],
  ['ICMP', 60, (id: number) => echo(8, POD, TARGET, id)],
  ['TCP that opens', 240, (port: number) => tcp({ from: `${POD}:${port}`, to: DB, flags: 'S' })],
  ['TCP', 7440, (port: number) => tcp({ from: `${POD}:${port}`, to: DB, flags: 'A' })],
] as const;

/** A flow on slots that nobody uses. */
type Flow = (name: string, run: (bench: Bench) => void) => void;

function unreachable(from: string, to: string, frame: Uint8Array): Uint8Array {
  return icmp({ from, to, type: 3, code: 3, payload: quoted(frame) });
}

function echo(type: number, from: string, to: string, id: number): Uint8Array {
  const head = Uint8Array.of(type, 0, 0, 0, id >> 8, id & 0xff, 0, 7);
  const message = joined(head, PAYLOAD);
  const checksum = checksumOf(message);
  message.set([checksum >> 8, checksum & 0xff], 2);
  return ipv4({ from, to }, ICMP, message);
}

export function flexiblePackets(init: PacketSuiteInit): void {
  const benchFor = fixtureSuite(init, {});
  const flow: Flow = (name, run) => {
    test(name, (ctx) => {
      const bench = benchFor(ctx);
      bench.tables.clearSlots(FIRST, SLOTS);
      regrant(bench);
      run(bench);
    });
  };
  places(flow);
  ends(flow);
  limits(flow);
  strangers(flow);
}

function places(flow: Flow): void {
  flow('a TCP connection from a bound port opens, works and closes', (bench) => {
    const bits = () => readSlot(bench.slots, elementOf(443))?.bits;
    sends(bench, 'S', 443);
    expect(readSlot(bench.slots, elementOf(443))).toMatchObject({
      port: 443,
      protocol: 1,
      bits: [],
      generation,
    });
    receives(bench, 'SA', 443);
    sends(bench, 'A', 443);
    expect(bits()).toEqual(['established']);
    receives(bench, 'PA', 443);
    sends(bench, 'FA', 443);
    expect(bits()).toEqual(['established', 'finOut']);
    receives(bench, 'FA', 443);
    sends(bench, 'A', 443);
    expect(bits()).toEqual(['established', 'finOut', 'finIn']);
    sends(bench, 'S', 443);
    expect(bits()).toEqual([]);
  });

  flow('a datagram from outside the range, and its answer, with a checksum or none', (bench) => {
    for (const checksum of [true, false]) {
      const more = { payload: PAYLOAD, checksum };
      const [inside, out] = [`${POD}:5353`, `${NAT}:${outside(5353)}`];
      goesOut(bench, udp({ from: inside, to: DB, ...more }), udp({ from: out, to: DB, ...more }));
      comesBack(bench, udp({ from: DB, to: out, ...more }), udp({ from: DB, to: inside, ...more }));
    }
    expect(readSlot(bench.slots, elementOf(5353))).toMatchObject({
      protocol: 2,
      bits: ['established'],
    });
  });

  flow('an echo goes out by a flexible port as its id, and its answer comes back', (bench) => {
    const id = 0x1234;
    goesOut(bench, echo(8, POD, TARGET, id), echo(8, NAT, TARGET, outside(id)));
    comesBack(bench, echo(0, TARGET, NAT, outside(id)), echo(0, TARGET, POD, id));
    expect(reasonOf(bench, 'return', echo(0, TARGET, NAT, BASE))).toBe('PORT_NOT_MAPPED');
    expect(reasonOf(bench, 'return', echo(8, TARGET, NAT, outside(id)))).toBe('ICMP_IN');
  });

  flow('an echo has the same id outside for every target', (bench) => {
    for (const to of [TARGET, IN_HOLE, TARGET]) {
      goesOut(bench, echo(8, POD, to, 500), echo(8, NAT, to, outside(500)));
    }
  });

  flow('an id within the narrow range has a flexible port too', (bench) => {
    goesOut(bench, echo(8, POD, TARGET, L), echo(8, NAT, TARGET, outside(L)));
  });

  flow('flows of one home have the places after each other', (bench) => {
    sends(bench, 'S', 1000);
    sends(bench, 'S', 1000 + FLEXIBLE, DB, 1);
    sends(bench, 'A', 1000);
    sends(bench, 'A', 1000 + FLEXIBLE, DB, 1);
  });

  flow('a place behind a hole is found', (bench) => {
    sends(bench, 'S', 1000);
    sends(bench, 'S', 1000 + FLEXIBLE, DB, 1);
    ageSlot(bench.slots, elementOf(1000), TCP_LIMIT);
    sends(bench, 'A', 1000 + FLEXIBLE, DB, 1);
  });

  flow('a flow may have one of 256 places, and no other', (bench) => {
    regrant(bench, LARGE);
    const place = (number: number) => LARGE.base + 3072 + 40 + number;
    const sent = (from: string) => udp({ from, to: DB, payload: PAYLOAD });
    goesOut(bench, sent(`${POD}:40`), sent(`${NAT}:${place(0)}`));
    const [word = 0n] = bench.slots.read(LARGE.first + 40, 1);
    const others = Array.from({ length: 254 }, () => word + 1n);
    bench.slots.write(LARGE.first + 41, others);
    goesOut(bench, sent(`${POD}:1064`), sent(`${NAT}:${place(255)}`));
    expect(reasonOf(bench, 'egress', sent(`${POD}:2088`))).toBe('FLEXIBLE_FULL');
    expect(readSlot(bench.slots, LARGE.first + 296)).toBe(null);
  });

  flow('TCP, UDP and ICMP of one number have slots of their own', (bench) => {
    sends(bench, 'S', 700);
    goesOut(
      bench,
      udp({ from: `${POD}:700`, to: DB, payload: PAYLOAD }),
      udp({ from: `${NAT}:${outside(700, 1)}`, to: DB, payload: PAYLOAD }),
    );
    goesOut(bench, echo(8, POD, TARGET, 700), echo(8, NAT, TARGET, outside(700, 2)));
    const wrong = udp({ from: DB, to: `${NAT}:${outside(700)}` });
    expect(reasonOf(bench, 'return', wrong)).toBe('PORT_NOT_MAPPED');
  });
}

function ends(flow: Flow): void {
  flow('a second remote end has the same port, and then only idle time ends it', (bench) => {
    sends(bench, 'S', 900);
    sends(bench, 'S', 900, DB_2);
    expect(readSlot(bench.slots, elementOf(900))?.bits).toEqual(['established', 'shared']);
    for (const flags of ['FA', 'R', 'RA']) {
      sends(bench, flags, 900);
      receives(bench, flags, 900);
    }
    expect(readSlot(bench.slots, elementOf(900))?.bits).toEqual(['established', 'shared']);
    ageSlot(bench.slots, elementOf(900), TCP_LIMIT - 5);
    receives(bench, 'A', 900, DB_2);
  });

  flow('after a RST any packet restores the connection; a RST alone has no slot', (bench) => {
    const reset = tcp({ from: `${POD}:800`, to: DB, flags: 'R' });
    expect(bench.run('egress', reset)).toMatchObject({
      verdict: 'drop',
      counted: ['PORT_OUT_OF_RANGE', 'UNANSWERED'],
    });
    expect(readSlot(bench.slots, elementOf(800))).toBe(null);
    sends(bench, 'S', 800);
    sends(bench, 'A', 800);
    receives(bench, 'R', 800);
    expect(readSlot(bench.slots, elementOf(800))?.bits).toEqual(['established', 'reset']);
    ageSlot(bench.slots, elementOf(800), CLOSING_LIMIT - 5);
    const { seen } = readSlot(bench.slots, elementOf(800)) ?? {};
    sends(bench, 'R', 800);
    expect(readSlot(bench.slots, elementOf(800))?.seen).toBe(seen);
    sends(bench, 'PA', 800);
    expect(readSlot(bench.slots, elementOf(800))?.bits).toEqual(['established']);
  });

  flow('a FIN or RST of another remote end changes nothing', (bench) => {
    sends(bench, 'S', 801);
    sends(bench, 'A', 801);
    for (const flags of ['FA', 'R']) receives(bench, flags, 801, DB_2);
    expect(readSlot(bench.slots, elementOf(801))?.bits).toEqual(['established']);
  });
}

function limits(flow: Flow): void {
  for (const [kind, limit, frame] of LIMITS) {
    flow(`${kind}: lives ${limit} s without an outbound packet, and no longer`, (bench) => {
      const answer = (port: number) =>
        kind === 'ICMP'
          ? echo(0, TARGET, NAT, port)
          : kind === 'UDP'
            ? udp({ from: DB, to: `${NAT}:${port}` })
            : tcp({ from: DB, to: `${NAT}:${port}`, flags: 'A' });
      bench.run('egress', frame(77));
      ageSlot(bench.slots, elementOf(77), limit - 2);
      expect(reasonOf(bench, 'return', answer(outside(77)))).toBe('RETURNED');
      // What came in has not refreshed it.
      ageSlot(bench.slots, elementOf(77), 2);
      expect(reasonOf(bench, 'return', answer(outside(77)))).toBe('PORT_NOT_MAPPED');
      bench.run('egress', frame(77));
      expect(reasonOf(bench, 'return', answer(outside(77)))).toBe('RETURNED');
    });
  }

  flow('an outbound packet refreshes a flow, an inbound one does not', (bench) => {
    const limit = 300;
    const answer = udp({ from: DB, to: `${NAT}:${outside(78)}` });
    for (let i = 0; i < 3; i++) {
      bench.run('egress', udp({ from: `${POD}:78`, to: DB }));
      ageSlot(bench.slots, elementOf(78), limit - 2);
      expect(reasonOf(bench, 'return', answer)).toBe('RETURNED');
    }
    ageSlot(bench.slots, elementOf(78), 2);
    expect(reasonOf(bench, 'return', answer)).toBe('PORT_NOT_MAPPED');
  });

  flow(
    'a full berth refuses the next flow, keeps the others, and takes what has ended',
    (bench) => {
      const from = (port: number) => ({ from: `${POD}:${port}`, to: SMALL });
      for (let port = 1; port <= FLEXIBLE_2; port++) {
        const frame = tcp({ ...from(port), flags: 'A' });
        const out = tcp({ from: `${NAT_2}:${outsideSmall(port)}`, to: SMALL, flags: 'A' });
        goesOut(bench, frame, out);
      }
      const next = tcp({ ...from(100), flags: 'S' });
      expect(bench.run('egress', next)).toMatchObject({
        verdict: 'answer',
        counted: ['FLEXIBLE_FULL'],
      });
      const ping = echo(8, POD, PORTS_TARGET, 100);
      expect(bench.run('egress', ping)).toMatchObject({
        verdict: 'answer',
        counted: ['FLEXIBLE_FULL'],
      });
      expect(reasonOf(bench, 'egress', tcp({ ...from(5), flags: 'A' }))).toBe('TRANSLATED');
      // Closed, but within its time: taken only now that nothing else is free, the oldest first.
      for (const port of [9, 7]) {
        bench.run('egress', tcp({ ...from(port), flags: 'FA' }));
        bench.run(
          'return',
          tcp({ from: SMALL, to: `${NAT_2}:${outsideSmall(port)}`, flags: 'FA' }),
        );
      }
      ageSlot(bench.slots, FIRST_2 + 7, 3);
      goesOut(bench, next, tcp({ from: `${NAT_2}:${outsideSmall(7)}`, to: SMALL, flags: 'S' }));
      expect(readSlot(bench.slots, FIRST_2 + 7)).toMatchObject({ port: 100, bits: [] });
      expect(readSlot(bench.slots, FIRST_2 + 9)).toMatchObject({ port: 9 });
    },
  );
}

function strangers(flow: Flow): void {
  flow('who gets the block next inherits no flow', (bench) => {
    sends(bench, 'S', 600);
    regrant(bench);
    const answer = tcp({ from: DB, to: `${NAT}:${outside(600)}`, flags: 'SA' });
    expect(reasonOf(bench, 'return', answer)).toBe('PORT_NOT_MAPPED');
  });

  flow('nobody from outside opens a connection, or comes from beyond the policy', (bench) => {
    sends(bench, 'S', 601);
    const to = `${NAT}:${outside(601)}`;
    expect(reasonOf(bench, 'return', tcp({ from: DB, to, flags: 'S' }))).toBe('BARE_SYN');
    const stranger = tcp({ from: '9.9.9.9:1', to, flags: 'A' });
    expect(reasonOf(bench, 'return', stranger)).toBe('NOT_IN_POLICY');
  });

  flow('an ICMP error about a flow finds it, in both directions, and changes nothing', (bench) => {
    const [inside, out] = [`${POD}:5353`, `${NAT}:${outside(5353)}`];
    const sent = (from: string) => udp({ from, to: DB, payload: PAYLOAD });
    const answered = (to: string) => udp({ from: DB, to, payload: PAYLOAD });
    goesOut(bench, sent(inside), sent(out));
    ageSlot(bench.slots, elementOf(5353), 100);
    const before = readSlot(bench.slots, elementOf(5353));
    comesBack(bench, unreachable(ROUTER, NAT, sent(out)), unreachable(ROUTER, POD, sent(inside)));
    goesOut(
      bench,
      unreachable(POD, TARGET, answered(inside)),
      unreachable(NAT, TARGET, answered(out)),
    );
    expect(readSlot(bench.slots, elementOf(5353))).toEqual(before);
    const nobody = sent(`${NAT}:${outside(5354)}`);
    expect(reasonOf(bench, 'return', unreachable(ROUTER, NAT, nobody))).toBe('PORT_NOT_MAPPED');
    const stray = answered(`${POD}:5354`);
    expect(reasonOf(bench, 'egress', unreachable(POD, TARGET, stray))).toBe('ICMP_OUT');
  });
}
