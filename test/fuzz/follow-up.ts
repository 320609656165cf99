/**
 * Packets that belong to flows which are under way: the pod's next one, the remote end's answer, an
 * error about it. So flexible ports are opened, shared, closed and used again.
 */
import { ICMP, icmp, ipv4, quoted, TCP, tcp, UDP, udp } from '../packets/frames.ts';
import type { Dice } from '../simulation/dice.ts';
import { noise } from './packets.ts';

const FLAGS = ['S', 'A', 'PA', 'FA', 'R', 'RA', 'SA'];
const ERRORS = [3, 11, 12];
const HEADER_BYTES = 34;

/** Another packet of the flow of `frame`, in its direction. Null: it has no ports. */
export function nextOf(dice: Dice, frame: Uint8Array): Uint8Array | null {
  const ends = endsOf(frame);
  if (ends === null) return null;
  return packet(dice, ends.protocol, ends.from, ends.to, 8, ends.id);
}

/** What comes back for `frame`, which left under a NAT address. */
export function answerOf(dice: Dice, frame: Uint8Array): Uint8Array | null {
  const ends = endsOf(frame);
  if (ends === null) return null;
  if (dice.chance(0.25)) return errorAbout(dice, frame, ends.to, ends.from);
  return packet(dice, ends.protocol, ends.to, ends.from, 0, ends.id);
}

/** What the pod says about `frame`, which came to it. */
export function errorAbout(dice: Dice, frame: Uint8Array, from: string, to: string): Uint8Array {
  const about = dice.chance(0.5) ? quoted(frame) : frame.slice(14);
  return icmp({ from, to, type: dice.pick(ERRORS), code: dice.below(5), payload: about });
}

export interface Ends {
  readonly protocol: number;
  readonly from: string;
  readonly to: string;
  readonly id: number;
}

export function endsOf(frame: Uint8Array): Ends | null {
  const protocol = frame[23] ?? 0;
  const isPlain = frame[12] === 8 && frame[13] === 0 && frame[14] === 0x45;
  if (!isPlain || frame.length < HEADER_BYTES + 8) return null;
  if (protocol !== TCP && protocol !== UDP && protocol !== ICMP) return null;
  const word = (at: number): number => ((frame[at] ?? 0) << 8) | (frame[at + 1] ?? 0);
  const ip = (at: number): string => [...frame.subarray(at, at + 4)].join('.');
  return {
    protocol,
    from: `${ip(26)}:${word(HEADER_BYTES)}`,
    to: `${ip(30)}:${word(HEADER_BYTES + 2)}`,
    id: word(HEADER_BYTES + 4),
  };
}

function packet(
  dice: Dice,
  protocol: number,
  from: string,
  to: string,
  echoType: number,
  id: number,
): Uint8Array {
  if (protocol === TCP) return tcp({ from, to, flags: dice.pick(FLAGS) });
  if (protocol === UDP) return udp({ from, to, checksum: dice.chance(0.8) });
  const message = noise(dice, 20);
  message.set([echoType, 0, dice.below(256), dice.below(256), id >> 8, id & 0xff]);
  return ipv4({ from, to }, ICMP, message);
}
