/** The objects of the simulated cluster: few addresses, large blocks, so that blocks come again. */
import { type Cidr, parseCidr } from '../../../services/contract/cidr.ts';
import type {
  AclTargetSpec,
  EgressNatSpec,
  LabelSelector,
  NatPoolSpec,
  PodFacts,
  WebhookSpec,
} from '../../../services/contract/objects.ts';
import type { SourceObject } from '../../../services/ports/source/port.ts';

export const NODES = ['n1', 'n2', 'n3'];
/** Its number is the next after the nodes'. */
export const GATEWAY = 'gw';
export const NAMESPACES = ['shop', 'pay'];
export const TARGETS = ['orders-db', 'bank'];
/** Where one target's ACL servers are; it moves from one to the other now and then. */
export const ACL_SERVERS = ['https://acl-1.example.org/', 'https://acl-2.example.org/'];
export const APPS = ['web', 'api'];
export const POOLS: Readonly<Record<string, string>> = {
  blue: '203.0.113.16',
  green: '203.0.113.32',
};
/** 3 blocks an address. */
export const LARGE_BLOCK = 16384;
export const SMALL_BLOCK = 8192;

export const EVERYTHING: LabelSelector = { matchLabels: {}, matchExpressions: [] };

export function cidrs(...texts: string[]): Cidr[] {
  return texts.map(parseCidr);
}

export function labelled(labels: Readonly<Record<string, string>>): LabelSelector {
  return { matchLabels: labels, matchExpressions: [] };
}

export function natPool(name: string, spec: Partial<NatPoolSpec> = {}): SourceObject {
  const whole: NatPoolSpec = {
    addresses: cidrs(`${POOLS[name]}/30`),
    ports: { from: 1024, to: 65535, perPod: LARGE_BLOCK },
    allowedNamespaces: EVERYTHING,
    addressesPerNamespaceMax: 8,
    gatewaySelector: labelled({ gateway: 'yes' }),
    quarantineSeconds: 20,
    fencing: 'Deleted',
  };
  return { kind: 'NatPool', facts: { name, spec: { ...whole, ...spec } } };
}

export function aclTarget(name: string, spec: Partial<AclTargetSpec> = {}): SourceObject {
  const range = `198.51.100.${TARGETS.indexOf(name) * 64}/26`;
  const whole: AclTargetSpec = {
    destinations: { cidrs: cidrs(range), except: [], ports: [] },
    allowedNamespaces: EVERYTHING,
    enforcement: 'Selected',
    driver: { type: 'Manual', allowed: cidrs('203.0.113.0/24') },
  };
  return { kind: 'AclTarget', facts: { name, spec: { ...whole, ...spec } } };
}

export function webhook(url: string): WebhookSpec {
  return { type: 'Webhook', url, secretRef: { name: 'key' }, caRef: null, timeoutSeconds: 5 };
}

export function egressNat(
  namespace: string,
  name: string,
  spec: Partial<EgressNatSpec> = {},
): SourceObject {
  const whole: EgressNatSpec = {
    pool: 'blue',
    addresses: { min: 1, max: 3 },
    podSelector: EVERYTHING,
    targets: ['orders-db'],
    inline: [],
    onUnmapped: 'Drop',
  };
  const facts = { name, createdAt: null, spec: { ...whole, ...spec } };
  return { kind: 'EgressNat', namespace, facts };
}

export function pod(
  namespace: string,
  uid: string,
  facts: Partial<PodFacts> = {},
): Extract<SourceObject, { kind: 'Pod' }> {
  const whole: PodFacts = {
    uid,
    name: uid,
    labels: { app: 'web' },
    node: 'n1',
    ips: [],
    hostNetwork: false,
    finished: false,
    statefulSet: null,
  };
  return { kind: 'Pod', namespace, pod: { ...whole, ...facts } };
}

export function node(name: string, gateway: boolean): SourceObject {
  const labels: Record<string, string> = gateway ? { gateway: 'yes' } : {};
  return { kind: 'Node', facts: { name, labels, addresses: [], ready: true, outOfService: false } };
}

export function namespace(name: string, labels: Readonly<Record<string, string>>): SourceObject {
  return { kind: 'Namespace', facts: { name, labels } };
}
