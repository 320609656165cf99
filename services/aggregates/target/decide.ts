/**
 * Answers what is open at a target. A `Manual` target was opened once, by ticket, for a prefix: an
 * address inside `allowed` counts as confirmed, an entry that is to go counts as gone at once. An
 * address outside stays open, and the status says which one to ask the target's owner for.
 */
import { cidrHasIp } from '../../contract/cidr.ts';
import { aggregateName, namespaceKey, POOLS } from '../../contract/identity.ts';
import { selects } from '../../contract/label-selector.ts';
import type { Decision, QuestionId } from '../../contract/records.ts';
import { ANSWERS_PER_DECISION_MAX, makeDecision, type Reply } from '../shared/make-decision.ts';
import type { AclEntry, TargetQuestion, TargetState } from './state.ts';

export function decideTarget(state: TargetState): Decision | null {
  const replies: Reply[] = [];
  for (const [id, question] of state.questions) {
    if (replies.length === ANSWERS_PER_DECISION_MAX) break;
    const entry = state.entries.get(question.entry);
    const reply = entry === undefined ? null : answerTo(state, id, question, entry);
    if (reply !== null) replies.push(reply);
  }
  return makeDecision(state, replies);
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
): Reply | null {
  const { claim, address, revision } = entry;
  const target = aggregateName(state.key);
  if (question.kind === 'remove') {
    return {
      answer: { kind: 'EntryRemoved', question: id, claim },
      messages: [{ to: POOLS, message: { kind: 'EntryGone', claim, target, revision } }],
    };
  }
  if (entryRefusal(state, entry) !== null) return null;
  return {
    answer: { kind: 'EntryConfirmed', question: id, claim },
    messages: [
      {
        to: namespaceKey(entry.namespace),
        message: { kind: 'ConfirmEntry', claim, target, address, revision },
      },
    ],
  };
}
