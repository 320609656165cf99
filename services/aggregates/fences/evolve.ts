/**
 * What each record does to the fence book. An entry names the one that it follows, so of two hubs
 * that write at once one is heard, and a repeated append never undoes what came after it.
 */
import type { FenceBooked, LoggedEvent } from '../../contract/records.ts';
import { type AggregateRules, type Fact, fold } from '../aggregate/fold.ts';
import { brokenRule } from '../aggregate/invariant.ts';
import type { Effects, IgnoredBecause } from '../effects.ts';
import type { FencesState } from './state.ts';

const rules: AggregateRules<FencesState> = {
  observe: (state, fact) => observe(state, fact),
  receive: () => undefined,
  arePossible: () => false,
  messagesOf: () => [],
  answer: (state, answer) => {
    throw brokenRule(state.key, `${answer.kind} was accepted in the fence book`);
  },
  settleQuestions: () => undefined,
};

export function evolveFences(state: FencesState, event: LoggedEvent): Effects {
  return fold(state, event, rules);
}

function observe(state: FencesState, fact: Fact): IgnoredBecause | null {
  return fact.type === 'FenceBooked' ? book(state, fact) : 'unknown-subject';
}

function book(
  state: FencesState,
  { node, by, suspect, taintSpent, after }: FenceBooked,
): IgnoredBecause | null {
  const last = state.nodes.get(node);
  if (after !== (last?.entry ?? 0)) return 'out-of-order';
  const number = (last?.number ?? 0) + (by === (last?.by ?? null) ? 0 : 1);
  state.nodes.set(node, { entry: after + 1, number, by, suspect, taintSpent });
  return null;
}
