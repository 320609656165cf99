/** A count that can be asked for from a second on; the oldest seconds run together. */
export interface CountedSince {
  add(atMs: number, count: number): void;
  /** All that was counted in the second of `sinceMs` and later. */
  since(sinceMs: number): number;
}

const SECONDS_MAX = 100_000;
const MS_PER_SECOND = 1000;

export function createCountedSince(): CountedSince {
  const seconds = new Map<number, number>();
  return {
    add: (atMs, count) => {
      const second = Math.floor(atMs / MS_PER_SECOND);
      seconds.set(second, (seconds.get(second) ?? 0) + count);
      if (seconds.size <= SECONDS_MAX) return;
      const [oldest = 0, next = 0] = seconds.keys();
      seconds.set(next, (seconds.get(next) ?? 0) + (seconds.get(oldest) ?? 0));
      seconds.delete(oldest);
    },
    since: (sinceMs) => {
      const first = Math.floor(sinceMs / MS_PER_SECOND);
      return [...seconds].reduce((sum, [second, count]) => (second < first ? sum : sum + count), 0);
    },
  };
}
