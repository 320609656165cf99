/** The Kubernetes objects of the demo's cluster, as `kubectl apply` would be given them. */
import type { PlannedPod } from './churn.ts';

export type KubernetesObject = Readonly<Record<string, unknown>>;

export interface TargetSpec {
  readonly name: string;
  readonly cidrs: readonly string[];
  /** Addresses that its owner opened, once. */
  readonly allowed: readonly string[];
  /** Or the ACL server that is told each of them. */
  readonly aclServer?: { readonly url: string; readonly secret: string } | null;
  readonly enforcement?: 'Observe' | 'Selected' | 'All';
}

export interface PoolSpec {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly portsPerPod: number;
}

const API_VERSION = 'berth.dev/v1alpha1';
const GATEWAY_LABELS = { 'berth.dev/gateway': 'true' };
const QUARANTINE_SECONDS = 20;
const ADDRESSES_MAX = 4;
/** An empty selector selects everything. */
const EVERY_NAMESPACE = {};

export function namespaceObject(name: string): KubernetesObject {
  const labels = { 'kubernetes.io/metadata.name': name };
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

export function nodeObject(name: string, address: string, gateway: boolean): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: gateway ? GATEWAY_LABELS : {} },
    status: {
      addresses: [{ type: 'InternalIP', address }],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  };
}

export function poolObject({ name, addresses, portsPerPod }: PoolSpec): KubernetesObject {
  return {
    apiVersion: API_VERSION,
    kind: 'NatPool',
    metadata: { name },
    spec: {
      addresses,
      ports: { from: 1024, to: 65535, perPod: portsPerPod },
      allowedNamespaces: EVERY_NAMESPACE,
      gateways: { selector: { matchLabels: GATEWAY_LABELS }, steering: 'L2' },
      quarantineSeconds: QUARANTINE_SECONDS,
    },
  };
}

export function targetObject(target: TargetSpec): KubernetesObject {
  const { name, cidrs, allowed, aclServer = null, enforcement = 'Selected' } = target;
  const webhook = {
    secretRef: { name: aclServer?.secret },
    allowPlainHttp: true,
    timeoutSeconds: 5,
  };
  return {
    apiVersion: API_VERSION,
    kind: 'AclTarget',
    metadata: { name },
    spec: {
      cidrs,
      allowedNamespaces: EVERY_NAMESPACE,
      enforcement,
      driver:
        aclServer === null
          ? { type: 'Manual', allowed }
          : { type: 'Webhook', url: aclServer.url, ...webhook },
    },
  };
}

export interface EgressNatSpec {
  readonly namespace: string;
  readonly name: string;
  readonly pool: string;
  readonly podLabels: Readonly<Record<string, string>>;
  readonly targets: readonly string[];
}

export function egressNatObject(spec: EgressNatSpec): KubernetesObject {
  const { namespace, name, pool, podLabels, targets } = spec;
  return {
    apiVersion: API_VERSION,
    kind: 'EgressNat',
    metadata: { namespace, name },
    spec: {
      pool,
      addresses: { min: 1, max: ADDRESSES_MAX },
      podSelector: { matchLabels: podLabels },
      targets: targets.map((target) => ({ name: target })),
    },
  };
}

/** Bound to its node: the scheduler has decided. */
export function podObject({ namespace, name, uid, labels, node }: PlannedPod): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, uid, labels },
    spec: { nodeName: node, containers: [{ name: 'app', image: 'app' }] },
    status: { phase: 'Pending' },
  };
}
