/**
 * From the fence book into the aggregates: each one that has a block on a fenced node is told so
 * once, and each one that has a block on a node that returned, before the node is pushed anything.
 * So from the first word of a hub to a node on, nothing but the node's own acks frees what it has:
 * a push is held back while any aggregate may still count a fence in their place.
 */
import type { Effects } from '../aggregates/effects.ts';
import type { BookedFence } from '../aggregates/fences/state.ts';
import type { NamespaceState } from '../aggregates/namespace/state.ts';
import type { World } from '../aggregates/world.ts';
import type { AggregateKey, NodeName } from '../contract/identity.ts';
import { type EventRecord, eventRecord, type LoggedEvent } from '../contract/records.ts';
import type { FenceBook } from './fence-book.ts';

export interface FencesComponents {
  readonly world: World;
  readonly book: FenceBook;
  /** Repeated until it is done. */
  readonly append: (record: EventRecord) => void;
}

export interface Fences {
  /** The book has a new entry of it. */
  booked(node: NodeName): void;
  /** After the fold took it. Answers the nodes that may be pushed to again. */
  event(event: LoggedEvent, effects: Effects): readonly NodeName[];
  /** Not fenced, and every aggregate with a block there knows that it is not. */
  mayPush(node: NodeName): boolean;
}

export function createFences({ world, book, append }: FencesComponents): Fences {
  /** What was given out and not read back yet: by node, aggregate to number. */
  const owing = new Map<NodeName, Map<AggregateKey, number>>();

  /** True when nothing is owed for the node any more, and was until now. */
  function look(state: NamespaceState, node: NodeName): boolean {
    const fence = book.get(node);
    // One that was only ever suspected is like any other.
    if (fence === undefined || fence.number === 0) return false;
    const owed = owing.get(node);
    if ((state.fences.get(node)?.number ?? -1) >= fence.number) {
      const wasOwed = owed?.delete(state.key) === true;
      return wasOwed && owed?.size === 0;
    }
    if (owed?.get(state.key) === fence.number) return false;
    owing.set(node, (owed ?? new Map()).set(state.key, fence.number));
    append(observation(state.key, node, fence));
    return false;
  }

  function namespaces(): NamespaceState[] {
    return [...world.aggregates()].filter((state) => state.kind === 'namespace');
  }

  for (const state of namespaces()) {
    for (const node of nodesIn(state)) look(state, node);
  }
  return {
    booked: (node) => {
      for (const state of namespaces()) if (nodesIn(state).has(node)) look(state, node);
    },
    event: ({ record }, effects) => {
      const state = world.aggregate(record.aggregate);
      if (state?.kind !== 'namespace') return [];
      return touched(state, record, effects).filter((node) => look(state, node));
    },
    mayPush: (node) => !book.isFenced(node) && (owing.get(node)?.size ?? 0) === 0,
  };
}

/** Nodes with blocks of this namespace, in use or resting, or with a fence in force here. */
function nodesIn(state: NamespaceState): Set<NodeName> {
  const nodes = new Set<NodeName>();
  for (const { berths } of state.pods.values())
    for (const { node } of berths.values()) nodes.add(node);
  for (const { node } of state.releases.values()) nodes.add(node);
  for (const [node, { by }] of state.fences) if (by !== null) nodes.add(node);
  return nodes;
}

function touched(state: NamespaceState, { body }: EventRecord, effects: Effects): NodeName[] {
  if (body.type === 'NodeFenced' || body.type === 'NodeReturned') return [body.node];
  const nodes = new Set(effects.released.map(({ node }) => node));
  for (const uid of effects.pods) {
    for (const { node } of state.pods.get(uid)?.berths.values() ?? []) nodes.add(node);
  }
  return [...nodes];
}

function observation(
  aggregate: AggregateKey,
  node: NodeName,
  { by, number }: BookedFence,
): EventRecord {
  const source = { by: `fence/${node}`, number };
  if (by === null) return eventRecord(aggregate, { type: 'NodeReturned', node }, source);
  return eventRecord(aggregate, { type: 'NodeFenced', node, by }, source);
}
