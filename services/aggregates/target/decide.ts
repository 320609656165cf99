/**
 * Answers what is open at a target. A `Manual` target was opened once, by ticket, for a prefix: an
 * address inside `allowed` counts as confirmed, an entry that is to go counts as gone at once. An
 * address outside stays open, and the status says which one to ask the target's owner for. A
 * `Webhook` target answers for itself: by what it last said is in force.
 */
import { cidrHasIp } from '../../contract/cidr.ts';
import type { Answer, Decision, QuestionId } from '../../contract/records.ts';
import { ANSWERS_PER_DECISION_MAX, makeDecision } from '../aggregate/make-decision.ts';
import { targetMessages } from './messages.ts';
import { mayConfirm, mayRemove } from './possible.ts';
import type { AclEntry, TargetQuestion, TargetState } from './state.ts';
import { mayUse } from './wanted-set.ts';

export function decideTarget(state: TargetState): Decision | null {
  const answers: Answer[] = [];
  for (const [id, question] of state.questions) {
    if (answers.length === ANSWERS_PER_DECISION_MAX) break;
    const entry = state.entries.get(question.entry);
    const answer = entry === undefined ? null : answerTo(state, id, question, entry);
    if (answer !== null) answers.push(answer);
  }
  return makeDecision(state, answers, targetMessages);
}

export type EntryRefusal =
  | 'no-such-target'
  | 'namespace-not-allowed'
  /** Manual: outside `allowed`; ask the target's owner for it. */
  | 'address-not-allowed'
  /** Webhook: the target has not said yet that it is in force. */
  | 'not-reported';

/** Why an entry is not confirmed; null when it can be. */
export function entryRefusal(state: TargetState, entry: AclEntry): EntryRefusal | null {
  if (state.spec === null) return 'no-such-target';
  const { driver } = state.spec;
  if (!mayUse(state, entry)) return 'namespace-not-allowed';
  if (driver.type === 'Webhook') return mayConfirm(state, entry) ? null : 'not-reported';
  const opened = driver.allowed.some((cidr) => cidrHasIp(cidr, entry.address));
  return opened ? null : 'address-not-allowed';
}

function answerTo(
  state: TargetState,
  id: QuestionId,
  question: TargetQuestion,
  entry: AclEntry,
): Answer | null {
  const { claim } = entry;
  if (question.kind === 'remove') {
    return mayRemove(state, entry) ? { kind: 'EntryRemoved', question: id, claim } : null;
  }
  if (entryRefusal(state, entry) !== null) return null;
  return { kind: 'EntryConfirmed', question: id, claim };
}
