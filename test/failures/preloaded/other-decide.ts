/**
 * Another version's `decide`: only the newest question is answered, by the block that ours would
 * give to the oldest. So where two pods wait, both versions give one block, to different pods.
 */
import { decideNamespace as ours } from '../../../services/aggregates/namespace/decide.ts';
import type { NamespaceState } from '../../../services/aggregates/namespace/state.ts';

export function decideNamespace(state: NamespaceState): ReturnType<typeof ours> {
  return ours({ ...state, questions: new Map([...state.questions].slice(-1)) });
}
