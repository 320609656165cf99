/**
 * What a log's own records do: a copy begins and ends, and a log that was moved is sealed. No
 * reader goes past a seal, so what anybody made of the sealed log is in the one that goes on.
 */
import { berthError } from '../../contract/errors.ts';
import type { LoggedEvent } from '../../contract/records.ts';
import { type AggregateRules, type Fact, fold } from '../aggregate/fold.ts';
import { brokenRule } from '../aggregate/invariant.ts';
import type { Effects, IgnoredBecause } from '../effects.ts';
import type { LogState } from './state.ts';

const rules: AggregateRules<LogState> = {
  observe: (state, fact) => observe(state, fact),
  receive: () => undefined,
  arePossible: () => false,
  messagesOf: () => [],
  answer: (state, answer) => {
    throw brokenRule(state.key, `${answer.kind} was accepted in a log's own records`);
  },
  settleQuestions: () => undefined,
};

/** @throws BERTH_LOG_MOVED: the reader must stop. */
export function evolveLog(state: LogState, event: LoggedEvent): Effects {
  return fold(state, event, rules);
}

function observe(state: LogState, fact: Fact): IgnoredBecause | null {
  switch (fact.type) {
    case 'CopyBegan': {
      // Only the first record of a partition can say where the partition comes from.
      if (state.begun !== null) return 'repeated';
      const { generation, partitions, cuts } = fact;
      state.begun = { generation, partitions, cuts };
      return null;
    }
    case 'CopyEnded':
      if (fact.generation !== state.begun?.generation) return 'unknown-subject';
      state.ended = true;
      return null;
    case 'LogSealed':
      throw berthError('BERTH_LOG_MOVED', { generation: fact.generation, to: fact.to });
    default:
      return 'unknown-subject';
  }
}
