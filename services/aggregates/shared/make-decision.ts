/** Puts answers and the messages that go with them into a decision for this state. */
import type { AggregateKey } from '../../contract/identity.ts';
import type { Message } from '../../contract/messages.ts';
import type { Answer, Decision } from '../../contract/records.ts';
import type { LedgerState } from './ledger-state.ts';
import { numberForwards } from './outbox.ts';

/** More open questions are answered by the next decision. */
export const ANSWERS_PER_DECISION_MAX = 256;

export interface Reply {
  readonly answer: Answer;
  readonly messages: readonly { readonly to: AggregateKey; readonly message: Message }[];
}

/** Null when nothing that is open can be answered yet. */
export function makeDecision(state: LedgerState, replies: readonly Reply[]): Decision | null {
  if (replies.length === 0) return null;
  return {
    type: 'Decision',
    predecessor: state.lastDecision,
    answers: replies.map((reply) => reply.answer),
    forwards: numberForwards(
      state,
      replies.flatMap((reply) => reply.messages),
    ),
  };
}
