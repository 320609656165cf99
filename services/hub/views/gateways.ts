/**
 * Which nodes are gateways of which pools: those whose labels (as the API says) match the pool's
 * gateway selector. Says what changed, so that nobody has to compare.
 */
import type { NodeName, PoolName } from '../../contract/identity.ts';
import { selects } from '../../contract/label-selector.ts';
import type { LabelSelector, Labels } from '../../contract/objects.ts';

export interface Gateways {
  /** Null: the API knows no such node (any more). True when its pools changed. */
  setLabels(node: NodeName, labels: Labels | null): boolean;
  /** The pools' selectors, all of them. Answers the nodes whose pools changed. */
  setPools(selectors: ReadonlyMap<PoolName, LabelSelector | null>): readonly NodeName[];
  /** In no order that means anything. */
  ofPool(pool: PoolName): readonly NodeName[];
  poolsOf(node: NodeName): readonly PoolName[];
  all(): readonly NodeName[];
}

export function createGateways(): Gateways {
  const labelsOf = new Map<NodeName, Labels>();
  const poolsOf = new Map<NodeName, readonly PoolName[]>();
  let selectors: ReadonlyMap<PoolName, LabelSelector | null> = new Map();

  function match(node: NodeName): boolean {
    const labels = labelsOf.get(node);
    const before = poolsOf.get(node) ?? [];
    const after =
      labels === undefined
        ? []
        : [...selectors]
            .filter(([, selector]) => selector !== null && selects(selector, labels))
            .map(([pool]) => pool)
            .sort();
    if (after.join() === before.join()) return false;
    if (after.length === 0) poolsOf.delete(node);
    else poolsOf.set(node, after);
    return true;
  }

  return {
    setLabels: (node, labels) => {
      if (labels === null) labelsOf.delete(node);
      else labelsOf.set(node, labels);
      return match(node);
    },
    setPools: (pools) => {
      selectors = pools;
      return [...labelsOf.keys()].filter(match);
    },
    ofPool: (pool) =>
      [...poolsOf].filter(([, pools]) => pools.includes(pool)).map(([node]) => node),
    poolsOf: (node) => poolsOf.get(node) ?? [],
    all: () => [...poolsOf.keys()],
  };
}
