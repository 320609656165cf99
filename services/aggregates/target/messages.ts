/** What an answer at a target says to namespaces and the pools. A function of the state alone. */
import { aggregateName, namespaceKey, POOLS } from '../../contract/identity.ts';
import type { Answer } from '../../contract/records.ts';
import type { OutgoingMessage } from '../aggregate/make-decision.ts';
import type { TargetState } from './state.ts';

export function targetMessages(state: TargetState, answer: Answer): OutgoingMessage[] {
  const entry = 'claim' in answer ? state.entries.get(answer.claim) : undefined;
  if (entry === undefined) return [];
  const { claim, address, revision } = entry;
  const target = aggregateName(state.key);
  switch (answer.kind) {
    case 'EntryConfirmed': {
      const confirmed = { claim, target, address, revision };
      const to = namespaceKey(entry.namespace);
      return [{ to, message: { kind: 'ConfirmEntry', ...confirmed } }];
    }
    case 'EntryRemoved':
      return [{ to: POOLS, message: { kind: 'EntryGone', claim, target, revision } }];
    default:
      return [];
  }
}
