/**
 * Answers what is open in a namespace and can be answered now. What cannot (no free block, no
 * admitted address) stays open; that is what `Exhausted` is read from. Unlike `evolve`, this may
 * differ from version to version: whatever it chooses is in the record.
 */
import type { Answer, Decision, QuestionId } from '../../contract/records.ts';
import { ANSWERS_PER_DECISION_MAX, makeDecision } from '../aggregate/make-decision.ts';
import { claimsOf, isUsable } from './claims.ts';
import { type Block, lastBlock } from './last-blocks.ts';
import { namespaceMessages } from './messages.ts';
import { isToBeReturned } from './questions.ts';
import type {
  Claim,
  EgressNatState,
  NamespaceQuestion,
  NamespaceState,
  PodState,
} from './state.ts';

export function decideNamespace(state: NamespaceState): Decision | null {
  const answers: Answer[] = [];
  const given = new Given(state);
  for (const [id, question] of state.questions) {
    if (answers.length === ANSWERS_PER_DECISION_MAX) break;
    const answer = answerTo(state, id, question, given);
    if (answer !== null) answers.push(answer);
  }
  return makeDecision(state, answers, namespaceMessages);
}

function answerTo(
  state: NamespaceState,
  id: QuestionId,
  question: NamespaceQuestion,
  given: Given,
): Answer | null {
  switch (question.kind) {
    case 'berth':
      return grant(state, id, question, given);
    case 'release': {
      const { pod, egressNat } = question;
      return { kind: 'BerthReleased', question: id, pod, egressNat };
    }
    case 'claim': {
      const { egressNat } = question;
      const spec = state.egressNats.get(egressNat)?.facts.spec;
      if (spec === undefined) return null;
      const targets = [...new Set(spec.targets)];
      return { kind: 'ClaimAsked', question: id, egressNat, pool: spec.pool, targets };
    }
    case 'update-claim': {
      const claim = state.claims.get(question.claim);
      const spec = claim && state.egressNats.get(claim.egressNat)?.facts.spec;
      if (claim === undefined || spec === undefined) return null;
      const targets = [...new Set(spec.targets)];
      return { kind: 'ClaimUpdated', question: id, claim: claim.id, targets };
    }
    case 'return-claim':
      return { kind: 'ClaimReturned', question: id, claim: question.claim };
  }
}

function grant(
  state: NamespaceState,
  id: QuestionId,
  question: Extract<NamespaceQuestion, { kind: 'berth' }>,
  given: Given,
): Answer | null {
  const { pod: uid, egressNat: name } = question;
  const pod = state.pods.get(uid);
  const egressNat = state.egressNats.get(name);
  if (pod === undefined || egressNat === undefined || pod.facts.node === null) return null;
  const block = given.choose(pod, egressNat);
  if (block === null) return null;
  return {
    kind: 'BerthGranted',
    question: id,
    pod: uid,
    egressNat: name,
    claim: block.claim,
    base: block.base,
    node: pod.facts.node,
  };
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
    const state = this.#state;
    // One that is to be given back goes back: the same decision answers that question too.
    const usable = claimsOf(state, name).filter(
      (claim) => isUsable(egressNat, claim) && !isToBeReturned(state, claim.id),
    );
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
