/** How long a job that failed waits: for its adapters. */
import type { Random } from '../../runtime/random.ts';

/** Doubles up to its maximum; the jitter takes up to a half of it away. */
export function backoffMs(
  backoff: { readonly firstMs: number; readonly maxMs: number },
  attempt: number,
  random: Random,
): number {
  const fullMs = Math.min(backoff.maxMs, backoff.firstMs * 2 ** (attempt - 1));
  return Math.ceil(fullMs * (1 - random.next() / 2));
}

export const BACKOFF = { firstMs: 200, maxMs: 30_000 };
