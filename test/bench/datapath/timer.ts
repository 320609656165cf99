/** Times programs, and looks at what they answered: a packet that took another way is no result. */
import { libberth } from '../../../native/libberth.ts';
import { median } from '../rounds.ts';

export interface Timed {
  readonly fd: number;
  readonly frame: Uint8Array;
  /** What the program shall answer. */
  readonly verdict: number;
}

export interface Timer {
  /** Nanoseconds of a run, one run after another on the same frame. */
  many(timed: Timed, repeat: number): number;
  /** The median of runs of one call each. */
  single(timed: Timed, calls: number): number;
  allWereRight(): boolean;
}

export function createTimer(): Timer {
  const library = libberth();
  const verdict = new Uint32Array(1);
  const ns = new Float64Array(1);
  let isRight = true;

  function time({ fd, frame, verdict: wanted }: Timed, repeat: number): number {
    const result = library.progTime(fd, frame, frame.length, repeat, verdict, ns);
    if (result < 0) throw new Error(`BPF_PROG_TEST_RUN: ${result}`);
    if (verdict[0] !== wanted) isRight = false;
    return ns[0] ?? Number.NaN;
  }

  return {
    many: (timed, repeat) => time(timed, repeat),
    single: (timed, calls) => median(Array.from({ length: calls }, () => time(timed, 1))),
    allWereRight: () => isRight,
  };
}
