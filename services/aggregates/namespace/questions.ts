/**
 * Which questions a namespace has: each is a function of its facts, so after a record the ones
 * about everything that it touched are opened or closed. Nobody else opens or closes any.
 */
import type { EgressNatName, PodUid } from '../../contract/identity.ts';
import type { ClaimId, LoggedEvent, RecordId } from '../../contract/records.ts';
import { closeQuestion, keepQuestion } from '../aggregate/questions.ts';
import type { EffectsInProgress } from '../effects.ts';
import { claimsOf, mayReturn, needsClaim, needsUpdate } from './claims.ts';
import { egressNatsOf } from './selection.ts';
import type { NamespaceState, PodState } from './state.ts';

export const about = {
  berth: (pod: PodUid, egressNat: EgressNatName) => `berth:${pod}:${egressNat}`,
  release: (pod: PodUid, egressNat: EgressNatName) => `release:${pod}:${egressNat}`,
  claim: (egressNat: EgressNatName) => `claim:${egressNat}`,
  updateClaim: (claim: string) => `update-claim:${claim}`,
  returnClaim: (claim: string) => `return-claim:${claim}`,
};

export function settleNamespaceQuestions(
  state: NamespaceState,
  event: LoggedEvent,
  effects: EffectsInProgress,
): void {
  const openedBy = event.record.id;
  // An EgressNat that came, went or changed concerns every pod: their order and number changed.
  if (effects.egressNats.size > 0) for (const uid of state.pods.keys()) effects.pods.add(uid);
  const names = new Set([...state.egressNats.keys(), ...effects.egressNats]);
  const concerned = new Set(effects.egressNats);
  for (const uid of effects.pods) {
    settlePod(state, uid, names, openedBy);
    for (const name of state.egressNats.keys()) concerned.add(name);
  }
  for (const id of effects.claims) {
    const claim = state.claims.get(id);
    if (claim === undefined) closeClaimQuestions(state, id);
    else concerned.add(claim.egressNat);
  }
  for (const name of concerned) settleEgressNat(state, name, openedBy);
}

function settlePod(
  state: NamespaceState,
  uid: PodUid,
  names: ReadonlySet<EgressNatName>,
  openedBy: RecordId,
): void {
  const pod = state.pods.get(uid);
  const selecting = pod?.present === true ? egressNatsOf(state, pod.facts) : [];
  const desired = new Set(selecting.map((egressNat) => egressNat.facts.name));
  for (const name of new Set([...names, ...(pod?.berths.keys() ?? [])])) {
    const waits = pod !== undefined && desired.has(name) && !pod.berths.has(name);
    keepQuestion(
      state,
      waits,
      about.berth(uid, name),
      { kind: 'berth', pod: uid, egressNat: name },
      openedBy,
    );
    keepWaiting(state, name, uid, waits);
    keepQuestion(
      state,
      pod !== undefined && mustLetGo(pod, name, desired),
      about.release(uid, name),
      { kind: 'release', pod: uid, egressNat: name },
      openedBy,
    );
  }
}

function mustLetGo(
  pod: PodState,
  name: EgressNatName,
  desired: ReadonlySet<EgressNatName>,
): boolean {
  const berth = pod.berths.get(name);
  if (berth === undefined) return false;
  return !desired.has(name) || berth.node !== pod.facts.node;
}

function keepWaiting(
  state: NamespaceState,
  name: EgressNatName,
  uid: PodUid,
  waits: boolean,
): void {
  const waiting = state.waiting.get(name);
  if (waits && waiting === undefined) state.waiting.set(name, new Set([uid]));
  else if (waits) waiting?.add(uid);
  else if (waiting?.delete(uid) === true && waiting.size === 0) state.waiting.delete(name);
}

function settleEgressNat(state: NamespaceState, name: EgressNatName, openedBy: RecordId): void {
  const egressNat = state.egressNats.get(name);
  for (const claim of claimsOf(state, name)) {
    const returns = mayReturn(state, claim);
    keepQuestion(
      state,
      returns,
      about.returnClaim(claim.id),
      { kind: 'return-claim', claim: claim.id },
      openedBy,
    );
    keepQuestion(
      state,
      !returns && needsUpdate(state, claim),
      about.updateClaim(claim.id),
      { kind: 'update-claim', claim: claim.id },
      openedBy,
    );
  }
  const needs = egressNat !== undefined && needsClaim(state, egressNat);
  const question = { kind: 'claim', egressNat: name } as const;
  keepQuestion(state, needs, about.claim(name), question, openedBy);
}

/** Its question is open: nothing of it is in use, and nobody wants it. */
export function isToBeReturned(state: NamespaceState, claim: ClaimId): boolean {
  return state.openAbout.has(about.returnClaim(claim));
}

function closeClaimQuestions(state: NamespaceState, id: string): void {
  closeQuestion(state, about.returnClaim(id));
  closeQuestion(state, about.updateClaim(id));
}
