/** What was counted, since the tables were made. */
import type { Counter } from '../port.ts';
import { REASONS, type ReasonName } from '../tables/reasons.gen.ts';
import type { Kept } from './kept.ts';

export interface KeptCounters {
  count(reason: ReasonName, bytes: number): void;
  read(): Counter[];
  save(): void;
}

const NAME = 'counters';

export function keptCounters(kept: Kept): KeptCounters {
  const sums = new Map<ReasonName, { packets: number; bytes: number }>();
  for (const { name } of REASONS) sums.set(name, { packets: 0, bytes: 0 });
  for (const [name, text] of kept.load(NAME)) sums.set(name as ReasonName, JSON.parse(text));
  return {
    count(reason, bytes) {
      const sum = sums.get(reason);
      if (sum === undefined) return;
      sum.packets++;
      sum.bytes += bytes;
    },
    read: () =>
      [...sums].map(([reason, { packets, bytes }]) => {
        return { reason, packets: BigInt(packets), bytes: BigInt(bytes) };
      }),
    save: () =>
      kept.save(
        NAME,
        [...sums].map(([name, sum]) => [name, JSON.stringify(sum)]),
      ),
  };
}
