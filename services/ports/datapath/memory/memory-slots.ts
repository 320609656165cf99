/** The words of flexible ports in memory; kept like a table, once a run of packets is over. */
import type { SlotWords } from '../packet-runner.ts';
import { badEntry } from '../tables/bytes.ts';
import { SLOTS_ENTRIES } from '../tables/pods.ts';
import type { Kept } from './kept.ts';
import type { SlotStore } from './programs/slots.ts';

export interface MemorySlots extends SlotStore, SlotWords {
  clear(first: number, count: number): void;
  save(): void;
}

const NAME = 'slots';

export function memorySlots(kept: Kept): MemorySlots {
  const words = new Map(kept.load(NAME).map(([element, word]) => [Number(element), BigInt(word)]));
  let isChanged = false;
  const setWord = (element: number, word: bigint): void => {
    isChanged = true;
    if (word === 0n) words.delete(element);
    else words.set(element, word);
  };
  const save = (): void => {
    if (!isChanged) return;
    isChanged = false;
    kept.save(
      NAME,
      [...words].map(([element, word]) => [`${element}`, `${word}`]),
    );
  };
  return {
    word: (element) => words.get(element) ?? 0n,
    setWord,
    save,
    nowNs: () => process.hrtime.bigint(),
    read: (first, count) => Array.from({ length: count }, (_, at) => words.get(first + at) ?? 0n),
    write(first, all) {
      all.forEach((word, at) => {
        setWord(first + at, word);
      });
      save();
    },
    clear(first, count) {
      if (first < 0 || first + count > SLOTS_ENTRIES) throw badEntry('slots', `slot ${first}`);
      for (let element = first; element < first + count; element++) setWord(element, 0n);
      save();
    },
  };
}
