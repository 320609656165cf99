/**
 * A fence by an operator: what it would free, and booking it. Refused while the node has a link,
 * unless it is forced. A suspicion first and then the fence after it, as with every fence: what is
 * left half done by a hub that died ends at the node's next hello, however late it is written.
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
  const waiting = new Map<NodeName, PromiseWithResolvers<void>>();

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

  return {
    preview,
    fence: async (node, { force }) => {
      const before = preview(node);
      if (isStated(node)) return before;
      if (before.linked && !force) throw berthError('BERTH_FENCE_LINKED', { node });
      const asked = waiting.get(node) ?? Promise.withResolvers<void>();
      if (!waiting.has(node)) append(book.next(node, { suspect: 'Operator' }));
      waiting.set(node, asked);
      await asked.promise;
      return { ...before, by: 'Operator' };
    },
    booked: (node) => {
      const asked = waiting.get(node);
      const { by, suspect } = book.get(node) ?? { by: null, suspect: null };
      if (asked === undefined) return;
      if (isStated(node)) {
        waiting.delete(node);
        asked.resolve();
      } else if (suspect === 'Operator') {
        append(book.next(node, { by: 'Operator' }));
      } else if (suspect !== null || by !== null) {
        append(book.next(node, { suspect: 'Operator' }));
      } else {
        // It said hello meanwhile.
        waiting.delete(node);
        asked.reject(berthError('BERTH_FENCE_LINKED', { node }));
      }
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
