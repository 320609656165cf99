/**
 * A fence by an operator: what it would free, and booking it. Refused while the node has a link,
 * unless it is forced; done when the entry was read back from the book. Another entry that came
 * first makes it try again on top of that one.
 */
import type { NamespaceState } from '../aggregates/namespace/state.ts';
import type { World } from '../aggregates/world.ts';
import { berthError } from '../contract/errors.ts';
import type { BlockOnNode, FencePreview } from '../contract/fence-api.ts';
import { aggregateName, type NodeName } from '../contract/identity.ts';
import { type NodeRecord, nodeAgentKey, nodeApiKey } from '../contract/node-records.ts';
import type { EventRecord } from '../contract/records.ts';
import type { FenceBook } from './fence-book.ts';

export interface OperatorFencesComponents {
  readonly world: World;
  readonly book: FenceBook;
  readonly nodeRecords: ReadonlyMap<string, NodeRecord>;
  readonly isLinked: (node: NodeName) => boolean;
  readonly append: (record: EventRecord) => void;
}

export interface OperatorFences {
  /** @throws BERTH_FENCE_UNKNOWN_NODE */
  preview(node: NodeName): FencePreview;
  /** What it freed, once it is booked. @throws BERTH_FENCE_UNKNOWN_NODE, BERTH_FENCE_LINKED */
  fence(node: NodeName, init: { readonly force: boolean }): Promise<FencePreview>;
  /** The book has a new entry of it. */
  booked(node: NodeName): void;
}

export function createOperatorFences(components: OperatorFencesComponents): OperatorFences {
  const { world, book, isLinked, append } = components;
  const waiting = new Map<NodeName, (() => void)[]>();

  function preview(node: NodeName): FencePreview {
    const blocks = [...world.aggregates()].flatMap((state) =>
      state.kind === 'namespace' ? blocksOn(state, node) : [],
    );
    if (blocks.length === 0 && !isKnown(components, node)) {
      throw berthError('BERTH_FENCE_UNKNOWN_NODE', { node });
    }
    return { node, linked: isLinked(node), by: book.get(node)?.by ?? null, blocks };
  }

  const isStated = (node: NodeName): boolean => {
    const by = book.get(node)?.by ?? null;
    return by !== null && by !== 'Deleted';
  };
  const say = (node: NodeName): void => append(book.next(node, { by: 'Operator', suspect: null }));

  return {
    preview,
    fence: async (node, { force }) => {
      const before = preview(node);
      if (isStated(node)) return before;
      if (before.linked && !force) throw berthError('BERTH_FENCE_LINKED', { node });
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.set(node, [...(waiting.get(node) ?? []), resolve]);
      say(node);
      await promise;
      return { ...before, by: 'Operator' };
    },
    booked: (node) => {
      const calls = waiting.get(node);
      if (calls === undefined) return;
      if (!isStated(node)) {
        say(node);
        return;
      }
      waiting.delete(node);
      for (const call of calls) call();
    },
  };
}

function isKnown({ nodeRecords }: OperatorFencesComponents, node: NodeName): boolean {
  return nodeRecords.has(nodeApiKey(node)) || nodeRecords.has(nodeAgentKey(node));
}

function blocksOn(state: NamespaceState, node: NodeName): BlockOnNode[] {
  const namespace = aggregateName(state.key);
  const addressOf = (claim: string): string => state.claims.get(claim)?.grant?.address ?? '';
  const used = [...state.pods.values()].flatMap(({ berths }) =>
    [...berths.values()].map((berth) => ({ ...berth, state: 'in use' as const })),
  );
  const resting = [...state.releases.values()].map((release) => ({
    ...release,
    state: 'resting' as const,
  }));
  return [...used, ...resting]
    .filter((block) => block.node === node)
    .map(({ pod, egressNat, claim, base, state: is }) => {
      return { namespace, pod, egressNat, address: addressOf(claim), base, state: is };
    });
}
