/** Spoils a valid frame: some of what a broken stack, a bad cable or an attacker may make of it. */
import { frameBytesMin } from '../../services/ports/datapath/packet-runner.ts';
import type { ProgramName } from '../../services/ports/datapath/port.ts';
import type { Dice } from '../simulation/dice.ts';
import { noise } from './packets.ts';

type Spoiler = (dice: Dice, frame: Uint8Array) => Uint8Array;

const IP_AT = 14;
const HEADERS_BYTES = 94;
const EDGES = [0, 1, 0x45, 0x4f, 0x7f, 0x80, 0xff];
const ETHERTYPES = [0x0800, 0x0806, 0x86dd, 0x8100, 0x88a8, 0x05dc, 0x0000];
const SPOILERS_MAX = 4;

const flipBit: Spoiler = (dice, frame) => {
  const at = dice.below(Math.min(frame.length, HEADERS_BYTES));
  return changed(frame, at, (frame[at] ?? 0) ^ (1 << dice.below(8)));
};

const setByte: Spoiler = (dice, frame) =>
  changed(frame, dice.below(Math.min(frame.length, HEADERS_BYTES)), dice.pick(EDGES));

/** Flips bits of the IP header, but seldom the MACs before it. */
const flipInHeader: Spoiler = (dice, frame) => {
  const at = IP_AT + dice.below(28);
  return at < frame.length ? changed(frame, at, (frame[at] ?? 0) ^ (1 << dice.below(8))) : frame;
};

const cutOff: Spoiler = (dice, frame) => {
  const length = dice.chance(0.7) ? Math.min(frame.length, HEADERS_BYTES) : frame.length;
  return frame.slice(0, dice.below(length + 1));
};

const extend: Spoiler = (dice, frame) =>
  Uint8Array.from(Buffer.concat([frame, noise(dice, dice.pick([1, 2, 6, 18, 100]))]));

const headerLength: Spoiler = (dice, frame) =>
  changed(frame, IP_AT, ((frame[IP_AT] ?? 0) & 0xf0) | dice.below(16));

const totalLength: Spoiler = (dice, frame) =>
  changed16(
    frame,
    IP_AT + 2,
    dice.pick([0, 1, 19, 20, 21, 27, 28, 39, 40, 65535, dice.below(1500)]),
  );

const fragmentField: Spoiler = (dice, frame) => changed16(frame, IP_AT + 6, dice.below(65536));

const protocol: Spoiler = (dice, frame) =>
  changed(frame, IP_AT + 9, dice.pick([0, 1, 6, 17, 47, 58, 132, 255]));

/** Where there are no IP options it is TCP's: length and flags. */
const dataOffset: Spoiler = (dice, frame) => changed(frame, 46, dice.below(16) << 4);
const tcpFlags: Spoiler = (dice, frame) => changed(frame, 47, dice.below(256));

/** What an ARP packet says that it is about. */
const arpField: Spoiler = (dice, frame) =>
  changed(frame, IP_AT + dice.below(8), dice.pick([0, 1, 2, 4, 5, 6, 8]));

const ethertype: Spoiler = (dice, frame) => changed16(frame, 12, dice.pick(ETHERTYPES));

const SPOILERS: readonly Spoiler[] = [
  ...[flipBit, flipInHeader, flipInHeader, setByte, cutOff, extend, headerLength, totalLength],
  ...[fragmentField, protocol, dataOffset, tcpFlags, ethertype],
];

const ETHERTYPE_ARP = 0x0806;

/** Half of all frames stay as they are. */
export function spoilt(dice: Dice, program: ProgramName, frame: Uint8Array): Uint8Array {
  const count = dice.chance(0.5) ? 0 : dice.between(1, SPOILERS_MAX);
  let result = frame;
  for (let i = 0; i < count; i++) result = spoilerFor(dice, result)(dice, result);
  // What fills it up may make another kind of frame of it, which must be longer.
  for (let bytesMin = frameBytesMin(program, result); result.length < bytesMin; ) {
    const more = noise(dice, bytesMin - result.length);
    result = Uint8Array.from(Buffer.concat([result, more]));
    bytesMin = frameBytesMin(program, result);
  }
  return result;
}

function spoilerFor(dice: Dice, frame: Uint8Array): Spoiler {
  const isArp = (((frame[12] ?? 0) << 8) | (frame[13] ?? 0)) === ETHERTYPE_ARP;
  return isArp && dice.chance(0.5) ? arpField : dice.pick(SPOILERS);
}

function changed(frame: Uint8Array, at: number, byte: number): Uint8Array {
  if (at >= frame.length) return frame;
  const result = frame.slice();
  result[at] = byte;
  return result;
}

function changed16(frame: Uint8Array, at: number, word: number): Uint8Array {
  return changed(changed(frame, at, word >>> 8), at + 1, word & 0xff);
}
