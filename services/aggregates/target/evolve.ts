/** What each record does to a target: the entries of its ACL, wanted, confirmed, dropped. */
import { type AggregateKey, POOLS } from '../../contract/identity.ts';
import type { Message } from '../../contract/messages.ts';
import type { AclTargetSpec } from '../../contract/objects.ts';
import type { AclReported, Answer, LoggedEvent } from '../../contract/records.ts';
import { type AggregateRules, type Fact, fold } from '../aggregate/fold.ts';
import { brokenRule } from '../aggregate/invariant.ts';
import { closeQuestion, openQuestion } from '../aggregate/questions.ts';
import type { Effects, EffectsInProgress, IgnoredBecause } from '../effects.ts';
import { targetMessages } from './messages.ts';
import { areTargetAnswersPossible } from './possible.ts';
import type { AclEntry, TargetState } from './state.ts';
import { forgetReports, settleWantedSet } from './wanted-set.ts';

const rules: AggregateRules<TargetState> = {
  observe,
  receive,
  arePossible: areTargetAnswersPossible,
  messagesOf: targetMessages,
  answer,
  settleQuestions,
};

export function evolveTarget(state: TargetState, event: LoggedEvent): Effects {
  return fold(state, event, rules);
}

function observe(
  state: TargetState,
  fact: Fact,
  event: LoggedEvent,
  effects: EffectsInProgress,
): IgnoredBecause | null {
  if (fact.type === 'AclReported') return takeReport(state, fact, event);
  const before = driverName(state.spec);
  if (fact.type === 'TargetObserved') state.spec = fact.spec;
  else if (fact.type === 'TargetGone') state.spec = null;
  else return 'unknown-subject';
  if (driverName(state.spec) !== before) forgetReports(state);
  effects.specification = true;
  return null;
}

/** Reports of two drivers of one name speak for the same ACL. */
function driverName(spec: AclTargetSpec | null): string {
  const driver = spec?.driver;
  return driver?.type === 'Webhook' ? driver.url : (driver?.type ?? '');
}

/** In the order in which they were counted: of two couriers that report at once, one is late. */
function takeReport(
  state: TargetState,
  { revision, addresses }: AclReported,
  { record, timeMs }: LoggedEvent,
): IgnoredBecause | null {
  if (state.spec?.driver.type !== 'Webhook') return 'unknown-subject';
  if (record.source?.number !== state.reports + 1) return 'out-of-order';
  // No set of ours has that revision yet: it would speak for entries that are still to come.
  if (revision > state.revision) return 'unknown-subject';
  state.reports += 1;
  state.reported = { revision, addresses, atMs: timeMs };
  return null;
}

/** Entries come from the pools alone, so that a target hears of an address from one source. */
function receive(
  state: TargetState,
  from: AggregateKey,
  message: Message,
  effects: EffectsInProgress,
): void {
  if (from !== POOLS) return;
  effects.claims.add(message.claim);
  const known = state.entries.get(message.claim);
  if (message.kind === 'WantEntry') {
    if (known?.revision === message.revision) {
      known.labels = message.labels;
      return;
    }
    closeBoth(state, known);
    const { claim, address, namespace, egressNat, revision, labels } = message;
    const entry = { claim, address, namespace, egressNat, revision, labels };
    state.entries.set(claim, { ...entry, state: 'wanted', inSet: false, since: null });
  } else if (message.kind === 'DropEntry' && known?.revision === message.revision) {
    known.state = 'dropping';
  }
}

function answer(
  state: TargetState,
  given: Answer,
  _event: LoggedEvent,
  effects: EffectsInProgress,
): void {
  const entry = 'claim' in given ? state.entries.get(given.claim) : undefined;
  if (entry === undefined) throw brokenRule(state.key, 'an answer names no entry');
  effects.claims.add(entry.claim);
  if (given.kind === 'EntryConfirmed') entry.state = 'confirmed';
  else if (given.kind === 'EntryRemoved') {
    closeBoth(state, entry);
    state.entries.delete(entry.claim);
  }
}

function settleQuestions(state: TargetState, event: LoggedEvent, effects: EffectsInProgress): void {
  settleWantedSet(state, event.timeMs, effects);
  for (const id of effects.claims) {
    const entry = state.entries.get(id);
    if (entry === undefined) continue;
    const openedBy = event.record.id;
    if (entry.state !== 'wanted') closeQuestion(state, aboutConfirm(entry));
    else openQuestion(state, aboutConfirm(entry), { kind: 'confirm', entry: id }, openedBy);
    if (entry.state !== 'dropping') closeQuestion(state, aboutRemove(entry));
    else openQuestion(state, aboutRemove(entry), { kind: 'remove', entry: id }, openedBy);
  }
}

function closeBoth(state: TargetState, entry: AclEntry | undefined): void {
  if (entry === undefined) return;
  closeQuestion(state, aboutConfirm(entry));
  closeQuestion(state, aboutRemove(entry));
}

/** The revision is part of it: an entry that is wanted again asks a question of its own. */
function aboutConfirm(entry: AclEntry): string {
  return `confirm:${entry.revision}:${entry.claim}`;
}

function aboutRemove(entry: AclEntry): string {
  return `remove:${entry.revision}:${entry.claim}`;
}
