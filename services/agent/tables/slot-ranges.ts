/**
 * Which elements of the kernel's slots are a berth's flexible ports. A range is of one berth of one
 * pod alone, as long as the pod has it; an agent that starts again finds each in the kernel's own
 * entry of the pod, so that flows keep their ports. What was let go of is given to nobody while the
 * kernel's entry still points there, and the next berth there is of another generation: a packet
 * that was under way with the old entry leaves nothing that the new one would believe.
 */
import type { PodUid } from '../../contract/identity.ts';
import type { IpAddress } from '../../contract/ip-address.ts';
import {
  decodePod,
  GENERATIONS,
  type PodBerth,
  podKey,
  SLOTS_ENTRIES,
  type SlotRange,
  slotCount,
} from '../../ports/datapath/tables/pods.ts';
import { type Content, type KeyText, keyBytes, keyText } from './content.ts';

export type BerthPlace = Pick<PodBerth, 'natAddress' | 'base' | 'sizeLog2'>;

export interface SlotRanges {
  /**
   * All berths that the pod has now; the ranges of others that it had go. Null: none is left, and
   * what has no direct port is rejected.
   */
  assign(uid: PodUid, ip: IpAddress | null, places: readonly BerthPlace[]): (SlotRange | null)[];
}

interface Counted extends SlotRange {
  readonly count: number;
}

interface Held extends Counted {
  /** Of the pod's entry in the kernel. */
  readonly key: KeyText;
}

/** `name`: of range and berth. */
interface Named extends Held {
  readonly name: string;
}

/** Ranges are multiples of it: the flexible ports of the smallest block. */
const GRANULE = 16;
const GRANULES = SLOTS_ENTRIES / GRANULE;

/** `kernelPods`: what the kernel has, whenever it is looked at. */
export function createSlotRanges(kernelPods: Content['pods']): SlotRanges {
  const space = createSlotSpace();
  const held = new Map<PodUid, Map<string, Held>>();
  /** Let go of, and perhaps still in the kernel. */
  let leaving: readonly Held[] = [];
  /** Of an earlier agent, and nobody's yet. Null: the kernel was not looked at. */
  let found: readonly Named[] | null = null;

  function isInKernel(range: Held): boolean {
    const there = rangesIn(range.key, kernelPods.get(range.key) ?? null);
    const isThere = there.some(({ first }) => first === range.first);
    if (!isThere) space.mark(range, false);
    return isThere;
  }

  function lookAtKernel(): void {
    if (found === null) {
      found = [...kernelPods].flatMap(([key, value]) => rangesIn(key, value));
      for (const range of found) space.mark(range, true);
    }
    leaving = leaving.filter(isInKernel);
    found = found.filter(isInKernel);
  }

  function adopted(key: KeyText, place: BerthPlace): Held | null {
    const start = `${nameOf(place)} `;
    const range = found?.find((one) => one.key === key && one.name.startsWith(start));
    if (range === undefined) return null;
    found = (found ?? []).filter((other) => other !== range);
    return range;
  }

  function fresh(key: KeyText, { sizeLog2 }: BerthPlace): Held | null {
    const range = space.take(slotCount(sizeLog2));
    return range && { ...range, key };
  }

  return {
    assign(uid, ip, places) {
      lookAtKernel();
      const before = held.get(uid) ?? new Map<string, Held>();
      const key = ip === null ? null : keyText(podKey(ip));
      const now = new Map<string, Held>();
      const ranges = places.map((place) => {
        if (key === null) return null;
        const kept = before.get(nameOf(place));
        const range = kept?.key === key ? kept : (adopted(key, place) ?? fresh(key, place));
        if (range !== null) now.set(nameOf(place), range);
        return range;
      });
      const gone = [...before].flatMap(([name, range]) => (now.get(name) === range ? [] : [range]));
      leaving = [...leaving, ...gone];
      if (now.size === 0) held.delete(uid);
      else held.set(uid, now);
      return ranges.map((range) => range && { first: range.first, generation: range.generation });
    },
  };
}

interface SlotSpace {
  mark(range: Counted, isTaken: boolean): void;
  /** Null: there is no room. */
  take(count: number): Counted | null;
}

function createSlotSpace(): SlotSpace {
  /** One byte a granule: whether it is taken, and its last generation. The first is never given. */
  const taken = new Uint8Array(GRANULES).fill(1, 0, 1);
  const generations = new Uint8Array(GRANULES);
  let next = 1;
  let lastGeneration = 0;

  function mark({ first, count, generation }: Counted, isTaken: boolean): void {
    const [from, to] = [first / GRANULE, (first + count) / GRANULE];
    taken.fill(isTaken ? 1 : 0, from, to);
    if (isTaken) generations.fill(generation, from, to);
  }

  /** The next free place behind the last one: what was let go of rests longest. */
  function freeFirst(count: number): number | null {
    const size = count / GRANULE;
    const places = GRANULES / size;
    const start = Math.ceil(next / size);
    for (let i = 0; i < places; i++) {
      const at = ((start + i) % places) * size;
      if (taken.subarray(at, at + size).includes(1)) continue;
      next = (at + size) % GRANULES;
      return at * GRANULE;
    }
    return null;
  }

  function freshGeneration(first: number, count: number): number {
    const before = new Set(generations.subarray(first / GRANULE, (first + count) / GRANULE));
    for (let i = 0; i < GENERATIONS; i++) {
      lastGeneration = (lastGeneration + 1) % GENERATIONS;
      if (!before.has(lastGeneration)) break;
    }
    return lastGeneration;
  }

  return {
    mark,
    take(count) {
      const first = freeFirst(count);
      if (first === null) return null;
      const range = { first, count, generation: freshGeneration(first, count) };
      mark(range, true);
      return range;
    },
  };
}

function nameOf({ natAddress, base, sizeLog2 }: BerthPlace): string {
  return `${natAddress} ${base} ${sizeLog2}`;
}

/** Of a pod's entry; what is no entry of ours points nowhere. */
export function rangesIn(key: KeyText, value: Uint8Array | null): Named[] {
  if (value === null) return [];
  try {
    return decodePod({ key: keyBytes(key), value }).berths.flatMap((berth) => {
      if (berth.slots === undefined) return [];
      const name = `${nameOf(berth)} ${berth.slots.first} ${berth.slots.generation}`;
      return [{ ...berth.slots, key, count: slotCount(berth.sizeLog2), name }];
    });
  } catch {
    return [];
  }
}
