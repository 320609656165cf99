/**
 * One step of the fold, the same for every aggregate: terms of watchers, numbered forwards,
 * receipts, and the three conditions on which a decision is accepted (its questions are open, its
 * predecessor is the last accepted one, its outcome is possible). What an aggregate is about comes
 * in as `AggregateRules`. These rules were model-checked; docs/ARCHITECTURE.md, "Effectively once".
 */
import { canonicalJson } from '../../contract/canonical.ts';
import { berthError } from '../../contract/errors.ts';
import type { AggregateKey } from '../../contract/identity.ts';
import type { Message } from '../../contract/messages.ts';
import type {
  Answer,
  Body,
  Decision,
  EventRecord,
  LoggedEvent,
  Rules,
} from '../../contract/records.ts';
import {
  type Effects,
  type EffectsInProgress,
  type IgnoredBecause,
  ignored,
  noEffects,
  taken,
} from '../effects.ts';
import type { LedgerState } from './ledger-state.ts';
import type { MessagesOf } from './make-decision.ts';
import { numberForwards, putOut, takeNumber, takeReceipt } from './outbox.ts';
import { closeAnswered } from './questions.ts';
import { RULES } from './rules.ts';

/** Bodies that only the aggregate itself understands. */
export type Fact = Exclude<
  Body,
  { type: 'WatchStarted' | 'Forwarded' | 'Receipt' | 'Rules' | 'Decision' }
>;

export interface AggregateRules<S extends LedgerState> {
  /** Null when taken; otherwise why it changed nothing. */
  observe(
    state: S,
    fact: Fact,
    event: LoggedEvent,
    effects: EffectsInProgress,
  ): IgnoredBecause | null;
  receive(state: S, from: AggregateKey, message: Message, effects: EffectsInProgress): void;
  /** Whether all answers together can be true of this state; their questions are open. */
  arePossible(state: S, answers: readonly Answer[]): boolean;
  readonly messagesOf: MessagesOf<S>;
  answer(state: S, answer: Answer, event: LoggedEvent, effects: EffectsInProgress): void;
  /** Opens and closes the questions about everything in `effects`. */
  settleQuestions(state: S, event: LoggedEvent, effects: EffectsInProgress): void;
}

/** @throws BERTH_FOLD_UNKNOWN_TYPE, BERTH_FOLD_RULES_UNKNOWN: the reader must stop. */
export function fold<S extends LedgerState>(
  state: S,
  event: LoggedEvent,
  rules: AggregateRules<S>,
): Effects {
  const effects = noEffects();
  const because = step(state, event, rules, effects);
  if (because !== null) return ignored(because);
  rules.settleQuestions(state, event, effects);
  return taken(effects);
}

function step<S extends LedgerState>(
  state: S,
  event: LoggedEvent,
  rules: AggregateRules<S>,
  effects: EffectsInProgress,
): IgnoredBecause | null {
  const { record } = event;
  const { body } = record;
  switch (body.type) {
    case 'Rules':
      return switchRules(state, body);
    case 'WatchStarted':
      return openTerm(state, body.term);
    case 'Receipt':
      return takeReceipt(state, body.to, body.number) ? null : 'repeated';
    case 'Forwarded':
      if (!takeNumber(state, body.from, body.number)) return 'out-of-order';
      rules.receive(state, body.from, body.message, effects);
      return null;
    case 'Decision':
      return decisionStep(state, body, event, rules, effects);
    case 'ReleaseAcked':
    case 'FenceBooked':
    case 'NodeFenced':
    case 'NodeReturned':
    case 'Tick':
    case 'AclReported':
    case 'CopyBegan':
    case 'CopyEnded':
    case 'LogSealed':
      return rules.observe(state, body, event, effects);
    case 'NamespaceObserved':
    case 'NamespaceGone':
    case 'PodObserved':
    case 'PodGone':
    case 'EgressNatObserved':
    case 'EgressNatGone':
    case 'PoolObserved':
    case 'PoolGone':
    case 'TargetObserved':
    case 'TargetGone':
      return takeInTerm(state, record) ?? rules.observe(state, body, event, effects);
    default:
      return unknownType(body, event);
  }
}

function switchRules(state: LedgerState, { rules }: Rules): IgnoredBecause | null {
  if (rules <= state.rules) return 'repeated';
  if (rules > RULES) {
    throw berthError('BERTH_FOLD_RULES_UNKNOWN', { aggregate: state.key, rules, known: RULES });
  }
  state.rules = rules;
  return null;
}

function openTerm(state: LedgerState, term: string): IgnoredBecause | null {
  // A repeat of the record that opened the running term must not make its numbers start again.
  if (state.term?.id === term) return 'repeated';
  state.term = { id: term, number: 0 };
  return null;
}

/** Observations of a watcher count only in the last opened term, each once and in order. */
function takeInTerm(state: LedgerState, record: EventRecord): IgnoredBecause | null {
  if (state.term === null || record.source?.by !== state.term.id) return 'stale-term';
  if (record.source.number <= state.term.number) return 'repeated';
  state.term = { id: state.term.id, number: record.source.number };
  return null;
}

function decisionStep<S extends LedgerState>(
  state: S,
  decision: Decision,
  event: LoggedEvent,
  rules: AggregateRules<S>,
  effects: EffectsInProgress,
): IgnoredBecause | null {
  const questions = new Set(decision.answers.map((answer) => answer.question));
  const allOpen = decision.answers.every((answer) => state.questions.has(answer.question));
  if (!allOpen || questions.size !== decision.answers.length || questions.size === 0) {
    return 'question-not-open';
  }
  if (decision.predecessor !== state.lastDecision) return 'other-predecessor';
  if (!rules.arePossible(state, decision.answers)) return 'impossible-outcome';
  if (!sendsWhatFollows(state, decision, rules)) return 'impossible-outcome';
  state.lastDecision = event.record.id;
  putOut(state, decision.forwards);
  for (const answer of decision.answers) {
    rules.answer(state, answer, event, effects);
    closeAnswered(state, answer.question);
  }
  return null;
}

/**
 * The predecessor pins down all decisions before this one, but labels and targets may have changed
 * since it was made: then its messages say what is not so any more, and the state would remember
 * that others were told what nobody told them.
 */
function sendsWhatFollows<S extends LedgerState>(
  state: S,
  { answers, forwards }: Decision,
  rules: AggregateRules<S>,
): boolean {
  const messages = answers.flatMap((answer) => rules.messagesOf(state, answer));
  return canonicalJson(numberForwards(state, messages)) === canonicalJson(forwards);
}

function unknownType(body: never, { partition, offset, record }: LoggedEvent): never {
  const { type } = body as { type: unknown };
  const { id, aggregate } = record;
  const details = { id, partition, offset, aggregate, type: String(type) };
  throw berthError('BERTH_FOLD_UNKNOWN_TYPE', details);
}
