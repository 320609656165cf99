/** What an answer in a namespace says to the pools. A function of the state alone. */
import { aggregateName, POOLS } from '../../contract/identity.ts';
import type { Message } from '../../contract/messages.ts';
import type { Answer } from '../../contract/records.ts';
import type { OutgoingMessage } from '../aggregate/make-decision.ts';
import type { NamespaceState } from './state.ts';

type Of<K extends Answer['kind']> = Extract<Answer, { kind: K }>;

export function namespaceMessages(state: NamespaceState, answer: Answer): OutgoingMessage[] {
  switch (answer.kind) {
    case 'ClaimAsked':
      return [{ to: POOLS, message: askFor(state, answer) }];
    case 'ClaimUpdated':
      return [{ to: POOLS, message: updateOf(state, answer) }];
    case 'ClaimReturned':
      return [{ to: POOLS, message: { kind: 'ReturnClaim', claim: answer.claim } }];
    default:
      return [];
  }
}

function askFor(state: NamespaceState, answer: Of<'ClaimAsked'>): Message {
  const { question: claim, egressNat, pool, targets } = answer;
  return {
    kind: 'AskClaim',
    claim,
    namespace: aggregateName(state.key),
    labels: state.labels,
    egressNat,
    pool,
    targets: targets.map((name) => ({ name, revision: 1 })),
  };
}

/** Targets that stay keep the revision at which they joined. */
function updateOf(state: NamespaceState, { claim: id, targets }: Of<'ClaimUpdated'>): Message {
  const claim = state.claims.get(id);
  const revision = (claim?.revision ?? 0) + 1;
  return {
    kind: 'UpdateClaim',
    claim: id,
    labels: state.labels,
    targets: targets.map((name) => ({ name, revision: claim?.targets.get(name) ?? revision })),
  };
}
