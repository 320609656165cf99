/**
 * Answers what is open in a namespace and can be answered now. What cannot (no free block, no
 * admitted address) stays open; that is what `Exhausted` is read from. Unlike `evolve`, this may
 * differ from version to version: whatever it chooses is in the record.
 */
import { aggregateName, POOLS } from '../../contract/identity.ts';
import type { Decision, QuestionId } from '../../contract/records.ts';
import { ANSWERS_PER_DECISION_MAX, makeDecision, type Reply } from '../shared/make-decision.ts';
import { claimsOf, isUsable } from './claims.ts';
import { type Block, lastBlock } from './last-blocks.ts';
import type {
  Claim,
  EgressNatState,
  NamespaceQuestion,
  NamespaceState,
  PodState,
} from './state.ts';

export function decideNamespace(state: NamespaceState): Decision | null {
  const replies: Reply[] = [];
  const given = new Given(state);
  for (const [id, question] of state.questions) {
    if (replies.length === ANSWERS_PER_DECISION_MAX) break;
    const reply = answerTo(state, id, question, given);
    if (reply !== null) replies.push(reply);
  }
  return makeDecision(state, replies);
}

function answerTo(
  state: NamespaceState,
  id: QuestionId,
  question: NamespaceQuestion,
  given: Given,
): Reply | null {
  switch (question.kind) {
    case 'berth':
      return grant(state, id, question, given);
    case 'release': {
      const { pod, egressNat } = question;
      return only({ kind: 'BerthReleased', question: id, pod, egressNat });
    }
    case 'claim':
      return ask(state, id, question);
    case 'update-claim':
      return update(state, id, question);
    case 'return-claim':
      return {
        answer: { kind: 'ClaimReturned', question: id, claim: question.claim },
        messages: [{ to: POOLS, message: { kind: 'ReturnClaim', claim: question.claim } }],
      };
  }
}

function grant(
  state: NamespaceState,
  id: QuestionId,
  question: Extract<NamespaceQuestion, { kind: 'berth' }>,
  given: Given,
): Reply | null {
  const { pod: uid, egressNat: name } = question;
  const pod = state.pods.get(uid);
  const egressNat = state.egressNats.get(name);
  if (pod === undefined || egressNat === undefined || pod.facts.node === null) return null;
  const block = given.choose(pod, egressNat);
  if (block === null) return null;
  return only({
    kind: 'BerthGranted',
    question: id,
    pod: uid,
    egressNat: name,
    claim: block.claim,
    base: block.base,
    node: pod.facts.node,
  });
}

function ask(
  state: NamespaceState,
  id: QuestionId,
  question: Extract<NamespaceQuestion, { kind: 'claim' }>,
): Reply | null {
  const spec = state.egressNats.get(question.egressNat)?.facts.spec;
  if (spec === undefined) return null;
  const targets = [...new Set(spec.targets)];
  const { egressNat } = question;
  return {
    answer: { kind: 'ClaimAsked', question: id, egressNat, pool: spec.pool, targets },
    messages: [
      {
        to: POOLS,
        message: {
          kind: 'AskClaim',
          claim: id,
          namespace: aggregateName(state.key),
          labels: state.labels,
          egressNat,
          pool: spec.pool,
          targets: targets.map((name) => ({ name, revision: 1 })),
        },
      },
    ],
  };
}

function update(
  state: NamespaceState,
  id: QuestionId,
  question: Extract<NamespaceQuestion, { kind: 'update-claim' }>,
): Reply | null {
  const claim = state.claims.get(question.claim);
  const spec = claim && state.egressNats.get(claim.egressNat)?.facts.spec;
  if (claim === undefined || spec === undefined) return null;
  const targets = [...new Set(spec.targets)];
  const revision = claim.revision + 1;
  return {
    answer: { kind: 'ClaimUpdated', question: id, claim: claim.id, targets },
    messages: [
      {
        to: POOLS,
        message: {
          kind: 'UpdateClaim',
          claim: claim.id,
          labels: state.labels,
          targets: targets.map((name) => ({
            name,
            revision: claim.targets.get(name) ?? revision,
          })),
        },
      },
    ],
  };
}

function only(answer: Reply['answer']): Reply {
  return { answer, messages: [] };
}

/** Blocks that earlier answers of the same decision give away already. */
class Given {
  readonly #state: NamespaceState;
  readonly #bases = new Map<string, Set<number>>();
  /** EgressNats that have nothing left, so that a long queue is not searched again and again. */
  readonly #empty = new Set<string>();

  constructor(state: NamespaceState) {
    this.#state = state;
  }

  /** The pod's own last block where it is free, else the block that has rested longest. */
  choose(pod: PodState, egressNat: EgressNatState): Block | null {
    const { name } = egressNat.facts;
    if (this.#empty.has(name)) return null;
    const usable = claimsOf(this.#state, name).filter((claim) => isUsable(egressNat, claim));
    const block = this.#ownLast(pod, egressNat, usable) ?? this.#oldest(usable);
    if (block === null) this.#empty.add(name);
    else this.#take(block);
    return block;
  }

  #ownLast(pod: PodState, egressNat: EgressNatState, usable: readonly Claim[]): Block | null {
    const last = lastBlock(this.#state, pod.facts, egressNat.facts.name);
    const claim = usable.find((candidate) => candidate.id === last?.claim);
    if (last === undefined || claim === undefined) return null;
    return this.#isFree(claim, last.base) ? last : null;
  }

  #oldest(usable: readonly Claim[]): Block | null {
    for (const claim of usable) {
      for (const base of claim.free) {
        if (this.#isFree(claim, base)) return { claim: claim.id, base };
      }
    }
    return null;
  }

  #isFree(claim: Claim, base: number): boolean {
    return claim.free.has(base) && this.#bases.get(claim.id)?.has(base) !== true;
  }

  #take(block: Block): void {
    const bases = this.#bases.get(block.claim) ?? new Set();
    this.#bases.set(block.claim, bases.add(block.base));
  }
}
