/**
 * The third condition of acceptance: can this outcome be true where the record stands? The
 * predecessor pins down all decisions before it, but observations and forwards may have come
 * between: an address withdrawn, a confirmation replaced, a pod gone.
 */
import type { Answer } from '../../contract/records.ts';
import { isUsable } from './claims.ts';
import type { NamespaceState } from './state.ts';

export function arePossibleInNamespace(state: NamespaceState, answers: readonly Answer[]): boolean {
  const given = new Set<string>();
  const returned = new Set(
    answers.flatMap((answer) => (answer.kind === 'ClaimReturned' ? [answer.claim] : [])),
  );
  for (const answer of answers) {
    if (!isPossible(state, answer)) return false;
    if (answer.kind !== 'BerthGranted') continue;
    // Given back, the address may be another's before the pod has sent its first packet.
    if (returned.has(answer.claim)) return false;
    const block = `${answer.claim} ${answer.base}`;
    if (given.has(block)) return false;
    given.add(block);
  }
  return true;
}

function isPossible(state: NamespaceState, answer: Answer): boolean {
  const question = state.questions.get(answer.question);
  switch (answer.kind) {
    case 'BerthGranted': {
      if (question?.kind !== 'berth') return false;
      if (question.pod !== answer.pod || question.egressNat !== answer.egressNat) return false;
      const pod = state.pods.get(answer.pod);
      const claim = state.claims.get(answer.claim);
      const egressNat = state.egressNats.get(answer.egressNat);
      if (pod === undefined || claim === undefined || egressNat === undefined) return false;
      if (claim.egressNat !== answer.egressNat || !isUsable(egressNat, claim)) return false;
      return claim.free.has(answer.base) && pod.facts.node === answer.node;
    }
    case 'BerthReleased':
      return (
        question?.kind === 'release' &&
        question.pod === answer.pod &&
        question.egressNat === answer.egressNat
      );
    case 'ClaimAsked':
      return question?.kind === 'claim' && question.egressNat === answer.egressNat;
    case 'ClaimUpdated':
      return question?.kind === 'update-claim' && question.claim === answer.claim;
    case 'ClaimReturned':
      return question?.kind === 'return-claim' && question.claim === answer.claim;
    default:
      return false;
  }
}
