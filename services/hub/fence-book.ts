/**
 * The fence book (the aggregate `fences`) as the hub uses it: what is booked of a node, and the
 * next entry, which counts only where nobody wrote another one meanwhile.
 */
import type { BookedFence } from '../aggregates/fences/state.ts';
import type { World } from '../aggregates/world.ts';
import { FENCES, type NodeName } from '../contract/identity.ts';
import { type EventRecord, eventRecord, type FenceBooked } from '../contract/records.ts';

export interface FenceBook {
  get(node: NodeName): BookedFence | undefined;
  isFenced(node: NodeName): boolean;
  nodes(): Iterable<NodeName>;
  /** What is not said stays as it is. */
  next(
    node: NodeName,
    entry: Partial<Pick<FenceBooked, 'by' | 'suspect' | 'taintSpent'>>,
  ): EventRecord;
}

export function createFenceBook(world: World): FenceBook {
  const get = (node: NodeName): BookedFence | undefined => world.fences.nodes.get(node);
  return {
    get,
    isFenced: (node) => (get(node)?.by ?? null) !== null,
    nodes: () => world.fences.nodes.keys(),
    next: (node, changed) => {
      const { entry: after, by, suspect, taintSpent } = get(node) ?? NEVER_BOOKED;
      const entry = { by, suspect, taintSpent, ...changed };
      return eventRecord(FENCES, { type: 'FenceBooked', node, ...entry, after });
    },
  };
}

const NEVER_BOOKED: BookedFence = {
  entry: 0,
  number: 0,
  by: null,
  suspect: null,
  taintSpent: false,
};
