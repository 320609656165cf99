/**
 * Rounds of what is compared, in turn (A B, B A, A B ...), so that a neighbour that takes the
 * machine for a while takes it from both. Work of one process is told in its CPU seconds: on a
 * shared machine these are its own, while the wall clock's are everybody's.
 */

export interface Spent {
  readonly wallSeconds: number;
  /** Of the whole process, its helper threads (garbage collection, compilers, disk) included. */
  readonly cpuSeconds: number;
}

const MICROSECONDS = 1e6;

export async function spent(work: () => unknown): Promise<Spent> {
  const cpu = process.cpuUsage();
  const started = performance.now();
  await work();
  const wallSeconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { wallSeconds, cpuSeconds: (user + system) / MICROSECONDS };
}

/** What each contender gave, round by round. */
export async function inTurn<Name extends string, Value>(
  rounds: number,
  contenders: Readonly<Record<Name, () => Promise<Value>>>,
): Promise<Record<Name, Value[]>> {
  const names = Object.keys(contenders) as Name[];
  const values = Object.fromEntries(names.map((name) => [name, [] as Value[]]));
  const given = values as Record<Name, Value[]>;
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? names : [...names].reverse();
    for (const name of order) given[name].push(await contenders[name]());
  }
  return given;
}

/** `a / b`, round by round. */
export function ratios(a: readonly number[], b: readonly number[]): number[] {
  return a.map((value, round) => value / (b[round] ?? Number.NaN));
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The nearest rank: a value that was measured. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = Math.max(0, Math.ceil(share * sorted.length) - 1);
  return sorted[rank] ?? Number.NaN;
}
