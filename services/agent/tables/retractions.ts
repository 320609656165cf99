/**
 * What has to be let go of before anything else changes: a pod entry maps a block that shall lead
 * elsewhere (to another pod, another node, or nowhere, since its address moves to another block
 * size). While it did both, replies would reach somebody else. The pod keeps its other berths, and
 * what it loses is rejected from then on.
 */
import { berthError } from '../../contract/errors.ts';
import type { IpAddress } from '../../contract/ip-address.ts';
import { decodeAddress } from '../../ports/datapath/tables/addresses.ts';
import { decodeBlock } from '../../ports/datapath/tables/blocks.ts';
import {
  decodePod,
  encodePod,
  type PodBerth,
  type PodEntry,
} from '../../ports/datapath/tables/pods.ts';
import { type Content, entriesOf, type KeyText, keyBytes } from './content.ts';
import type { Difference, WantedAt } from './difference.ts';
import type { Step } from './step.ts';

/** @throws BERTH_LINK_BAD_MESSAGE where two pods shall have one block. */
export function retractions(
  differences: readonly Difference[],
  wanted: WantedAt,
  present: Content,
): Step[] {
  const taken = takenBlocks(differences);
  const rerouted = reroutedBlocks(differences, present);
  const resized = resizedAddresses(differences);
  if (taken.size + rerouted.size + resized.size === 0) return [];
  const steps: Step[] = [];
  for (const [key, value] of present.pods) {
    const pod = podAt(key, value);
    if (pod === null) continue;
    const isLost = (berth: PodBerth): boolean => {
      if (!berth.mapped) return false;
      const name = blockName(berth);
      if ((taken.get(name) ?? key) !== key || rerouted.get(name) === pod.ip) return true;
      return (resized.get(berth.natAddress) ?? berth.sizeLog2) !== berth.sizeLog2;
    };
    if (!pod.berths.some(isLost)) continue;
    const next = wanted({ table: 'pods', key });
    if (next === null) {
      steps.push({ kind: 'remove', table: 'pods', keys: [keyBytes(key)] });
      continue;
    }
    for (const berth of blocksOf(key, next)) if (isLost(berth)) throw sharedBlock(berth);
    const berths = pod.berths.map((berth) => (isLost(berth) ? { ...berth, mapped: false } : berth));
    steps.push({ kind: 'put', table: 'pods', entries: [encodePod({ ...pod, berths })] });
  }
  return steps;
}

/** Address -> its new size: berths of another one lead nowhere once the address has moved. */
function resizedAddresses(differences: readonly Difference[]): Map<IpAddress, number> {
  return new Map(
    differences.flatMap(({ table, key, present, wanted }) => {
      if (table !== 'addresses' || present === null || wanted === null) return [];
      const { natAddress, sizeLog2 } = decodeAddress({ key: keyBytes(key), value: wanted });
      return [[natAddress, sizeLog2] as const];
    }),
  );
}

/** Block -> the pod of this node that it led to and will not any more. */
function reroutedBlocks(
  differences: readonly Difference[],
  present: Content,
): Map<string, IpAddress> {
  const rerouted = new Map<string, IpAddress>();
  const changes = differences.filter(({ table, present: was, wanted }) => {
    return table === 'blocks' && was !== null && wanted !== null;
  });
  if (changes.length === 0) return rerouted;
  const addresses = new Map(
    entriesOf(present.addresses).map((entry) => {
      const { addressIndex, natAddress } = decodeAddress(entry);
      return [addressIndex, natAddress];
    }),
  );
  for (const { key, present: was } of changes) {
    const { addressIndex, base, target } = decodeBlock({
      key: keyBytes(key),
      value: was as Uint8Array,
    });
    const natAddress = addresses.get(addressIndex);
    if (target.kind !== 'pod' || natAddress === undefined) continue;
    rerouted.set(blockName({ natAddress, base }), target.ip);
  }
  return rerouted;
}

/** Block -> key of the pod that gets it now. */
function takenBlocks(differences: readonly Difference[]): Map<string, KeyText> {
  const taken = new Map<string, KeyText>();
  for (const { table, key, wanted, present } of differences) {
    if (table !== 'pods' || wanted === null) continue;
    const had = new Set(present === null ? [] : blocksOf(key, present).map(blockName));
    for (const berth of blocksOf(key, wanted)) {
      const name = blockName(berth);
      const other = taken.get(name);
      if (other !== undefined && other !== key) throw sharedBlock(berth);
      if (!had.has(name)) taken.set(name, key);
    }
  }
  return taken;
}

function blocksOf(key: KeyText, value: Uint8Array): PodBerth[] {
  return podAt(key, value)?.berths.filter(({ mapped }) => mapped) ?? [];
}

/** Null for bytes that something else put there. */
function podAt(key: KeyText, value: Uint8Array): PodEntry | null {
  try {
    return decodePod({ key: keyBytes(key), value });
  } catch {
    return null;
  }
}

function blockName({ natAddress, base }: Pick<PodBerth, 'natAddress' | 'base'>): string {
  return `${natAddress} ${base}`;
}

function sharedBlock(berth: PodBerth): Error {
  const reason = `block ${blockName(berth)} shall belong to two pods`;
  return berthError('BERTH_LINK_BAD_MESSAGE', { reason });
}
