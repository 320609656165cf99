/**
 * A source: the outside world as a list, then changes to it. `watch` gives, in order: the changes
 * that make up a full list, a `listed` mark, then live changes, until its signal is aborted. After
 * a relist (`relisting`), the list comes again in the same way: what is not named before the next
 * `listed` is gone, but only if that mark says that the list is complete. A list is incomplete
 * when something in it could not be understood; absence then proves nothing and nothing may be
 * taken away for it. Live `gone` is always certain. What follows `relisting` is looked up after
 * that event was taken, never before.
 *
 * Input that is refused is given as a `problem`; the rest goes on, and what was in force from the
 * refused part stays in force. Nothing is invented, nothing is lost without a `problem`.
 */
import type { ErrorCode } from '../../contract/errors.ts';
import type {
  EgressNatName,
  NamespaceName,
  NodeName,
  PodUid,
  PoolName,
  TargetName,
} from '../../contract/identity.ts';
import type {
  AclTargetFacts,
  EgressNatFacts,
  NamespaceFacts,
  NatPoolFacts,
  NodeFacts,
  PodFacts,
} from '../../contract/objects.ts';

export type SourceObject =
  | { readonly kind: 'Pod'; readonly namespace: NamespaceName; readonly pod: PodFacts }
  | { readonly kind: 'Namespace'; readonly facts: NamespaceFacts }
  | { readonly kind: 'Node'; readonly facts: NodeFacts }
  | { readonly kind: 'NatPool'; readonly facts: NatPoolFacts }
  | { readonly kind: 'AclTarget'; readonly facts: AclTargetFacts }
  | {
      readonly kind: 'EgressNat';
      readonly namespace: NamespaceName;
      readonly facts: EgressNatFacts;
    };

export type SourceKey =
  | { readonly kind: 'Pod'; readonly namespace: NamespaceName; readonly uid: PodUid }
  | { readonly kind: 'Namespace'; readonly name: NamespaceName }
  | { readonly kind: 'Node'; readonly name: NodeName }
  | { readonly kind: 'NatPool'; readonly name: PoolName }
  | { readonly kind: 'AclTarget'; readonly name: TargetName }
  | { readonly kind: 'EgressNat'; readonly namespace: NamespaceName; readonly name: EgressNatName };

/** Input that was refused: where, and the coded error. */
export interface Problem {
  readonly file: string;
  /** From 1; null where the whole file is meant. */
  readonly line: number | null;
  /** Path within the object, e.g. `spec.ports.perPod`; null where none is known. */
  readonly field: string | null;
  readonly code: ErrorCode;
  /** For people: code, what is wrong, what to do. */
  readonly message: string;
}

export type SourceEvent =
  | { readonly type: 'present'; readonly object: SourceObject }
  | { readonly type: 'gone'; readonly key: SourceKey }
  | { readonly type: 'listed'; readonly complete: boolean }
  | { readonly type: 'relisting' }
  | { readonly type: 'problem'; readonly problem: Problem };

export interface Source {
  readonly kind: 'manifests' | 'recording';
  watch(signal: AbortSignal): AsyncIterable<SourceEvent>;
}
