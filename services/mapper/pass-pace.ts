/**
 * When passes are saved: every few seconds while they are small; where states are big, so seldom
 * that only so many characters a second are made of them, whatever changes; but never is so much
 * left unsaved that who starts would fold it for long. The one that has waited longest goes first.
 */
import { hasCode } from '../contract/errors.ts';
import { tell } from '../runtime/channels.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Checkpointer } from './checkpointing.ts';

export interface PassPaceInit {
  readonly everyMs: number;
  readonly checkpointers: () => Iterable<Checkpointer>;
}

/** 150,000 pods are 75 MB: all of it once in 75 s, at most. */
const CHARACTERS_PER_SECOND = 1_000_000;
/** What may be spent at once after a quiet time. */
const SAVED_UP_CHARACTERS_MAX = 5_000_000;
/** Of one partition; it takes a mapper some seconds to fold them, on Kafka too. */
const RECORDS_UNSAVED_MAX = 100_000;

/** Until its signal is aborted. A pass that failed is made good by the next. */
export async function savePasses(
  { everyMs, checkpointers }: PassPaceInit,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  signal: AbortSignal,
): Promise<void> {
  const savedAtMs = new WeakMap<Checkpointer, number>();
  const beganAtMs = clock.nowMs();
  const lastOf = (each: Checkpointer): number => savedAtMs.get(each) ?? beganAtMs;
  let budget = SAVED_UP_CHARACTERS_MAX;

  async function saveDue(): Promise<void> {
    const waiting = [...checkpointers()].filter(({ records }) => records > 0);
    for (const each of waiting.sort((a, b) => lastOf(a) - lastOf(b))) {
      if (budget <= 0 && each.records < RECORDS_UNSAVED_MAX) continue;
      const atMs = clock.nowMs();
      budget -= await each.save();
      savedAtMs.set(each, atMs);
    }
  }

  while (!signal.aborted) {
    await clock.sleep(everyMs, signal);
    if (signal.aborted) return;
    const earned = (CHARACTERS_PER_SECOND * everyMs) / 1000;
    budget = Math.min(budget + earned, SAVED_UP_CHARACTERS_MAX);
    try {
      await saveDue();
    } catch (error) {
      if (hasCode(error, 'BERTH_FOLD_CHECKPOINT_DIFFERS')) throw error;
      log.warn({ error }, 'checkpoints were not saved, again later');
    }
    const behind = [...checkpointers()].filter(({ records }) => records > 0).map(lastOf);
    tell('berth:mapper:checkpoints-saved', { allUpToMs: Math.min(clock.nowMs(), ...behind) });
  }
}
