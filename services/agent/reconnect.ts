/**
 * How long an agent waits before it tries again to reach a hub. While nobody listens there, each
 * try is refused at once and costs next to nothing, and every pod that starts waits for the hub:
 * so the waits stay short. Any other failure may be a hub that has too much to do already (a
 * handshake costs it a millisecond): they grow further. Half of each wait is random.
 */
import type { Random } from '../runtime/random.ts';

export interface Backoff {
  readonly backoffFirstMs: number;
  readonly backoffMaxMs: number;
  /** The longest while nobody listens. */
  readonly absentMaxMs: number;
}

/** gRPC passes on the system's words only. */
const REFUSED = /\bECONNREFUSED\b/;

export function waitMsAfter(
  { failures, error }: { readonly failures: number; readonly error: unknown },
  { backoffFirstMs, backoffMaxMs, absentMaxMs }: Backoff,
  random: Random,
): number {
  const isAbsent = error instanceof Error && REFUSED.test(error.message);
  const longestMs = isAbsent ? Math.min(absentMaxMs, backoffMaxMs) : backoffMaxMs;
  const grownMs = backoffFirstMs * 2 ** Math.max(0, failures - 1);
  return Math.min(longestMs, grownMs) * (0.5 + random.next() / 2);
}
