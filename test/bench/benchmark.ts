/**
 * What a benchmark is and what it says. It measures in rounds, what is compared taken in turn,
 * since the machine is shared and noisy; a number that can have a peer has one in the same run. It
 * also proves that the work was done: a fast answer that is wrong is no result. Nothing here is
 * asserted against a clock; goals stand beside the numbers, for people to judge.
 */

/** tiny: a smoke test. quick: minutes for all of them. full: what docs/benchmarks.md is made of. */
export const SIZES = ['tiny', 'quick', 'full'] as const;
export type Size = (typeof SIZES)[number];

export type Unit =
  | 'x'
  | 'events/s'
  | 'packets/s'
  | 'connections/s'
  | 'jobs/s'
  | 'pushes/s'
  | 'ms'
  | 's'
  | 'ns'
  | 'MiB'
  | 'cores'
  | 'entries'
  | 'updates'
  | '%';

export type Goal = { readonly atLeast: number } | { readonly atMost: number };

export interface Measure {
  readonly what: string;
  readonly unit: Unit;
  /** One a round. */
  readonly values: readonly number[];
  readonly goal?: Goal;
  /** How it was got, where that is not plain; an extrapolation says that it is one. */
  readonly note?: string;
}

/** Something that was checked, with what was found: the work was really done. */
export interface Proof {
  readonly what: string;
  readonly holds: boolean;
}

export interface Findings {
  readonly measures: readonly Measure[];
  readonly proofs: readonly Proof[];
  /** The sizes that were run, for people: "1,000,000 records". */
  readonly setting: string;
}

export interface BenchmarkRun {
  readonly size: Size;
  readonly rounds: number;
  /** One line of progress, for people. */
  say(line: string): void;
}

export interface Benchmark {
  readonly name: string;
  /** What is measured, how, and against what: the text of its section in docs/benchmarks.md. */
  readonly about: string;
  /** What it needs of the machine and cannot do without. */
  readonly needs: {
    readonly root: boolean;
    /** Why it cannot run here: a server that is not to be had. */
    readonly missing?: string | null;
  };
  run(run: BenchmarkRun): Promise<Findings>;
}

export interface Result extends Findings {
  readonly name: string;
  readonly size: Size;
  readonly seconds: number;
}
