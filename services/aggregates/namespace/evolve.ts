/**
 * What each record does to a namespace. Only reads what was decided; it never chooses. O(1) on
 * the touched pod, EgressNat or claim, in place: a state belongs to one reader.
 */
import { blockBases } from '../../contract/block.ts';
import { type AggregateKey, POOLS, targetKey } from '../../contract/identity.ts';
import type { Message } from '../../contract/messages.ts';
import type { EgressNatFacts, Labels, PodFacts } from '../../contract/objects.ts';
import type { LoggedEvent, ReleaseAcked, Tick } from '../../contract/records.ts';
import { type AggregateRules, type Fact, fold } from '../aggregate/fold.ts';
import type { Effects, EffectsInProgress, IgnoredBecause } from '../effects.ts';
import { applyNamespaceAnswer } from './answers.ts';
import { fenceObserved } from './fences.ts';
import { namespaceMessages } from './messages.ts';
import { arePossibleInNamespace } from './possible.ts';
import { settleNamespaceQuestions } from './questions.ts';
import { freeIfRested, quarantineMs } from './releases.ts';
import type { NamespaceState } from './state.ts';

const rules: AggregateRules<NamespaceState> = {
  observe,
  receive,
  arePossible: arePossibleInNamespace,
  messagesOf: namespaceMessages,
  answer: applyNamespaceAnswer,
  settleQuestions: settleNamespaceQuestions,
};

export function evolveNamespace(state: NamespaceState, event: LoggedEvent): Effects {
  return fold(state, event, rules);
}

function observe(
  state: NamespaceState,
  fact: Fact,
  event: LoggedEvent,
  effects: EffectsInProgress,
): IgnoredBecause | null {
  switch (fact.type) {
    case 'NamespaceObserved':
      setLabels(state, fact.labels, effects);
      return null;
    case 'NamespaceGone':
      // Its pods and EgressNats go by records of their own.
      setLabels(state, {}, effects);
      return null;
    case 'PodObserved':
      return podObserved(state, fact.pod, effects);
    case 'PodGone':
      return podGone(state, fact.uid, effects);
    case 'EgressNatObserved':
      return egressNatObserved(state, fact.egressNat, effects);
    case 'EgressNatGone':
      if (!state.egressNats.delete(fact.name)) return 'unknown-subject';
      effects.egressNats.add(fact.name);
      return null;
    case 'ReleaseAcked':
      return releaseAcked(state, fact, effects);
    case 'NodeFenced':
      return fenceObserved(state, fact.node, fact.by, numberOf(event), effects);
    case 'NodeReturned':
      return fenceObserved(state, fact.node, null, numberOf(event), effects);
    case 'Tick':
      return tick(state, fact, event, effects);
    case 'FenceBooked':
    case 'PoolObserved':
    case 'PoolGone':
    case 'TargetObserved':
    case 'TargetGone':
    case 'AclReported':
    case 'CopyBegan':
    case 'CopyEnded':
    case 'LogSealed':
      return 'unknown-subject';
  }
}

function numberOf({ record }: LoggedEvent): number {
  return record.source?.number ?? 0;
}

function setLabels(state: NamespaceState, labels: Labels, effects: EffectsInProgress): void {
  state.labels = labels;
  for (const id of state.claims.keys()) effects.claims.add(id);
}

function podObserved(state: NamespaceState, facts: PodFacts, effects: EffectsInProgress): null {
  const berths = state.pods.get(facts.uid)?.berths ?? new Map();
  state.pods.set(facts.uid, { facts, berths, present: true });
  effects.pods.add(facts.uid);
  return null;
}

function podGone(
  state: NamespaceState,
  uid: PodFacts['uid'],
  effects: EffectsInProgress,
): IgnoredBecause | null {
  const pod = state.pods.get(uid);
  if (pod === undefined) return 'unknown-subject';
  if (pod.berths.size === 0) state.pods.delete(uid);
  else state.pods.set(uid, { ...pod, present: false });
  effects.pods.add(uid);
  return null;
}

function egressNatObserved(
  state: NamespaceState,
  facts: EgressNatFacts,
  effects: EffectsInProgress,
): null {
  const known = state.egressNats.get(facts.name);
  if (known === undefined) state.egressNatsSeen += 1;
  state.egressNats.set(facts.name, { facts, order: known?.order ?? state.egressNatsSeen });
  effects.egressNats.add(facts.name);
  return null;
}

function releaseAcked(
  state: NamespaceState,
  { release: id, node }: ReleaseAcked,
  effects: EffectsInProgress,
): IgnoredBecause | null {
  const release = state.releases.get(id);
  if (release === undefined || release.node !== node) return 'unknown-subject';
  if (release.acked) return 'repeated';
  release.acked = true;
  freeIfRested(state, release, effects);
  return null;
}

function tick(
  state: NamespaceState,
  { release: id }: Tick,
  event: LoggedEvent,
  effects: EffectsInProgress,
): IgnoredBecause | null {
  const release = state.releases.get(id);
  if (release === undefined) return 'unknown-subject';
  if (release.ticked) return 'repeated';
  if (event.timeMs < release.releasedAtMs + quarantineMs(state, release)) return 'too-early';
  release.ticked = true;
  freeIfRested(state, release, effects);
  return null;
}

/** A message that names a claim which is no longer held answers an ask that was given back. */
function receive(
  state: NamespaceState,
  from: AggregateKey,
  message: Message,
  effects: EffectsInProgress,
): void {
  const claim = state.claims.get(message.claim);
  if (claim === undefined) return;
  effects.claims.add(claim.id);
  if (message.kind === 'GrantClaim' && from === POOLS && claim.grant === null) {
    const { address, geometry, quarantineSeconds, fencing } = message;
    claim.grant = { address, geometry, quarantineSeconds, fencing };
    for (const base of blockBases(geometry)) claim.free.add(base);
  } else if (message.kind === 'WithdrawClaim' && from === POOLS) {
    claim.withdrawn = true;
  } else if (message.kind === 'ConfirmEntry' && from === targetKey(message.target)) {
    // May come before the grant (order between sources is not given): kept for the claim.
    const { address, revision } = message;
    claim.confirmed.set(message.target, { address, revision });
  }
}
