/**
 * In which order the tables are changed, so that every state on the way is safe to stop in:
 * a packet of a pod that keeps its berth is translated at each step, and no pod's packets ever
 * leave or return by another's berth.
 *
 * First what would be in two hands is let go of: a pod entry whose block goes to another pod loses
 * that slot. Then everything is added and changed, what is pointed to before what points there:
 * nodes, blocks, addresses, policy sets, interfaces, pods, guards. Then the rest is removed, the
 * other way round. A policy that changed is a new set, so its pods flip from the old to the new.
 * Slots are cleared before a pod's entry points to them, so that nothing is inherited.
 */
import type { TableName } from '../../ports/datapath/port.ts';
import { decodePolicyEntry, isGuardSet } from '../../ports/datapath/tables/policies.ts';
import { type Content, keyBytes, keyText, type Ref } from './content.ts';
import { type Difference, differencesAt, type WantedAt } from './difference.ts';
import { retractions } from './retractions.ts';
import { rangesIn } from './slot-ranges.ts';
import type { Step } from './step.ts';

const BEFORE_GUARDS = [
  'nodes',
  'underlays',
  'blocks',
  'addresses',
  'policies',
  'interfaces',
  'pods',
] as const;
const REMOVAL = [
  'pods',
  'interfaces',
  'policies',
  'addresses',
  'blocks',
  'underlays',
  'nodes',
] as const;
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
    ...slotsToClear(plain),
    ...BEFORE_GUARDS.flatMap((table) => putSteps(table, plain)),
    ...putSteps('policies', guards),
    ...putSteps('localPods', puts),
    ...putSteps('config', puts),
    ...REMOVAL.flatMap((table) => removeSteps(table, removals)),
    ...removeSteps('localPods', removals),
    ...removeSteps('config', removals),
  ];
}

function isGuard({ table, key, wanted }: Difference): boolean {
  if (table !== 'policies' || wanted === null) return false;
  return isGuardSet(decodePolicyEntry({ key: keyBytes(key), value: wanted }).policySet);
}

function putSteps(table: TableName, differences: readonly Difference[]): Step[] {
  const entries = differences.flatMap((difference) => {
    if (difference.table !== table || difference.wanted === null) return [];
    return [{ key: keyBytes(difference.key), value: difference.wanted }];
  });
  return batches(entries).map((batch) => ({ kind: 'put', table, entries: batch }));
}

/** The slots that a pod's entry will point to, and does not yet. */
function slotsToClear(differences: readonly Difference[]): Step[] {
  return differences.flatMap(({ table, key, present, wanted }) => {
    if (table !== 'pods' || wanted === null) return [];
    const had = new Set(rangesIn(key, present).map(({ name }) => name));
    const ranges = rangesIn(key, wanted).filter(({ name }) => !had.has(name));
    return ranges.map(({ first, count }) => ({ kind: 'clear', first, count }) as const);
  });
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
