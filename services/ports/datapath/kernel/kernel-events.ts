/** The kernel's ring of events, opened by whoever first takes of it: others leave it alone. */
import type { BerthRing } from '../../../../native/libberth.ts';
import { berthError } from '../../../contract/errors.ts';
import type { DatapathEvents } from '../port.ts';
import { decodeEvent, EVENT_BYTES } from '../tables/events.ts';
import { errnoName } from './errno.ts';
import type { KernelObjects } from './objects.ts';

const EVENTS_PER_CALL = 256;

export function kernelEvents({ library, map }: KernelObjects): DatapathEvents & { close(): void } {
  const records = new Uint8Array(EVENTS_PER_CALL * EVENT_BYTES);
  let opened: BerthRing | null = null;

  function ring(): BerthRing {
    if (opened !== null) return opened;
    const made: (BerthRing | null)[] = [null];
    const result = library.ringOpen(map('events'), made);
    opened = made[0] ?? null;
    if (result < 0 || opened === null) throw unreadable(result);
    return opened;
  }

  return {
    take() {
      const count = Uint32Array.of(EVENTS_PER_CALL);
      const result = library.ringTake(ring(), records, EVENT_BYTES, count);
      if (result < 0) throw unreadable(result);
      return Array.from({ length: count[0] ?? 0 }, (_, index) =>
        decodeEvent(records.subarray(index * EVENT_BYTES, (index + 1) * EVENT_BYTES)),
      );
    },
    lost() {
      const sums = new BigUint64Array(2);
      const result = library.mapSumPairs(map('events_lost'), sums, 1);
      if (result < 0) throw unreadable(result);
      return sums[0] ?? 0n;
    },
    close() {
      if (opened !== null) library.ringClose(opened);
      opened = null;
    },
  };
}

function unreadable(result: number): Error {
  return berthError('BERTH_DATAPATH_LOAD', { reason: `events: ${errnoName(result)}` });
}
