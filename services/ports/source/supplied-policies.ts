/**
 * The policies of a recording that has none: one NatPool, its AclTargets, and one EgressNat for
 * each namespace that has pods, as Kubernetes objects, so that they can be put into the stream.
 * Blocks are made as large as they can be while every pod still gets one. Pure.
 */
import { blockBases } from '../../contract/block.ts';
import { type Cidr, cidrSize, parseCidr } from '../../contract/cidr.ts';

export type SuppliedObject = Readonly<Record<string, unknown>>;

export interface SuppliedTarget {
  readonly name: string;
  readonly cidrs: readonly string[];
}

export interface SuppliedPoliciesInit {
  /** Namespace to the most pods that it has at a time, resting blocks counted; null: not known. */
  readonly namespaces: ReadonlyMap<string, number | null>;
  /** @default 203.0.113.16/28, or 203.0.113.0/24 where that is not enough */
  readonly addresses?: readonly string[];
  /** @default two of 20 CIDRs each */
  readonly targets?: readonly SuppliedTarget[];
  /** Of the nodes that are gateways. @default berth.dev/gateway: "true" */
  readonly gatewayLabels?: Readonly<Record<string, string>>;
  /** @default 120 */
  readonly quarantineSeconds?: number;
}

const API_VERSION = 'berth.dev/v1alpha1';
const POOL = 'recorded';
const EVERYTHING = {};
const PODS_UNKNOWN = 256;
const PORTS = { from: 1024, to: 65535 };
const BLOCK_SIZES = [1024, 512, 256, 128, 64] as const;
const SMALL_POOL = ['203.0.113.16/28'];
const LARGE_POOL = ['203.0.113.0/24'];
const TARGET_CIDRS = 20;
const CIDR_ADDRESSES = 8;
const QUARANTINE_SECONDS = 120;

export function suppliedPolicies(init: SuppliedPoliciesInit): readonly SuppliedObject[] {
  const { targets = defaultTargets(), gatewayLabels = { 'berth.dev/gateway': 'true' } } = init;
  const { addresses, perPod, addressesOf } = sizing(init);
  const ofNamespaces = [...addressesOf].sort(([a], [b]) => (a < b ? -1 : 1));
  const addressesPerNamespaceMax = Math.max(1, ...addressesOf.values());
  return [
    object(
      'NatPool',
      { name: POOL },
      {
        addresses,
        ports: { ...PORTS, perPod },
        allowedNamespaces: EVERYTHING,
        addressesPerNamespaceMax,
        gateways: { selector: { matchLabels: gatewayLabels } },
        quarantineSeconds: init.quarantineSeconds ?? QUARANTINE_SECONDS,
      },
    ),
    ...targets.map(({ name, cidrs }) =>
      object(
        'AclTarget',
        { name },
        {
          cidrs,
          allowedNamespaces: EVERYTHING,
          driver: { type: 'Manual', allowed: addresses },
        },
      ),
    ),
    ...ofNamespaces.map(([namespace, max]) =>
      object(
        'EgressNat',
        { namespace, name: 'all-pods' },
        {
          pool: POOL,
          addresses: { min: 1, max },
          podSelector: EVERYTHING,
          targets: targets.map(({ name }) => ({ name })),
        },
      ),
    ),
  ];
}

/** The addresses that would be supplied, for who has to make room for them first. */
export function suppliedAddresses(init: SuppliedPoliciesInit): readonly string[] {
  return sizing(init).addresses;
}

interface Sizing {
  readonly addresses: readonly string[];
  readonly perPod: number;
  /** Namespace to the addresses that its pods need; each has one at least, of its own. */
  readonly addressesOf: ReadonlyMap<string, number>;
}

/** The largest blocks of the smallest pool in which everybody fits; else the most there can be. */
function sizing({ namespaces, addresses }: SuppliedPoliciesInit): Sizing {
  const pools = addresses === undefined ? [SMALL_POOL, LARGE_POOL] : [addresses];
  let best: Sizing | null = null;
  for (const pool of pools) {
    const room = pool.reduce((sum, text) => sum + Number(cidrSize(parseCidr(text) as Cidr)), 0);
    for (const perPod of BLOCK_SIZES) {
      const addressesOf = needed(namespaces, perPod);
      best = { addresses: pool, perPod, addressesOf };
      const sum = [...addressesOf.values()].reduce((total, count) => total + count, 0);
      if (sum <= room) return best;
    }
  }
  return best as Sizing;
}

function needed(
  namespaces: SuppliedPoliciesInit['namespaces'],
  perPod: number,
): ReadonlyMap<string, number> {
  const blocks = blockBases({ portFrom: PORTS.from, portTo: PORTS.to, blockSize: perPod }).length;
  return new Map(
    [...namespaces].map(([namespace, pods]) => [
      namespace,
      Math.max(1, Math.ceil((pods ?? PODS_UNKNOWN) / blocks)),
    ]),
  );
}

function object(kind: string, metadata: SuppliedObject, spec: SuppliedObject): SuppliedObject {
  return { apiVersion: API_VERSION, kind, metadata, spec };
}

function defaultTargets(): readonly SuppliedTarget[] {
  const cidrs = (network: string): readonly string[] =>
    Array.from({ length: TARGET_CIDRS }, (_, i) => `${network}.${i * CIDR_ADDRESSES}/29`);
  return [
    { name: 'orders-db', cidrs: cidrs('198.51.100') },
    { name: 'card-network', cidrs: cidrs('192.0.2') },
  ];
}
