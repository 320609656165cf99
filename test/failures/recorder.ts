/**
 * What the log showed to a reader of its own, from its first record on: offsets are dense, nothing
 * is ever something else when it is read again, and what was shown once is there at the end. Keeps
 * records that were deleted since, so that the whole history can be judged.
 */
import { canonicalJson } from '../../services/contract/canonical.ts';
import type { Topic } from '../../services/contract/topics.ts';
import type { Entry, EventLog, Offsets } from '../../services/ports/event-log/port.ts';

export interface Recorder {
  /** Ends once all of this was shown. */
  until(ends: Offsets): Promise<void>;
  /** Up to these ends, by partition, then by offset. */
  entries(ends: Offsets): readonly Entry[];
  /** Reads again all that is still there. @throws when it is not what was shown. */
  compare(ends: Offsets): Promise<void>;
  stop(): Promise<void>;
}

export function createRecorder(log: EventLog, topic: Topic): Recorder {
  const abort = new AbortController();
  const shown = new Map<number, Entry[]>();
  const waiting = new Set<() => void>();
  let failure: Error | null = null;

  const reading = (async () => {
    for await (const batch of log.read(topic, {}, abort.signal)) {
      for (const entry of batch) keep(entry);
      for (const wake of waiting) wake();
    }
  })().catch((error: unknown) => {
    failure = error instanceof Error ? error : new Error(String(error));
    for (const wake of waiting) wake();
  });

  function keep(entry: Entry): void {
    const all = shown.get(entry.partition) ?? [];
    shown.set(entry.partition, all);
    const before = all[entry.offset];
    // Given again after a change of leaders, it is the same.
    if (before !== undefined ? !isSame(before, entry) : entry.offset !== all.length) {
      throw new Error(`${topic}: ${entry.partition}/${entry.offset} after ${all.length - 1}`);
    }
    if (before === undefined) all.push(entry);
  }

  const has = (ends: Offsets): boolean =>
    Object.entries(ends).every(([at, end]) => (shown.get(Number(at))?.length ?? 0) >= end);

  async function until(ends: Offsets): Promise<void> {
    while (!has(ends)) {
      if (failure !== null) throw failure;
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          waiting.delete(wake);
          resolve();
        };
        waiting.add(wake);
      });
    }
  }

  return {
    until,
    entries: (ends) => [...shown].flatMap(([partition, all]) => all.slice(0, ends[partition] ?? 0)),
    compare: async (ends) => {
      const starts = await log.starts(topic);
      const missing = new Set(
        [...shown].flatMap(([partition, all]) =>
          all
            .slice(starts[partition] ?? 0, ends[partition] ?? 0)
            .map(({ offset }) => `${partition}/${offset}`),
        ),
      );
      const again = new AbortController();
      if (missing.size === 0) return;
      for await (const batch of log.read(topic, starts, again.signal)) {
        for (const entry of batch) {
          const before = shown.get(entry.partition)?.[entry.offset];
          if (before !== undefined && !isSame(before, entry)) {
            throw new Error(`${topic}: ${entry.partition}/${entry.offset} is something else now`);
          }
          missing.delete(`${entry.partition}/${entry.offset}`);
        }
        if (missing.size === 0) again.abort();
      }
    },
    stop: async () => {
      abort.abort();
      await reading;
    },
  };
}

function isSame(a: Entry, b: Entry): boolean {
  return (
    a.key === b.key && a.timeMs === b.timeMs && canonicalJson(a.value) === canonicalJson(b.value)
  );
}
