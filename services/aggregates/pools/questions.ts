/** Which questions the pools have: a function of each claim that a record touched. */
import type { LoggedEvent } from '../../contract/records.ts';
import { keepQuestion } from '../aggregate/questions.ts';
import type { EffectsInProgress } from '../effects.ts';
import type { PoolClaim, PoolsState } from './state.ts';
import { hasChangesToTell } from './telling.ts';

export function settlePoolsQuestions(
  state: PoolsState,
  event: LoggedEvent,
  effects: EffectsInProgress,
): void {
  for (const id of effects.claims) {
    const claim = state.claims.get(id);
    const openedBy = event.record.id;
    const unanswered = claim !== undefined && claim.grant === null;
    keepQuestion(state, unanswered, `grant:${id}`, { kind: 'grant', claim: id }, openedBy);
    const tell = claim !== undefined && hasChangesToTell(claim);
    keepQuestion(state, tell, `tell:${id}`, { kind: 'tell-targets', claim: id }, openedBy);
    const gone = claim !== undefined && hasLostAddress(state, claim);
    keepQuestion(state, gone, `withdraw:${id}`, { kind: 'withdraw', claim: id }, openedBy);
  }
}

function hasLostAddress(state: PoolsState, claim: PoolClaim): boolean {
  if (claim.grant === null || claim.withdrawn || claim.returned) return false;
  return state.pools.get(claim.pool)?.addresses.has(claim.grant.address) !== true;
}
