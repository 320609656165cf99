/** What an accepted answer does to a namespace. */
import type { TargetName } from '../../contract/identity.ts';
import type { Answer, LoggedEvent } from '../../contract/records.ts';
import { brokenRule } from '../aggregate/invariant.ts';
import type { EffectsInProgress } from '../effects.ts';
import { fenceFor } from './fences.ts';
import { forgetBlocksOf, rememberBlock } from './last-blocks.ts';
import type { Claim, NamespaceState, Release } from './state.ts';

type Of<K extends Answer['kind']> = Extract<Answer, { kind: K }>;

export function applyNamespaceAnswer(
  state: NamespaceState,
  answer: Answer,
  event: LoggedEvent,
  effects: EffectsInProgress,
): void {
  switch (answer.kind) {
    case 'BerthGranted':
      grantBerth(state, answer, effects);
      return;
    case 'BerthReleased':
      releaseBerth(state, answer, event, effects);
      return;
    case 'ClaimAsked':
      askClaim(state, answer, effects);
      return;
    case 'ClaimUpdated':
      updateClaim(state, answer, effects);
      return;
    case 'ClaimReturned':
      returnClaim(state, answer, effects);
      return;
    default:
      throw brokenRule(state.key, `${answer.kind} was accepted in a namespace`);
  }
}

function grantBerth(
  state: NamespaceState,
  answer: Of<'BerthGranted'>,
  effects: EffectsInProgress,
): void {
  const { pod: uid, egressNat, claim: claimId, base, node } = answer;
  const pod = state.pods.get(uid);
  const claim = state.claims.get(claimId);
  // Checked before acceptance; asserted here because two owners of a block is the one thing that
  // must never be, whatever else is wrong.
  if (pod === undefined || claim === undefined || !claim.free.has(base) || claim.used.has(base)) {
    throw brokenRule(state.key, `block ${base} of ${claimId} was given twice`);
  }
  claim.free.delete(base);
  claim.used.set(base, { kind: 'berth', pod: uid });
  pod.berths.set(egressNat, { pod: uid, egressNat, claim: claimId, base, node });
  rememberBlock(state, pod.facts, egressNat, { claim: claimId, base });
  effects.pods.add(uid);
  effects.claims.add(claimId);
}

function releaseBerth(
  state: NamespaceState,
  answer: Of<'BerthReleased'>,
  event: LoggedEvent,
  effects: EffectsInProgress,
): void {
  const pod = state.pods.get(answer.pod);
  const berth = pod?.berths.get(answer.egressNat);
  if (pod === undefined || berth === undefined)
    throw brokenRule(state.key, 'a berth was released twice');
  pod.berths.delete(answer.egressNat);
  if (!pod.present && pod.berths.size === 0) state.pods.delete(answer.pod);
  const id = answer.question;
  state.claims.get(berth.claim)?.used.set(berth.base, { kind: 'release', release: id });
  const release: Release = {
    id,
    pod: berth.pod,
    egressNat: berth.egressNat,
    claim: berth.claim,
    base: berth.base,
    node: berth.node,
    releasedAtMs: event.timeMs,
    position: { partition: event.partition, offset: event.offset },
    acked: false,
    fenced: null,
    ticked: false,
  };
  // Pods may be collected long after their node was fenced.
  release.fenced = fenceFor(state, release);
  state.releases.set(id, release);
  effects.pods.add(answer.pod);
  effects.claims.add(berth.claim);
  effects.released.push({ release: id, node: berth.node });
}

function askClaim(
  state: NamespaceState,
  answer: Of<'ClaimAsked'>,
  effects: EffectsInProgress,
): void {
  const claim: Claim = {
    id: answer.question,
    egressNat: answer.egressNat,
    pool: answer.pool,
    labels: state.labels,
    revision: 1,
    targets: new Map(answer.targets.map((name) => [name, 1])),
    confirmed: new Map(),
    grant: null,
    withdrawn: false,
    free: new Set(),
    used: new Map(),
  };
  state.claims.set(claim.id, claim);
  effects.claims.add(claim.id);
}

function updateClaim(
  state: NamespaceState,
  answer: Of<'ClaimUpdated'>,
  effects: EffectsInProgress,
): void {
  const claim = state.claims.get(answer.claim);
  if (claim === undefined) throw brokenRule(state.key, 'a claim was updated that is not held');
  claim.revision += 1;
  claim.labels = state.labels;
  retarget(claim, answer.targets);
  effects.claims.add(claim.id);
}

/** Targets that stay keep the revision at which they joined; their confirmation stays good. */
function retarget(claim: Claim, targets: readonly TargetName[]): void {
  for (const name of [...claim.targets.keys()]) {
    if (targets.includes(name)) continue;
    claim.targets.delete(name);
    claim.confirmed.delete(name);
  }
  for (const name of targets) {
    if (!claim.targets.has(name)) claim.targets.set(name, claim.revision);
  }
}

function returnClaim(
  state: NamespaceState,
  answer: Of<'ClaimReturned'>,
  effects: EffectsInProgress,
): void {
  const claim = state.claims.get(answer.claim);
  if (claim === undefined) throw brokenRule(state.key, 'a claim was returned that is not held');
  state.claims.delete(claim.id);
  forgetBlocksOf(state, claim.id);
  effects.claims.add(claim.id);
  effects.egressNats.add(claim.egressNat);
}
