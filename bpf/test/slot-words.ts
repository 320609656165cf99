/**
 * The words of flexible ports (bpf/lib/slots.h) as a test reads and sets them: beside the datapath
 * that runs the packets, on the same pinned map.
 */
import { resolve } from 'node:path';
import { openObjects } from '../../services/ports/datapath/kernel/objects.ts';

export interface SlotWord {
  readonly port: number;
  readonly remote: number;
  readonly protocol: number;
  readonly bits: readonly BitName[];
  readonly generation: number;
  readonly seen: number;
}

export interface SlotWords {
  /** Null: all zero. */
  read(element: number): SlotWord | null;
  /** As if it had last been refreshed so much earlier, in units of 2^30 ns. */
  age(element: number, units: number): void;
  close(): void;
}

const BITS = { established: 34, finOut: 35, finIn: 36, reset: 37, shared: 38 } as const;
export type BitName = keyof typeof BITS;

const SEEN_AT = 44n;
const SEEN_BITS = 20;
const OBJECT_DIR = resolve(import.meta.dirname, '../../build/bpf');

export function slotWords(pinDir: string): SlotWords {
  const objects = openObjects({ pinDir, objectDir: OBJECT_DIR });
  const { library } = objects;
  const map = objects.map('slots');
  const keyOf = (element: number) => new Uint8Array(Uint32Array.of(element).buffer);

  function word(element: number): bigint {
    const value = new BigUint64Array(1);
    const bytes = new Uint8Array(value.buffer);
    const result = library.mapLookupBatch(map, keyOf(element), bytes, new Uint8Array(1), 1);
    if (result < 0) throw new Error(`slot ${element}: ${result}`);
    return value[0] ?? 0n;
  }

  return {
    read(element) {
      const value = word(element);
      const part = (at: number, bits: number) =>
        Number((value >> BigInt(at)) & ((1n << BigInt(bits)) - 1n));
      if (value === 0n) return null;
      return {
        port: part(0, 16),
        remote: part(16, 16),
        protocol: part(32, 2),
        bits: (Object.keys(BITS) as BitName[]).filter((name) => part(BITS[name], 1) === 1),
        generation: part(40, 4),
        seen: part(44, SEEN_BITS),
      };
    },
    age(element, units) {
      const value = word(element);
      const seen = BigInt.asUintN(SEEN_BITS, (value >> SEEN_AT) - BigInt(units));
      const older = (value & ((1n << SEEN_AT) - 1n)) | (seen << SEEN_AT);
      const bytes = new Uint8Array(BigUint64Array.of(older).buffer);
      const result = library.mapUpdateBatch(map, keyOf(element), bytes, Uint32Array.of(1));
      if (result < 0) throw new Error(`slot ${element}: ${result}`);
    },
    close: objects.close,
  };
}
