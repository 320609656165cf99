/** Where two datapaths make something else of one packet, and the smallest packet that shows it. */
import {
  frameBytesMin,
  type Outcome,
  type PacketRunner,
} from '../../services/ports/datapath/packet-runner.ts';
import type { ProgramName } from '../../services/ports/datapath/port.ts';

export interface Pair {
  readonly kernel: PacketRunner;
  readonly twin: PacketRunner;
}

export interface Difference {
  readonly program: ProgramName;
  readonly frame: Uint8Array;
  readonly kernel: Outcome;
  readonly twin: Outcome;
}

const PASSES_MAX = 8;

/** The first of them that differs, or null. */
export function firstDifference(
  { kernel, twin }: Pair,
  program: ProgramName,
  frames: readonly Uint8Array[],
): Difference | null {
  const [ofKernel, ofTwin] = [kernel.run(program, frames), twin.run(program, frames)];
  for (const [index, frame] of frames.entries()) {
    const [one, other] = [ofKernel[index], ofTwin[index]];
    if (one === undefined || other === undefined) throw new Error('a run answered too little');
    if (!isSame(one, other)) return { program, frame, kernel: one, twin: other };
  }
  return null;
}

/** Cut shorter and filled with zeros, as long as it still differs. */
export function smallest(pair: Pair, found: Difference): Difference {
  let best = found;
  for (let pass = 0; pass < PASSES_MAX; pass++) {
    const before = best;
    for (const frame of simpler(best.frame)) {
      if (frame.length > best.frame.length) continue;
      if (frame.length < frameBytesMin(best.program, frame)) continue;
      const still = firstDifference(pair, best.program, [frame]);
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
