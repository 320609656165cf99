/**
 * What aggregates tell each other, always inside a forward (see `records.ts`). A claim's way:
 * ns asks -> pools grant and tell the targets -> each target confirms to ns. Back: ns returns ->
 * pools tell the targets -> each target says that its entry is gone -> the address is free.
 *
 * `revision` says when a target joined the claim; a confirmation that names another one belongs to
 * an entry that was wanted before, removed, and wanted again, and is ignored.
 */
import type { BlockGeometry } from './block.ts';
import type {
  AggregateKey,
  EgressNatName,
  NamespaceName,
  PoolName,
  TargetName,
} from './identity.ts';
import type { IpAddress } from './ip-address.ts';
import type { Fencing, Labels } from './objects.ts';

/** A target of a claim and the claim's revision at which it joined. */
export interface WantedTarget {
  readonly name: TargetName;
  readonly revision: number;
}

export type Message =
  | {
      readonly kind: 'AskClaim';
      readonly claim: string;
      readonly namespace: NamespaceName;
      readonly labels: Labels;
      readonly egressNat: EgressNatName;
      readonly pool: PoolName;
      readonly targets: readonly WantedTarget[];
    }
  | {
      readonly kind: 'UpdateClaim';
      readonly claim: string;
      readonly labels: Labels;
      readonly targets: readonly WantedTarget[];
    }
  | { readonly kind: 'ReturnClaim'; readonly claim: string }
  | {
      readonly kind: 'GrantClaim';
      readonly claim: string;
      readonly address: IpAddress;
      readonly geometry: BlockGeometry;
      readonly quarantineSeconds: number;
      readonly fencing: Fencing;
    }
  | { readonly kind: 'WithdrawClaim'; readonly claim: string }
  | {
      readonly kind: 'WantEntry';
      readonly claim: string;
      readonly address: IpAddress;
      readonly namespace: NamespaceName;
      readonly labels: Labels;
      readonly egressNat: EgressNatName;
      readonly revision: number;
    }
  | { readonly kind: 'DropEntry'; readonly claim: string; readonly revision: number }
  | {
      readonly kind: 'ConfirmEntry';
      readonly claim: string;
      readonly target: TargetName;
      readonly address: IpAddress;
      readonly revision: number;
    }
  | {
      readonly kind: 'EntryGone';
      readonly claim: string;
      readonly target: TargetName;
      readonly revision: number;
    };

export interface Forward {
  readonly to: AggregateKey;
  /** From 1, dense for each (this aggregate, to). */
  readonly number: number;
  readonly message: Message;
}
