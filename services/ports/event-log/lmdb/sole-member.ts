/**
 * Membership where one process owns the log and each function runs once in it: whoever joins has
 * all partitions, from the start until it leaves.
 */
import { untilAborted } from '../../../runtime/aborted.ts';

export async function* soleMember(
  partitions: readonly number[],
  signal: AbortSignal,
): AsyncGenerator<readonly number[], void, void> {
  if (signal.aborted) return;
  yield partitions;
  await untilAborted(signal);
}
