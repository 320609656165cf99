/** Kubernetes objects for tests, as small as they can be. */
export type KubernetesObject = Readonly<Record<string, unknown>> & {
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>> & { readonly name: string };
};

type Fields = Readonly<Record<string, unknown>>;

export function pod(name: string, fields: Fields = {}): KubernetesObject {
  const { uid = `uid-${name}`, labels = { app: 'web' }, node = 'node-a', ...metadata } = fields;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop', uid, labels, ...metadata },
    spec: { nodeName: node },
  };
}

export function namespace(name: string, labels: Fields = {}): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

export function node(name: string, address = '10.0.0.1'): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name },
    status: {
      addresses: [{ type: 'InternalIP', address }],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  };
}

export function natPool(name: string, spec: Fields = {}): KubernetesObject {
  return {
    apiVersion: 'berth.dev/v1alpha1',
    kind: 'NatPool',
    metadata: { name },
    spec: { addresses: ['203.0.113.16/29'], ...spec },
  };
}

export function aclTarget(name: string, spec: Fields = {}): KubernetesObject {
  return {
    apiVersion: 'berth.dev/v1alpha1',
    kind: 'AclTarget',
    metadata: { name },
    spec: { cidrs: ['198.51.100.0/24'], driver: { type: 'Manual' }, ...spec },
  };
}

export function egressNat(name: string, spec: Fields = {}): KubernetesObject {
  return {
    apiVersion: 'berth.dev/v1alpha1',
    kind: 'EgressNat',
    metadata: { name, namespace: 'shop' },
    spec: { pool: 'blue', podSelector: {}, targets: [{ name: 'orders-db' }], ...spec },
  };
}

/** The same object with a field that is refused; still called the same. */
export function spoiled(object: KubernetesObject): KubernetesObject {
  return {
    ...object,
    metadata: { ...object.metadata, labels: { app: 17 }, annotations: {} },
    spec: 5,
  };
}
