/**
 * Answers what is open in the pools. An ask that cannot be met now (no address free, namespace not
 * allowed or at its maximum) stays open, and is met as soon as it can be, with no second ask.
 */
import { type IpAddress, isV4 } from '../../contract/ip-address.ts';
import { selects } from '../../contract/label-selector.ts';
import type { Answer, Decision, QuestionId } from '../../contract/records.ts';
import { ANSWERS_PER_DECISION_MAX, makeDecision } from '../aggregate/make-decision.ts';
import { poolsMessages } from './messages.ts';
import type { PoolClaim, PoolsQuestion, PoolsState } from './state.ts';

export function decidePools(state: PoolsState): Decision | null {
  const answers: Answer[] = [];
  const given: Given = { addresses: new Set(), counts: new Map() };
  for (const [id, question] of state.questions) {
    if (answers.length === ANSWERS_PER_DECISION_MAX) break;
    const claim = state.claims.get(question.claim);
    const answer = claim === undefined ? null : answerTo(state, id, question, claim, given);
    if (answer !== null) answers.push(answer);
  }
  return makeDecision(state, answers, poolsMessages);
}

/** What earlier answers of the same decision give away already. */
interface Given {
  readonly addresses: Set<IpAddress>;
  /** Claims by `NAMESPACE POOL`. */
  readonly counts: Map<string, number>;
}

function answerTo(
  state: PoolsState,
  id: QuestionId,
  question: PoolsQuestion,
  claim: PoolClaim,
  given: Given,
): Answer | null {
  switch (question.kind) {
    case 'grant':
      return grant(state, id, claim, given);
    case 'tell-targets':
      return { kind: 'TargetsTold', question: id, claim: claim.id };
    case 'withdraw':
      return { kind: 'AddressWithdrawn', question: id, claim: claim.id };
  }
}

function grant(state: PoolsState, id: QuestionId, claim: PoolClaim, given: Given): Answer | null {
  const spec = state.pools.get(claim.pool)?.spec;
  const key = `${claim.namespace} ${claim.pool}`;
  const held = heldBy(state, claim) + (given.counts.get(key) ?? 0);
  if (spec === undefined || refusal(state, claim, held) !== null) return null;
  const address = freeAddress(state, claim, given);
  if (address === null) return null;
  given.addresses.add(address);
  given.counts.set(key, (given.counts.get(key) ?? 0) + 1);
  const { from, to, perPod } = spec.ports;
  return {
    kind: 'AddressGranted',
    question: id,
    claim: claim.id,
    address,
    geometry: { portFrom: from, portTo: to, blockSize: perPod },
    quarantineSeconds: spec.quarantineSeconds,
    fencing: spec.fencing,
  };
}

export type Refusal = 'no-such-pool' | 'namespace-not-allowed' | 'namespace-at-maximum';

/** Why an ask must wait, whatever is free; null when it need not. */
export function refusal(
  state: PoolsState,
  claim: PoolClaim,
  held = heldBy(state, claim),
): Refusal | null {
  const pool = state.pools.get(claim.pool);
  if (pool === undefined || pool.gone) return 'no-such-pool';
  const { spec } = pool;
  const { allowedNamespaces } = spec;
  if (allowedNamespaces === null || !selects(allowedNamespaces, claim.labels)) {
    return 'namespace-not-allowed';
  }
  return held >= spec.addressesPerNamespaceMax ? 'namespace-at-maximum' : null;
}

function heldBy(state: PoolsState, { namespace, pool }: PoolClaim): number {
  let held = 0;
  for (const claim of state.claims.values()) {
    const same = claim.namespace === namespace && claim.pool === pool;
    if (same && claim.grant !== null) held += 1;
  }
  return held;
}

/**
 * An address that two pools name belongs to the one that was observed first. IPv6 addresses wait
 * for a datapath that translates them: an IPv4 pod must not get one.
 */
function freeAddress(state: PoolsState, claim: PoolClaim, given: Given): IpAddress | null {
  const earlier = [];
  for (const [name, pool] of state.pools) {
    if (name === claim.pool) break;
    earlier.push(pool);
  }
  for (const address of state.pools.get(claim.pool)?.addresses ?? []) {
    const taken = state.holders.has(address) || given.addresses.has(address);
    if (isV4(address) && !taken && !earlier.some((pool) => pool.addresses.has(address)))
      return address;
  }
  return null;
}
