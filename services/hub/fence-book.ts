/**
 * The fence book: who said last that a node forwards nothing any more, or that it returned, and
 * where its record stands in `berth.nodes`. That offset numbers what every hub observes of it in
 * the aggregates, so two hubs say the same, and what one says late is known as late.
 */
import type { NodeName } from '../contract/identity.ts';
import type { NodeFence } from '../contract/node-records.ts';

export interface BookedFence extends NodeFence {
  readonly number: number;
}

export interface FenceBook {
  /** `number`: the record's offset. Records of one node come in order. */
  read(record: NodeFence, number: number): void;
  /** Undefined: it was never fenced. */
  get(node: NodeName): BookedFence | undefined;
  isFenced(node: NodeName): boolean;
  nodes(): Iterable<NodeName>;
}

export function createFenceBook(): FenceBook {
  const booked = new Map<NodeName, BookedFence>();
  return {
    read: (record, number) => {
      booked.set(record.node, { ...record, number });
    },
    get: (node) => booked.get(node),
    isFenced: (node) => (booked.get(node)?.by ?? null) !== null,
    nodes: () => booked.keys(),
  };
}
