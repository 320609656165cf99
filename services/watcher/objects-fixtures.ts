/** Objects as a source gives them, for tests of the watcher. */
import type { Cidr } from '../contract/cidr.ts';
import type { PodFacts } from '../contract/objects.ts';
import type { SourceObject } from '../ports/source/port.ts';

export function pod(uid: string, facts: Partial<PodFacts> = {}, namespace = 'shop'): SourceObject {
  return {
    kind: 'Pod',
    namespace,
    pod: {
      uid,
      name: uid,
      labels: { app: 'web' },
      node: 'node-a',
      ips: [],
      hostNetwork: false,
      finished: false,
      statefulSet: null,
      ...facts,
    },
  };
}

export function namespace(name: string, labels: Readonly<Record<string, string>>): SourceObject {
  return { kind: 'Namespace', facts: { name, labels } };
}

export function node(name: string, ready = true): SourceObject {
  return { kind: 'Node', facts: { name, labels: {}, addresses: [], ready, outOfService: false } };
}

export function natPool(name: string, quarantineSeconds = 120): SourceObject {
  const everything = { matchLabels: {}, matchExpressions: [] };
  return {
    kind: 'NatPool',
    facts: {
      name,
      spec: {
        addresses: ['203.0.113.16/29' as Cidr],
        ports: { from: 1024, to: 65535, perPod: 1024 },
        allowedNamespaces: everything,
        addressesPerNamespaceMax: 8,
        gatewaySelector: null,
        quarantineSeconds,
        fencing: 'Deleted',
      },
    },
  };
}

export function aclTarget(name: string): SourceObject {
  return {
    kind: 'AclTarget',
    facts: {
      name,
      spec: {
        destinations: { cidrs: ['198.51.100.0/24' as Cidr], except: [], ports: [] },
        allowedNamespaces: null,
        enforcement: 'Selected',
        driver: { type: 'Manual', allowed: [] },
      },
    },
  };
}

export function egressNat(name: string, pool = 'blue', of = 'shop'): SourceObject {
  return {
    kind: 'EgressNat',
    namespace: of,
    facts: {
      name,
      createdAt: null,
      spec: {
        pool,
        addresses: { min: 1, max: 4 },
        podSelector: { matchLabels: {}, matchExpressions: [] },
        targets: ['orders-db'],
        inline: [],
        onUnmapped: 'Drop',
      },
    },
  };
}

export const EVERY_KIND: readonly SourceObject[] = [
  namespace('shop', { team: 'a' }),
  node('node-a'),
  natPool('blue'),
  aclTarget('orders-db'),
  egressNat('checkout'),
  pod('web-1'),
];
