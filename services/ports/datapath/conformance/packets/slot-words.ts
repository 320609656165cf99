/**
 * The words of flexible ports (bpf/lib/slots.h) as fixtures read and set them, beside the packets
 * that they run.
 */
import type { SlotWords } from '../../packet-runner.ts';

export interface SlotWord {
  readonly port: number;
  readonly remote: number;
  readonly protocol: number;
  readonly bits: readonly BitName[];
  readonly generation: number;
  readonly seen: number;
}

const BITS = { established: 34, finOut: 35, finIn: 36, reset: 37, shared: 38 } as const;
type BitName = keyof typeof BITS;

const SEEN_AT = 44n;
const SEEN_BITS = 20;

/** Null: all zero. */
export function readSlot(slots: SlotWords, element: number): SlotWord | null {
  const word = wordAt(slots, element);
  const part = (at: number, bits: number) =>
    Number((word >> BigInt(at)) & ((1n << BigInt(bits)) - 1n));
  if (word === 0n) return null;
  return {
    port: part(0, 16),
    remote: part(16, 16),
    protocol: part(32, 2),
    bits: (Object.keys(BITS) as BitName[]).filter((name) => part(BITS[name], 1) === 1),
    generation: part(40, 4),
    seen: part(44, SEEN_BITS),
  };
}

/** As if it had last been refreshed so much earlier, in units of 2^30 ns. */
export function ageSlot(slots: SlotWords, element: number, units: number): void {
  const word = wordAt(slots, element);
  const seen = BigInt.asUintN(SEEN_BITS, (word >> SEEN_AT) - BigInt(units));
  slots.write(element, [BigInt.asUintN(Number(SEEN_AT), word) | (seen << SEEN_AT)]);
}

function wordAt(slots: SlotWords, element: number): bigint {
  return slots.read(element, 1)[0] ?? 0n;
}
