/** What each record does to the pools: who holds which address, and what the targets were told. */
import { cidrAddresses } from '../../contract/cidr.ts';
import { type AggregateKey, type PoolName, targetKey } from '../../contract/identity.ts';
import type { Message } from '../../contract/messages.ts';
import type { Answer, LoggedEvent } from '../../contract/records.ts';
import { type AggregateRules, type Fact, fold } from '../aggregate/fold.ts';
import { brokenRule } from '../aggregate/invariant.ts';
import type { Effects, EffectsInProgress, IgnoredBecause } from '../effects.ts';
import { poolsMessages } from './messages.ts';
import { settlePoolsQuestions } from './questions.ts';
import type { PoolClaim, PoolsState } from './state.ts';
import { changesToTell } from './telling.ts';

const rules: AggregateRules<PoolsState> = {
  observe,
  receive,
  arePossible,
  messagesOf: poolsMessages,
  answer,
  settleQuestions: settlePoolsQuestions,
};

export function evolvePools(state: PoolsState, event: LoggedEvent): Effects {
  return fold(state, event, rules);
}

function observe(
  state: PoolsState,
  fact: Fact,
  _event: LoggedEvent,
  effects: EffectsInProgress,
): IgnoredBecause | null {
  switch (fact.type) {
    case 'PoolObserved': {
      const addresses = fact.spec.addresses.flatMap((cidr) => [...cidrAddresses(cidr)]);
      const pool = { spec: fact.spec, gone: false, addresses: new Set(addresses) };
      state.pools.set(fact.name, pool);
      break;
    }
    case 'PoolGone': {
      const pool = state.pools.get(fact.name);
      if (pool === undefined || pool.gone) return 'unknown-subject';
      state.pools.set(fact.name, { spec: pool.spec, gone: true, addresses: new Set() });
      forgetIfDrained(state, fact.name, effects);
      break;
    }
    default:
      return 'unknown-subject';
  }
  effects.specification = true;
  for (const claim of state.claims.values()) {
    if (claim.pool === fact.name) effects.claims.add(claim.id);
  }
  return null;
}

function receive(
  state: PoolsState,
  from: AggregateKey,
  message: Message,
  effects: EffectsInProgress,
): void {
  effects.claims.add(message.claim);
  if (message.kind === 'AskClaim') {
    takeAsk(state, from, message);
    return;
  }
  const claim = state.claims.get(message.claim);
  if (claim === undefined) return;
  if (message.kind === 'UpdateClaim' && from === claim.from) {
    claim.labels = message.labels;
    claim.wanted.clear();
    for (const { name, revision } of message.targets) claim.wanted.set(name, revision);
  } else if (message.kind === 'ReturnClaim' && from === claim.from) {
    claim.returned = true;
    claim.wanted.clear();
    freeIfForgotten(state, claim, effects);
  } else if (message.kind === 'EntryGone' && from === targetKey(message.target)) {
    if (claim.dropping.get(message.target) !== message.revision) return;
    claim.dropping.delete(message.target);
    freeIfForgotten(state, claim, effects);
  }
}

function takeAsk(
  state: PoolsState,
  from: AggregateKey,
  ask: Extract<Message, { kind: 'AskClaim' }>,
): void {
  state.claims.set(ask.claim, {
    id: ask.claim,
    from,
    namespace: ask.namespace,
    egressNat: ask.egressNat,
    pool: ask.pool,
    labels: ask.labels,
    wanted: new Map(ask.targets.map(({ name, revision }) => [name, revision])),
    told: new Map(),
    dropping: new Map(),
    grant: null,
    withdrawn: false,
    returned: false,
  });
}

/** An address is free again when it was given back and is in no target's ACL any more. */
function freeIfForgotten(state: PoolsState, claim: PoolClaim, effects: EffectsInProgress): void {
  if (!claim.returned || claim.told.size > 0 || claim.dropping.size > 0) return;
  if (claim.grant !== null) state.holders.delete(claim.grant.address);
  state.claims.delete(claim.id);
  forgetIfDrained(state, claim.pool, effects);
}

/** A pool that is gone is remembered for as long as an address of it is held. */
function forgetIfDrained(state: PoolsState, name: PoolName, effects: EffectsInProgress): void {
  if (state.pools.get(name)?.gone !== true) return;
  for (const { pool, grant } of state.claims.values()) {
    if (pool === name && grant !== null) return;
  }
  state.pools.delete(name);
  effects.specification = true;
}

function arePossible(state: PoolsState, answers: readonly Answer[]): boolean {
  const given = new Set<string>();
  return answers.every((candidate) => {
    const question = state.questions.get(candidate.question);
    if (candidate.kind === 'AddressGranted') {
      const claim = state.claims.get(candidate.claim);
      const pool = claim && state.pools.get(claim.pool);
      const { address } = candidate;
      if (question?.kind !== 'grant' || question.claim !== candidate.claim) return false;
      if (pool === undefined || !pool.addresses.has(address)) return false;
      if (state.holders.has(address) || given.has(address)) return false;
      given.add(address);
      return true;
    }
    if (candidate.kind === 'TargetsTold') {
      return question?.kind === 'tell-targets' && question.claim === candidate.claim;
    }
    if (candidate.kind === 'AddressWithdrawn') {
      return question?.kind === 'withdraw' && question.claim === candidate.claim;
    }
    return false;
  });
}

function answer(
  state: PoolsState,
  given: Answer,
  _event: LoggedEvent,
  effects: EffectsInProgress,
): void {
  if (!('claim' in given)) throw brokenRule(state.key, `${given.kind} was accepted in the pools`);
  const claim = state.claims.get(given.claim);
  if (claim === undefined) throw brokenRule(state.key, 'an answer names no claim');
  effects.claims.add(claim.id);
  if (given.kind === 'AddressGranted') {
    const { address, geometry, quarantineSeconds } = given;
    if (state.holders.has(address)) throw brokenRule(state.key, `${address} was given twice`);
    state.holders.set(address, claim.id);
    claim.grant = { address, geometry, quarantineSeconds };
    told(claim);
  } else if (given.kind === 'TargetsTold') {
    told(claim);
    freeIfForgotten(state, claim, effects);
  } else if (given.kind === 'AddressWithdrawn') {
    claim.withdrawn = true;
  }
}

/** The targets hear what is wanted now; what they must drop is waited for. */
function told(claim: PoolClaim): void {
  for (const { target, revision } of changesToTell(claim).drop) {
    claim.dropping.set(target, revision);
    claim.told.delete(target);
  }
  for (const [target, revision] of claim.wanted) {
    // Wanted again before it was dropped: the new entry takes the old one's place at the target.
    claim.dropping.delete(target);
    claim.told.set(target, { revision, labels: claim.labels });
  }
}
