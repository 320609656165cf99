/**
 * Answers what is open at a target. A `Manual` target was opened once, by ticket, for a prefix: an
 * address inside `allowed` counts as confirmed, an entry that is to go counts as gone at once. An
 * address outside stays open, and the status says which one to ask the target's owner for.
 */
import { cidrHasIp } from '../../contract/cidr.ts';
import { selects } from '../../contract/label-selector.ts';
import type { Answer, Decision, QuestionId } from '../../contract/records.ts';
import { ANSWERS_PER_DECISION_MAX, makeDecision } from '../aggregate/make-decision.ts';
import { targetMessages } from './messages.ts';
import type { AclEntry, TargetQuestion, TargetState } from './state.ts';

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

export type EntryRefusal = 'no-such-target' | 'namespace-not-allowed' | 'address-not-allowed';

/** Why an entry is not confirmed; null when it can be. */
export function entryRefusal(state: TargetState, entry: AclEntry): EntryRefusal | null {
  if (state.spec === null) return 'no-such-target';
  const { allowedNamespaces, driver } = state.spec;
  if (allowedNamespaces === null || !selects(allowedNamespaces, entry.labels)) {
    return 'namespace-not-allowed';
  }
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
  if (question.kind === 'remove') return { kind: 'EntryRemoved', question: id, claim };
  if (entryRefusal(state, entry) !== null) return null;
  return { kind: 'EntryConfirmed', question: id, claim };
}
