/** How often a value was at most so much: a count for each bucket, their sum, and all. */
import type { Sample } from './text-format.ts';

export interface Histogram {
  observe(value: number): void;
  samples(): readonly Sample[];
}

/** `bounds` ascend; what is above the last counts in the infinite one. */
export function createHistogram(bounds: readonly number[]): Histogram {
  const counts = new Array<number>(bounds.length + 1).fill(0);
  let sum = 0;
  return {
    observe(value) {
      const at = bounds.findIndex((bound) => value <= bound);
      const bucket = at < 0 ? bounds.length : at;
      counts[bucket] = (counts[bucket] ?? 0) + 1;
      sum += value;
    },
    samples() {
      let count = 0;
      const buckets = counts.map((inBucket, at): Sample => {
        count += inBucket;
        const le = at < bounds.length ? String(bounds[at]) : '+Inf';
        return { suffix: '_bucket', labels: { le }, value: count };
      });
      const whole = { labels: {}, value: count };
      return [...buckets, { ...whole, suffix: '_sum', value: sum }, { ...whole, suffix: '_count' }];
    },
  };
}
