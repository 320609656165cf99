/**
 * What a record did to an aggregate: which things to look at again. Projections (a hub's views,
 * the console) read them instead of comparing whole states.
 */
import type { EgressNatName, NodeName, PodUid } from '../contract/identity.ts';
import type { ClaimId, ReleaseId } from '../contract/records.ts';

export type IgnoredBecause =
  | 'stale-term'
  | 'repeated'
  | 'out-of-order'
  | 'question-not-open'
  | 'other-predecessor'
  | 'impossible-outcome'
  | 'too-early'
  | 'unknown-subject'
  | 'refused';

export interface Effects {
  /** Null: the record was taken. Otherwise it changed nothing. */
  readonly ignored: IgnoredBecause | null;
  /** Pods whose facts or berths changed; gone ones too. */
  readonly pods: ReadonlySet<PodUid>;
  readonly egressNats: ReadonlySet<EgressNatName>;
  /** Claims whose address, admission or existence changed. */
  readonly claims: ReadonlySet<ClaimId>;
  /** Blocks that were released by this record and now rest. */
  readonly released: readonly { readonly release: ReleaseId; readonly node: NodeName }[];
  /** A target's or pool's specification changed. */
  readonly specification: boolean;
}

export interface EffectsInProgress {
  readonly pods: Set<PodUid>;
  readonly egressNats: Set<EgressNatName>;
  readonly claims: Set<ClaimId>;
  readonly released: { release: ReleaseId; node: NodeName }[];
  specification: boolean;
}

export function noEffects(): EffectsInProgress {
  return {
    pods: new Set(),
    egressNats: new Set(),
    claims: new Set(),
    released: [],
    specification: false,
  };
}

export function taken(effects: EffectsInProgress): Effects {
  return { ...effects, ignored: null };
}

export function ignored(because: IgnoredBecause): Effects {
  return { ...noEffects(), ignored: because };
}
