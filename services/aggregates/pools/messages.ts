/** What an answer in the pools says to namespaces and targets. A function of the state alone. */
import { targetKey } from '../../contract/identity.ts';
import type { IpAddress } from '../../contract/ip-address.ts';
import type { Answer } from '../../contract/records.ts';
import type { OutgoingMessage } from '../aggregate/make-decision.ts';
import type { PoolClaim, PoolsState } from './state.ts';
import { changesToTell } from './telling.ts';

export function poolsMessages(state: PoolsState, answer: Answer): OutgoingMessage[] {
  const claim = 'claim' in answer ? state.claims.get(answer.claim) : undefined;
  if (claim === undefined) return [];
  switch (answer.kind) {
    case 'AddressGranted': {
      const { address, geometry, quarantineSeconds, fencing } = answer;
      const granted = { address, geometry, quarantineSeconds, fencing };
      return [
        { to: claim.from, message: { kind: 'GrantClaim', claim: claim.id, ...granted } },
        ...toTargets(claim, address),
      ];
    }
    case 'TargetsTold':
      return claim.grant === null ? [] : toTargets(claim, claim.grant.address);
    case 'AddressWithdrawn':
      return [{ to: claim.from, message: { kind: 'WithdrawClaim', claim: claim.id } }];
    default:
      return [];
  }
}

function toTargets(claim: PoolClaim, address: IpAddress): OutgoingMessage[] {
  const { want, drop } = changesToTell(claim);
  const { id, namespace, labels, egressNat } = claim;
  return [
    ...want.map(({ target, revision }): OutgoingMessage => {
      const entry = { claim: id, address, namespace, labels, egressNat, revision };
      return { to: targetKey(target), message: { kind: 'WantEntry', ...entry } };
    }),
    ...drop.map(({ target, revision }): OutgoingMessage => {
      return { to: targetKey(target), message: { kind: 'DropEntry', claim: id, revision } };
    }),
  ];
}
