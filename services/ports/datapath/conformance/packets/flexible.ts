/**
 * Flexible ports: flows told in packet order, with what the slots hold in between. The berths have
 * 256 and 64 of them, and each test begins with none in use.
 */
import { expect, test } from 'vitest';
import { icmp, tcp, udp } from '../../../../../test/packets/frames.ts';
import type { Bench } from './bench.ts';
import {
  CLOSING_LIMIT,
  comesBack,
  DB,
  DB_2,
  echo,
  elementOf,
  FIRST,
  FIRST_2,
  FLEXIBLE,
  FLEXIBLE_2,
  generation,
  goesOut,
  LARGE,
  outside,
  outsideSmall,
  PAYLOAD,
  ROUTER,
  reasonOf,
  receives,
  regrant,
  SLOTS,
  SMALL,
  sends,
  TCP_LIMIT,
  unreachable,
} from './flexible-flows.ts';
import { ageSlot, readSlot } from './slot-words.ts';
import { fixtureSuite, type PacketSuiteInit } from './suite.ts';
import { BASE, IN_HOLE, L, NAT, NAT_2, POD, PORTS_TARGET, TARGET } from './world.ts';

const LIMITS = [
  ['UDP', 300, (port: number) => udp({ from: `${POD}:${port}`, to: DB, payload: PAYLOAD })],
  ['ICMP', 60, (id: number) => echo(8, POD, TARGET, id)],
  ['TCP that opens', 240, (port: number) => tcp({ from: `${POD}:${port}`, to: DB, flags: 'S' })],
  ['TCP', 7440, (port: number) => tcp({ from: `${POD}:${port}`, to: DB, flags: 'A' })],
] as const;

/** A flow on slots that nobody uses. */
type Flow = (name: string, run: (bench: Bench) => void) => void;

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
      ageSlot(bench.slots, FIRST_2 + 9, 3);
      goesOut(bench, next, tcp({ from: `${NAT_2}:${outsideSmall(9)}`, to: SMALL, flags: 'S' }));
      expect(readSlot(bench.slots, FIRST_2 + 9)).toMatchObject({ port: 100, bits: [] });
      expect(readSlot(bench.slots, FIRST_2 + 7)).toMatchObject({ port: 7 });
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

  flow('an ICMP error about an echo finds it, in both directions, and changes nothing', (bench) => {
    const id = 0x4321;
    const out = outside(id);
    goesOut(bench, echo(8, POD, TARGET, id), echo(8, NAT, TARGET, out));
    ageSlot(bench.slots, elementOf(id), 30);
    const before = readSlot(bench.slots, elementOf(id));
    const asked = (from: string, as: number) => echo(8, from, TARGET, as);
    const answered = (to: string, as: number) => echo(0, TARGET, to, as);
    const whole = (from: string, to: string, about: Uint8Array) =>
      icmp({ from, to, type: 11, code: 1, payload: about.slice(14) });
    for (const error of [unreachable, whole]) {
      comesBack(bench, error(ROUTER, NAT, asked(NAT, out)), error(ROUTER, POD, asked(POD, id)));
      goesOut(bench, error(POD, TARGET, answered(POD, id)), error(NAT, TARGET, answered(NAT, out)));
    }
    expect(readSlot(bench.slots, elementOf(id))).toEqual(before);
    // Nobody outside asks, and no pod answers.
    const strange = unreachable(ROUTER, NAT, echo(0, NAT, TARGET, out));
    expect(reasonOf(bench, 'return', strange)).toBe('ICMP_IN');
    const own = unreachable(POD, TARGET, echo(8, TARGET, POD, id));
    expect(reasonOf(bench, 'egress', own)).toBe('ICMP_OUT');
    const direct = unreachable(ROUTER, NAT, asked(NAT, BASE));
    expect(reasonOf(bench, 'return', direct)).toBe('PORT_NOT_MAPPED');
  });
}
