/** Randomness and ids as a dependency, so that a test can repeat a run. */
import { randomUUID } from 'node:crypto';

export interface Random {
  /** In [0, 1). */
  next(): number;
  /** A new unique id. */
  id(): string;
}

export function systemRandom(): Random {
  return { next: () => Math.random(), id: () => randomUUID() };
}
