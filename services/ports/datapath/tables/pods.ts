/**
 * `pods`: pod IP -> its berths. What is not in here is not known to the node, and is held back from
 * every protected destination if it is a pod at all (see `local-pods.ts`).
 */
import type { IpAddress } from '../../../contract/ip-address.ts';
import type { Entry } from '../port.ts';
import { badEntry, structReader, structWriter } from './bytes.ts';
import { ipOfKey, keyOfIp } from './ip-key.ts';
import { ABI, LAYOUT } from './layout.gen.ts';

export interface PodBerth {
  readonly natAddress: IpAddress;
  /** First port of the block; a multiple of its size. */
  readonly base: number;
  /** log2 of N, 6 to 14. */
  readonly sizeLog2: number;
  /** False: what this berth's policy set covers is rejected. */
  readonly mapped: boolean;
  readonly policySet: number;
  /** Of its flexible ports. @default none: ports outside the narrow range are rejected */
  readonly slots?: SlotRange;
}

/** F = N/4 elements of the kernel's slots, for one berth alone. */
export interface SlotRange {
  /** The first; a multiple of F, and not 0. */
  readonly first: number;
  /** Below `GENERATIONS`; another one than the range's last berth had. */
  readonly generation: number;
}

export const SLOTS_ENTRIES = ABI.SLOTS_ENTRIES;
/** What the word of a slot has room for. */
export const GENERATIONS = 16;
/** The part of a block that is flexible ports. */
const FLEXIBLE_LOG2 = 2;

export interface PodEntry {
  readonly ip: IpAddress;
  /** True: what set 1 covers is rejected unless a berth takes it. */
  readonly selected: boolean;
  /** In order: the first whose policy set covers a destination takes it. */
  readonly berths: readonly PodBerth[];
}

const POD = LAYOUT.berth_pod;
const SLOT = LAYOUT.berth_slot;

export function encodePod(pod: PodEntry): Entry {
  if (pod.berths.length > ABI.BERTHS_MAX) {
    throw badEntry('pods', `${pod.ip} has ${pod.berths.length} berths, at most ${ABI.BERTHS_MAX}`);
  }
  const value = structWriter('pods', POD.size);
  value.ip(POD.offsets.ip, pod.ip);
  value.u8(POD.offsets.flags, pod.selected ? ABI.POD_SELECTED : 0);
  value.u8(POD.offsets.berth_count, pod.berths.length);
  pod.berths.forEach((berth, index) => {
    const fault = blockFault(berth.base, berth.sizeLog2);
    if (fault !== null) throw badEntry('pods', `${pod.ip}: ${fault}`);
    const at = POD.offsets.berths + index * SLOT.size;
    value.ip(at + SLOT.offsets.nat_address, berth.natAddress);
    value.u16(at + SLOT.offsets.base, berth.base);
    value.u8(at + SLOT.offsets.size_log2, berth.sizeLog2);
    value.u8(at + SLOT.offsets.flags, berth.mapped ? ABI.SLOT_MAPPED : 0);
    value.u32(at + SLOT.offsets.policy_set, berth.policySet);
    if (berth.slots === undefined) return;
    value.u32(at + SLOT.offsets.flexible, checkedFirst(berth.slots, berth.sizeLog2));
    value.u8(at + SLOT.offsets.generation, berth.slots.generation);
  });
  return { key: podKey(pod.ip), value: value.bytes };
}

export function podKey(ip: IpAddress): Uint8Array {
  return keyOfIp(ip);
}

export function decodePod(entry: Entry): PodEntry {
  const value = structReader('pods', entry.value, POD.size);
  const count = value.u8(POD.offsets.berth_count);
  if (count > ABI.BERTHS_MAX) throw badEntry('pods', `${count} berths`);
  return {
    ip: ipOfKey('pods', entry.key),
    selected: (value.u8(POD.offsets.flags) & ABI.POD_SELECTED) !== 0,
    berths: Array.from({ length: count }, (_, index) => {
      const at = POD.offsets.berths + index * SLOT.size;
      const first = value.u32(at + SLOT.offsets.flexible);
      const generation = value.u8(at + SLOT.offsets.generation);
      return {
        natAddress: value.ip(at + SLOT.offsets.nat_address),
        base: value.u16(at + SLOT.offsets.base),
        sizeLog2: value.u8(at + SLOT.offsets.size_log2),
        mapped: (value.u8(at + SLOT.offsets.flags) & ABI.SLOT_MAPPED) !== 0,
        policySet: value.u32(at + SLOT.offsets.policy_set),
        ...(first === 0 ? {} : { slots: { first, generation } }),
      };
    }),
  };
}

/** F: how many flexible ports, and slots, a block has. */
export function slotCount(sizeLog2: number): number {
  return 2 ** (sizeLog2 - FLEXIBLE_LOG2);
}

function checkedFirst({ first, generation }: SlotRange, sizeLog2: number): number {
  const count = slotCount(sizeLog2);
  const isRange = first > 0 && first % count === 0 && first + count <= SLOTS_ENTRIES;
  if (!isRange) throw badEntry('pods', `${first} is the first of no ${count} slots`);
  if (generation >= GENERATIONS) throw badEntry('pods', `generation ${generation}`);
  return first;
}

/** Why these can be no block, or null. A misaligned block would overlap its neighbours. */
export function blockFault(base: number, sizeLog2: number): string | null {
  if (sizeLog2 < ABI.SIZE_LOG2_MIN || sizeLog2 > ABI.SIZE_LOG2_MAX) return `2^${sizeLog2} ports`;
  return base % 2 ** sizeLog2 === 0 ? null : `base ${base} is no multiple of 2^${sizeLog2}`;
}
