/**
 * Which answers can be true of a target: what every reader checks before it accepts a decision. A
 * `Webhook` target itself must have said that an address is in force, or is no more; whoever
 * decides otherwise is ignored. A target that is gone has no ACL of ours: what was in it is gone.
 */
import type { Answer } from '../../contract/records.ts';
import type { AclEntry, TargetState } from './state.ts';
import { reportSays } from './wanted-set.ts';

export function areTargetAnswersPossible(state: TargetState, answers: readonly Answer[]): boolean {
  return answers.every((candidate) => {
    const question = state.questions.get(candidate.question);
    const entry = question === undefined ? undefined : state.entries.get(question.entry);
    if (question === undefined || entry === undefined) return false;
    if (!('claim' in candidate) || candidate.claim !== entry.claim) return false;
    if (candidate.kind === 'EntryConfirmed') {
      return question.kind === 'confirm' && mayConfirm(state, entry);
    }
    return (
      candidate.kind === 'EntryRemoved' && question.kind === 'remove' && mayRemove(state, entry)
    );
  });
}

export function mayConfirm(state: TargetState, entry: AclEntry): boolean {
  if (state.spec === null) return false;
  return state.spec.driver.type === 'Manual' || (entry.inSet && reportSays(state, entry, true));
}

export function mayRemove(state: TargetState, entry: AclEntry): boolean {
  return state.spec?.driver.type !== 'Webhook' || reportSays(state, entry, false);
}
