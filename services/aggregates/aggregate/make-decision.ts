/**
 * Puts answers, and the messages that follow from them, into a decision for this state. Which
 * messages an answer sends is not a choice: acceptance works it out again where the decision
 * stands, and refuses one that says something else.
 */
import type { AggregateKey } from '../../contract/identity.ts';
import type { Message } from '../../contract/messages.ts';
import type { Answer, Decision } from '../../contract/records.ts';
import type { LedgerState } from './ledger-state.ts';
import { numberForwards } from './outbox.ts';

/** More open questions are answered by the next decision. */
export const ANSWERS_PER_DECISION_MAX = 256;

export interface OutgoingMessage {
  readonly to: AggregateKey;
  readonly message: Message;
}

/** What an answer sends to others in this state. */
export type MessagesOf<S> = (state: S, answer: Answer) => readonly OutgoingMessage[];

/** Null when nothing that is open can be answered yet. */
export function makeDecision<S extends LedgerState>(
  state: S,
  answers: readonly Answer[],
  messagesOf: MessagesOf<S>,
): Decision | null {
  if (answers.length === 0) return null;
  return {
    type: 'Decision',
    predecessor: state.lastDecision,
    answers,
    forwards: numberForwards(
      state,
      answers.flatMap((answer) => messagesOf(state, answer)),
    ),
  };
}
