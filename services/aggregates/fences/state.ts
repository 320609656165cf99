/**
 * State of `fences`, the fence book: who says that a node forwards nothing any more, who suspects
 * it, or that it returned. Entries are counted for each node; and so are its fences and returns,
 * whose number goes with what is then observed of them in every aggregate with a block there.
 */
import { FENCES, type NodeName } from '../../contract/identity.ts';
import type { FencedBy } from '../../contract/records.ts';
import { emptyLedger, type LedgerState } from '../aggregate/ledger-state.ts';

export interface BookedFence {
  /** How many entries there are. */
  readonly entry: number;
  /** How many of them fenced the node or took it back; 0: it was never fenced. */
  readonly number: number;
  /** Null: it is not fenced, or not any more. */
  readonly by: FencedBy | null;
  readonly suspect: FencedBy | null;
  readonly taintSpent: boolean;
}

export interface FencesState extends LedgerState<never> {
  readonly kind: 'fences';
  /** Every node that ever had an entry: what is late must be known as such for ever. */
  readonly nodes: Map<NodeName, BookedFence>;
}

export function emptyFences(): FencesState {
  return { ...emptyLedger<never>(FENCES), kind: 'fences', nodes: new Map() };
}
