/** The words of flexible ports in the kernel, for tests; else the programs alone write them. */
import type { SlotWords } from '../packet-runner.ts';
import { badEntry } from '../tables/bytes.ts';
import { errnoName } from './errno.ts';
import type { KernelObjects } from './objects.ts';

export function kernelSlots({ library, map }: KernelObjects): SlotWords {
  const keysOf = (first: number, count: number) =>
    new Uint8Array(Uint32Array.from({ length: count }, (_, index) => first + index).buffer);
  const check = (result: number): void => {
    if (result < 0) throw badEntry('slots', errnoName(result));
  };
  return {
    read(first, count) {
      const words = new BigUint64Array(count);
      const keys = keysOf(first, count);
      const bytes = new Uint8Array(words.buffer);
      check(library.mapLookupBatch(map('slots'), keys, bytes, new Uint8Array(count), count));
      return [...words];
    },
    write(first, words) {
      const bytes = new Uint8Array(BigUint64Array.from(words).buffer);
      const count = Uint32Array.of(words.length);
      check(library.mapUpdateBatch(map('slots'), keysOf(first, words.length), bytes, count));
    },
  };
}
