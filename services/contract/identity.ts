/**
 * The names of things, branded so that a pod's uid can't be passed where a node's name is due.
 * Aggregates are the keys of the log: `ns/<namespace>`, `pools`, `target/<name>`, `fences`, and
 * `log/<number>`, one a partition: where the log itself comes from, and that it went on elsewhere.
 */
export type PodUid = string & { readonly __brand?: 'PodUid' };
export type NodeName = string & { readonly __brand?: 'NodeName' };
export type NamespaceName = string & { readonly __brand?: 'NamespaceName' };
export type EgressNatName = string & { readonly __brand?: 'EgressNatName' };
export type PoolName = string & { readonly __brand?: 'PoolName' };
export type TargetName = string & { readonly __brand?: 'TargetName' };

/** Key of one totally ordered history in `berth.events`. */
export type AggregateKey =
  | `ns/${string}`
  | 'pools'
  | `target/${string}`
  | 'fences'
  | `log/${string}`;

export const POOLS: AggregateKey = 'pools';
export const FENCES: AggregateKey = 'fences';

export function namespaceKey(name: NamespaceName): AggregateKey {
  return `ns/${name}`;
}

export function targetKey(name: TargetName): AggregateKey {
  return `target/${name}`;
}

export type AggregateKind = 'namespace' | 'pools' | 'target' | 'fences' | 'log';

export function aggregateKind(key: AggregateKey): AggregateKind {
  if (key === POOLS) return 'pools';
  if (key === FENCES) return 'fences';
  if (key.startsWith('log/')) return 'log';
  return key.startsWith('ns/') ? 'namespace' : 'target';
}

/** `shop` of `ns/shop`, `orders-db` of `target/orders-db`. */
export function aggregateName(key: AggregateKey): string {
  return key.slice(key.indexOf('/') + 1);
}
