/** Where two datapaths make something else of one packet, and the smallest packet that shows it. */
import {
  frameBytesMin,
  type Outcome,
  type PacketDatapath,
} from '../../services/ports/datapath/packet-runner.ts';
import type { ProgramName } from '../../services/ports/datapath/port.ts';

export interface Datapaths {
  readonly kernel: PacketDatapath;
  readonly twin: PacketDatapath;
}

export interface Difference {
  readonly program: ProgramName;
  readonly frame: Uint8Array;
  readonly kernel: Told;
  readonly twin: Told;
}

/** What one made of it; `note` is what it left behind. */
export interface Told extends Outcome {
  readonly note?: string;
}

const PASSES_MAX = 8;

/** The first frame that comes out differently, if one does, and what became of all in the twin. */
export function compare(
  { kernel, twin }: Datapaths,
  program: ProgramName,
  frames: readonly Uint8Array[],
): { difference: Difference | null; outcomes: readonly Outcome[] } {
  const ofKernel = kernel.packets.run(program, frames);
  const outcomes = twin.packets.run(program, frames);
  for (const [index, frame] of frames.entries()) {
    const [one, other] = [ofKernel[index], outcomes[index]];
    if (one === undefined || other === undefined) throw new Error('a run answered too little');
    const difference = { program, frame, kernel: one, twin: other };
    if (!isSame(one, other)) return { difference, outcomes };
  }
  return { difference: null, outcomes };
}

/**
 * The frame cut shorter and filled with zeros, as long as it alone still differs after a `reset` of
 * what packets change; the frame as it is where it needs those before it.
 */
export function smallest(pair: Datapaths, found: Difference, reset: () => void): Difference {
  const again = (frame: Uint8Array): Difference | null => {
    reset();
    return compare(pair, found.program, [frame]).difference;
  };
  let best = again(found.frame) ?? found;
  for (let pass = 0; pass < PASSES_MAX; pass++) {
    const before = best;
    for (const frame of simpler(best.frame)) {
      if (frame.length > best.frame.length) continue;
      if (frame.length < frameBytesMin(best.program, frame)) continue;
      const still = again(frame);
      if (still !== null && isSimpler(still.frame, best.frame)) best = still;
    }
    if (best === before) break;
  }
  return best;
}

function* simpler(frame: Uint8Array): Generator<Uint8Array> {
  for (let cut = frame.length; cut >= 1; cut = Math.floor(cut / 2)) {
    yield frame.slice(0, frame.length - cut);
  }
  for (let at = 0; at < frame.length; at++) {
    if (frame[at] === 0) continue;
    const zeroed = frame.slice();
    zeroed[at] = 0;
    yield zeroed;
  }
}

function isSimpler(frame: Uint8Array, than: Uint8Array): boolean {
  if (frame.length !== than.length) return frame.length < than.length;
  const weight = (bytes: Uint8Array) => bytes.reduce((sum, byte) => sum + (byte === 0 ? 0 : 1), 0);
  return weight(frame) < weight(than);
}

function isSame(one: Outcome, other: Outcome): boolean {
  return (
    one.verdict === other.verdict &&
    Buffer.compare(one.frame, other.frame) === 0 &&
    countedOf(one) === countedOf(other)
  );
}

export function countedOf({ counted }: Outcome): string {
  const texts = counted.map(({ reason, packets, bytes }) => `${reason} ${packets}/${bytes}`);
  return texts.sort().join(', ');
}
