/**
 * Frames cut off at every length, and frames of noise: no program may fail on them, read past them,
 * or let one through under a NAT address that has no whole header to be translated.
 */

import { expect, test } from 'vitest';
import { ETHERNET_BYTES, icmp, ipv4, tcp, udp } from '../../../../../test/packets/frames.ts';
import { frameBytesMin } from '../../packet-runner.ts';
import type { ProgramName } from '../../port.ts';
import { fixtureSuite, type PacketSuiteInit } from './suite.ts';
import { BARE_POD, BASE, L, NAT, OWN_MAC, POD, REMOTE_BASE, TARGET } from './world.ts';

const PROGRAMS: readonly ProgramName[] = ['egress', 'return', 'steer', 'pod'];
const LENGTHS = Array.from({ length: 61 }, (_, length) => length);
const ADDRESSES_END = ETHERNET_BYTES + 20;
const DB = `${TARGET}:5432`;
const MACS = { source: '02:00:00:00:00:0a', destination: OWN_MAC };
const OPTIONS = Uint8Array.of(1, 1, 1, 1, 1, 1, 1, 0);
const TRANSLATIONS = ['TRANSLATED', 'RETURNED', 'STEERED'];

const WHOLE: Readonly<Record<string, { frame: Uint8Array; headers: number }>> = {
  'TCP out': { frame: tcp({ from: `${POD}:${L}`, to: DB, flags: 'S', macs: MACS }), headers: 40 },
  'TCP refused': {
    frame: tcp({ from: `${BARE_POD}:${L}`, to: DB, flags: 'S', options: OPTIONS, macs: MACS }),
    headers: 48,
  },
  'UDP out': { frame: udp({ from: `${POD}:${L}`, to: DB, options: OPTIONS }), headers: 36 },
  'TCP back': {
    frame: tcp({ from: DB, to: `${NAT}:${BASE}`, flags: 'A', macs: MACS }),
    headers: 40,
  },
  'TCP to another node': {
    frame: tcp({ from: DB, to: `${NAT}:${REMOTE_BASE}`, flags: 'A', options: OPTIONS, macs: MACS }),
    headers: 48,
  },
  'ICMP to a NAT address': {
    frame: icmp({ from: TARGET, to: NAT, type: 3, code: 4, macs: MACS }),
    headers: 20,
  },
  'no protocol at all': { frame: ipv4({ from: POD, to: TARGET }, 255, OPTIONS), headers: 20 },
};

export function cutOffPackets(init: PacketSuiteInit): void {
  const benchFor = fixtureSuite(init, {});

  test.for(Object.entries(WHOLE))('%s, cut off at every length', ([, { frame, headers }], ctx) => {
    const bench = benchFor(ctx);
    for (const program of PROGRAMS) {
      for (const length of LENGTHS.filter((one) => one >= frameBytesMin(program, frame))) {
        const cut = frame.slice(0, length);
        const outcome = bench.run(program, cut);
        const isWhole = cut.length >= ETHERNET_BYTES + headers;
        const translated = outcome.counted.some((reason) => TRANSLATIONS.includes(reason));
        expect(translated && !isWhole, `${program} of ${length} bytes`).toBe(false);
        if (outcome.verdict === 'next' && !translated) expect(outcome.frame).toEqual(cut);
        // Once its addresses are whole, what is for or from us is not let through unread.
        if (!isWhole && length >= ADDRESSES_END && outcome.verdict === 'next') {
          expect(isGuarded(program, cut), `${program} of ${length} bytes`).toBe(false);
        }
      }
    }
  });

  test('every version and header length that an IP header can claim', (ctx) => {
    const bench = benchFor(ctx);
    for (let byte = 0; byte < 256; byte++) {
      const frame = tcp({ from: `${POD}:${L}`, to: DB, flags: 'S', macs: MACS });
      frame[ETHERNET_BYTES] = byte;
      for (const program of PROGRAMS) bench.run(program, frame);
      // 0x45 is right; a longer header needs more than this frame has.
      const counted = [byte === 0x45 ? 'TRANSLATED' : 'MALFORMED'];
      expect(bench.run('egress', frame).counted, `0x${byte.toString(16)}`).toEqual(counted);
    }
  });

  test('noise after an Ethernet header', (ctx) => {
    const bench = benchFor(ctx);
    let state = 12345;
    const noise = () => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return state >>> 24;
    };
    for (let i = 0; i < 2000; i++) {
      const frame = tcp({ from: `${POD}:${L}`, to: DB, flags: 'S', macs: MACS });
      for (let flips = 0; flips < 1 + (i % 8); flips++) {
        frame[12 + (noise() % (frame.length - 12))] = noise();
      }
      for (const program of PROGRAMS) bench.run(program, frame);
    }
  });
}

/** The address by which the program holds a packet back. */
function isGuarded(program: ProgramName, cut: Uint8Array): boolean {
  const view = new DataView(cut.buffer, cut.byteOffset);
  const at = program === 'egress' ? ETHERNET_BYTES + 12 : ETHERNET_BYTES + 16;
  const guarded = { egress: [POD, BARE_POD], return: [NAT], steer: [NAT], pod: [] }[program];
  const address = [0, 1, 2, 3].map((i) => view.getUint8(at + i)).join('.');
  return (guarded as readonly string[]).includes(address);
}
