/**
 * In which order the tables are changed, so that every state on the way is safe to stop in:
 * a packet of a pod that keeps its berth is translated at each step, and no pod's packets ever
 * leave or return by another's berth.
 *
 * First what would be in two hands is let go of: a pod entry whose block goes to another pod loses
 * that slot. Then everything is added and changed, what is pointed to before what points there:
 * nodes, blocks, addresses, policy sets, interfaces, pods, guards. Then the rest is removed, the
 * other way round. A policy that changed is a new set, so its pods flip from the old to the new.
 */
import { berthError } from '../../contract/errors.ts';
import type { IpAddress } from '../../contract/ip-address.ts';
import type { Entry, TableName } from '../../ports/datapath/port.ts';
import { decodeAddress } from '../../ports/datapath/tables/addresses.ts';
import { decodeBlock } from '../../ports/datapath/tables/blocks.ts';
import {
  decodePod,
  encodePod,
  type PodBerth,
  type PodEntry,
} from '../../ports/datapath/tables/pods.ts';
import { decodePolicyEntry, POLICY_SET_FIRST } from '../../ports/datapath/tables/policies.ts';
import {
  type Content,
  entriesOf,
  type KeyText,
  keyBytes,
  keyText,
  type Ref,
  sameBytes,
} from './content.ts';

export type Step =
  | { readonly kind: 'put'; readonly table: TableName; readonly entries: readonly Entry[] }
  | { readonly kind: 'remove'; readonly table: TableName; readonly keys: readonly Uint8Array[] };

interface Difference extends Ref {
  readonly present: Uint8Array | null;
  readonly wanted: Uint8Array | null;
}

type WantedAt = (ref: Ref) => Uint8Array | null;

const BEFORE_GUARDS = ['nodes', 'blocks', 'addresses', 'policies', 'interfaces', 'pods'] as const;
const REMOVAL = ['pods', 'interfaces', 'policies', 'addresses', 'blocks', 'nodes'] as const;
/** Entries that one call of the datapath gets. */
const BATCH_MAX = 512;

/**
 * Steps that make the tables as `wanted` says at these places; none where they are so.
 * @throws BERTH_LINK_BAD_MESSAGE where two pods shall have one block.
 */
export function planSteps(refs: Iterable<Ref>, wanted: WantedAt, present: Content): Step[] {
  const differences = differencesAt(refs, wanted, present);
  const retracted = retractions(differences, wanted, present);
  const gone = new Set(
    retracted.flatMap((step) => (step.kind === 'remove' ? step.keys.map(keyText) : [])),
  );
  const puts = differences.filter((difference) => difference.wanted !== null);
  const removals = differences.filter(({ wanted: value, table, key }) => {
    return value === null && !(table === 'pods' && gone.has(key));
  });
  const guards = puts.filter(isGuard);
  const plain = puts.filter((difference) => !isGuard(difference));
  return [
    ...retracted,
    ...BEFORE_GUARDS.flatMap((table) => putSteps(table, plain)),
    ...putSteps('policies', guards),
    ...putSteps('localPods', puts),
    ...putSteps('config', puts),
    ...REMOVAL.flatMap((table) => removeSteps(table, removals)),
    ...removeSteps('localPods', removals),
    ...removeSteps('config', removals),
  ];
}

function differencesAt(refs: Iterable<Ref>, wanted: WantedAt, present: Content): Difference[] {
  const differences = new Map<string, Difference>();
  for (const { table, key } of refs) {
    const difference = {
      table,
      key,
      present: present[table].get(key) ?? null,
      wanted: wanted({ table, key }),
    };
    if (sameBytes(difference.present, difference.wanted)) continue;
    differences.set(`${table}/${key}`, difference);
  }
  return [...differences.values()];
}

/** Slots whose block goes elsewhere are taken from whoever has them, before anybody gets it. */
function retractions(
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

function isGuard({ table, key, wanted }: Difference): boolean {
  if (table !== 'policies' || wanted === null) return false;
  return decodePolicyEntry({ key: keyBytes(key), value: wanted }).policySet < POLICY_SET_FIRST;
}

function putSteps(table: TableName, differences: readonly Difference[]): Step[] {
  const entries = differences.flatMap((difference) => {
    if (difference.table !== table || difference.wanted === null) return [];
    return [{ key: keyBytes(difference.key), value: difference.wanted }];
  });
  return batches(entries).map((batch) => ({ kind: 'put', table, entries: batch }));
}

function removeSteps(table: TableName, differences: readonly Difference[]): Step[] {
  const keys = differences.filter((difference) => difference.table === table);
  return batches(keys.map(({ key }) => keyBytes(key))).map((batch) => {
    return { kind: 'remove', table, keys: batch };
  });
}

function batches<T>(items: readonly T[]): T[][] {
  const result: T[][] = [];
  for (let at = 0; at < items.length; at += BATCH_MAX) result.push(items.slice(at, at + BATCH_MAX));
  return result;
}
