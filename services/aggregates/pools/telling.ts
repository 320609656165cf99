/** The difference between what a claim's targets were told and what is wanted of them now. */

import { canonicalJson } from '../../contract/canonical.ts';
import type { TargetName } from '../../contract/identity.ts';
import type { PoolClaim } from './state.ts';

export interface ChangesToTell {
  readonly want: readonly { readonly target: TargetName; readonly revision: number }[];
  readonly drop: readonly { readonly target: TargetName; readonly revision: number }[];
}

export function changesToTell(claim: PoolClaim): ChangesToTell {
  const labels = canonicalJson(claim.labels);
  const want = [...claim.wanted]
    .map(([target, revision]) => ({ target, revision }))
    .filter(({ target, revision }) => {
      const told = claim.told.get(target);
      return told?.revision !== revision || canonicalJson(told.labels) !== labels;
    });
  // A target that is wanted again under a new revision replaces its entry: no drop is needed.
  const drop = [...claim.told]
    .filter(([target]) => !claim.wanted.has(target))
    .map(([target, { revision }]) => ({ target, revision }));
  return { want, drop };
}

export function hasChangesToTell(claim: PoolClaim): boolean {
  if (claim.grant === null) return false;
  const { want, drop } = changesToTell(claim);
  return want.length > 0 || drop.length > 0;
}
