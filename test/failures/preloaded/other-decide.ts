/**
 * Another version's `decide`: the free block that has rested shortest comes first. What it chooses
 * is possible, and never what ours would choose where there is a choice.
 */
import { decideNamespace as ours } from '../../../services/aggregates/namespace/decide.ts';
import type { NamespaceState } from '../../../services/aggregates/namespace/state.ts';

export function decideNamespace(state: NamespaceState): ReturnType<typeof ours> {
  const claims = new Map(
    [...state.claims].map(([id, claim]) => {
      return [id, { ...claim, free: new Set([...claim.free].reverse()) }] as const;
    }),
  );
  return ours({ ...state, claims });
}
