/** What a manifest says, where nothing is wrong with it, and defaults where it says nothing. */
import { describe, expect, test } from 'vitest';
import { readManifest } from './read-manifest.ts';

const POD = 'apiVersion: v1, kind: Pod';
const BERTH = 'apiVersion: berth.dev/v1alpha1';

const read = (text: string) => readManifest('a.yaml', text);
const only = (text: string) => {
  const { objects, problems } = read(text);
  expect(problems).toEqual([]);
  expect(objects).toHaveLength(1);
  return objects[0]?.object;
};

describe('a Pod', () => {
  test('is known by its uid, and carries what decides its berth', () => {
    const pod = only(`
apiVersion: v1
kind: Pod
metadata:
  name: db-0
  namespace: shop
  uid: 5b0a3ab6
  labels: { app: db }
  ownerReferences:
    - { kind: StatefulSet, name: db, controller: true }
spec: { nodeName: node-a, hostNetwork: true, containers: [] }
status:
  phase: Failed
  podIP: 10.1.0.5
  podIPs: [{ ip: 10.1.0.5 }, { ip: '2001:DB8::5' }]
`);
    expect(pod).toEqual({
      kind: 'Pod',
      namespace: 'shop',
      pod: {
        uid: '5b0a3ab6',
        name: 'db-0',
        labels: { app: 'db' },
        node: 'node-a',
        ips: ['10.1.0.5', '2001:db8::5'],
        hostNetwork: true,
        finished: true,
        statefulSet: 'db',
      },
    });
  });

  test('without a uid gets one that its namespace and name determine', () => {
    const uidOf = (namespace: string, name: string) => {
      const text = `{${POD}, metadata: {name: ${name}, namespace: ${namespace}}, spec: {}}`;
      const pod = only(text);
      return pod?.kind === 'Pod' ? pod.pod.uid : null;
    };
    expect(uidOf('shop', 'web')).toBe(uidOf('shop', 'web'));
    expect(uidOf('shop', 'web')).not.toBe(uidOf('pay', 'web'));
    expect(uidOf('shop', 'web')).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });

  test('without a namespace is in default; not yet bound, it has no node and no IP', () => {
    const pod = only(`{${POD}, metadata: {name: web}, spec: {nodeName: ""}, status: {podIP: ""}}`);
    expect(pod).toMatchObject({
      namespace: 'default',
      pod: { node: null, ips: [], statefulSet: null },
    });
  });

  test('owned by another kind is of no StatefulSet', () => {
    const owner = '{kind: ReplicaSet, name: web, controller: true}';
    const pod = only(
      `{apiVersion: v1, kind: Pod, metadata: {name: web, ownerReferences: [${owner}]}, spec: {}}`,
    );
    expect(pod).toMatchObject({ pod: { statefulSet: null } });
  });
});

describe('a NatPool', () => {
  test('has defaults for all but its addresses', () => {
    const pool = only(
      `{${BERTH}, kind: NatPool, metadata: {name: blue}, spec: {addresses: [203.0.113.16/29]}}`,
    );
    expect(pool).toEqual({
      kind: 'NatPool',
      facts: {
        name: 'blue',
        spec: {
          addresses: ['203.0.113.16/29'],
          ports: { from: 1024, to: 65535, perPod: 1024 },
          allowedNamespaces: null,
          addressesPerNamespaceMax: 8,
          gatewaySelector: null,
          quarantineSeconds: 120,
          fencing: 'Deleted',
        },
      },
    });
  });

  test('may say all that its documentation says', () => {
    const pool = only(`
apiVersion: berth.dev/v1alpha1
kind: NatPool
metadata: { name: blue, creationTimestamp: null, annotations: { a: b } }
spec:
  addresses: [203.0.113.16/29, 2001:db8:9::/125]
  ports: { from: 2048, to: 65535, perPod: 512 }
  allowedNamespaces: { matchLabels: { team: commerce } }
  addressesPerNamespaceMax: 2
  gateways: { selector: { matchLabels: { berth.dev/gateway: "true" } }, steering: L2 }
  egress: Direct
  quarantineSeconds: 60
  fencing: Stated
status: { anything: goes }
`);
    expect(pool).toMatchObject({
      facts: {
        spec: {
          addresses: ['203.0.113.16/29', '2001:db8:9::/125'],
          ports: { from: 2048, to: 65535, perPod: 512 },
          allowedNamespaces: { matchLabels: { team: 'commerce' }, matchExpressions: [] },
          gatewaySelector: { matchLabels: { 'berth.dev/gateway': 'true' }, matchExpressions: [] },
          fencing: 'Stated',
        },
      },
    });
  });
});

describe('an EgressNat', () => {
  const nat = (rest: string) =>
    only(
      `${BERTH}
kind: EgressNat
metadata: { name: a, namespace: shop, creationTimestamp: "2026-11-24T03:42:40Z" }
spec: { pool: blue, podSelector: {}, ${rest} }
`,
    );

  test('tells AclTargets and destinations of its own apart', () => {
    const target =
      '{cidrs: [198.51.100.0/24], except: [198.51.100.7], ports: [{protocol: TCP, port: 5432}]}';
    expect(nat(`targets: [{name: orders-db}, ${target}]`)).toEqual({
      kind: 'EgressNat',
      namespace: 'shop',
      facts: {
        name: 'a',
        createdAt: '2026-11-24T03:42:40Z',
        spec: {
          pool: 'blue',
          addresses: { min: 1, max: 4 },
          podSelector: { matchLabels: {}, matchExpressions: [] },
          targets: ['orders-db'],
          inline: [
            {
              cidrs: ['198.51.100.0/24'],
              except: ['198.51.100.7/32'],
              ports: [{ protocol: 'TCP', from: 5432, to: 5432 }],
            },
          ],
          onUnmapped: 'Drop',
        },
      },
    });
  });

  test('that wants many addresses may have as many', () => {
    expect(nat('targets: [{name: a}], addresses: {min: 6}')).toMatchObject({
      facts: { spec: { addresses: { min: 6, max: 6 } } },
    });
  });
});

describe('an AclTarget', () => {
  test('without protocol means both, without port means all', () => {
    const target = only(
      `${BERTH}
kind: AclTarget
metadata: { name: a }
spec:
  cidrs: [192.0.2.0/24]
  driver: { type: Manual }
  ports: [{ port: 53 }, { protocol: UDP }, { port: 80, endPort: 90 }]
`,
    );
    expect(target).toMatchObject({
      facts: {
        spec: {
          destinations: {
            ports: [
              { protocol: 'any', from: 53, to: 53 },
              { protocol: 'UDP', from: 1, to: 65535 },
              { protocol: 'any', from: 80, to: 90 },
            ],
          },
          allowedNamespaces: null,
          enforcement: 'Selected',
          driver: { type: 'Manual', allowed: [] },
        },
      },
    });
  });
});

describe('the driver of an AclTarget', () => {
  const target = (driver: string) => {
    const spec = `spec: {cidrs: [192.0.2.0/24], driver: ${driver}}`;
    const object = only(`${BERTH}\nkind: AclTarget\nmetadata: { name: a }\n${spec}\n`);
    return object?.kind === 'AclTarget' ? object.facts.spec.driver : null;
  };

  test('is a webhook with a named secret', () => {
    expect(target('{type: Webhook, url: "https://acl/a", secretRef: {name: a-key}}')).toEqual({
      type: 'Webhook',
      url: 'https://acl/a',
      secretRef: { name: 'a-key' },
      caRef: null,
      timeoutSeconds: 10,
    });
  });

  test('may speak plain HTTP where it says so, and trust a CA of its own', () => {
    const plain = '{type: Webhook, url: "http://a/", secretRef: {name: k}, allowPlainHttp: true}';
    expect(target(plain)).toMatchObject({ url: 'http://a/' });
    const own = '{type: Webhook, url: "https://a/", secretRef: {name: k}, caRef: {name: ca.pem}}';
    expect(target(own)).toMatchObject({ caRef: { name: 'ca.pem' } });
  });
});

describe('a Namespace and a Node', () => {
  test('a namespace has the label that the API server gives it', () => {
    expect(
      only('{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {team: a}}}'),
    ).toEqual({
      kind: 'Namespace',
      facts: { name: 'shop', labels: { 'kubernetes.io/metadata.name': 'shop', team: 'a' } },
    });
  });

  test('a node is ready when it says so, or says nothing', () => {
    const ready = (status: string) => {
      const node = only(`{apiVersion: v1, kind: Node, metadata: {name: n}, status: ${status}}`);
      return node?.kind === 'Node' && node.facts.ready;
    };
    expect(ready('{}')).toBe(true);
    expect(ready('{conditions: [{type: Ready, status: "True"}]}')).toBe(true);
    expect(ready('{conditions: [{type: Ready, status: "Unknown"}]}')).toBe(false);
    expect(ready('{conditions: [{type: DiskPressure, status: "True"}]}')).toBe(false);
  });

  test('a node is out of service when it has that taint, whatever its effect', () => {
    const outOfService = (spec: string) => {
      const node = only(`{apiVersion: v1, kind: Node, metadata: {name: n}, spec: ${spec}}`);
      return node?.kind === 'Node' && node.facts.outOfService;
    };
    const key = 'node.kubernetes.io/out-of-service';
    expect(outOfService('{}')).toBe(false);
    expect(outOfService('{taints: [{key: node.kubernetes.io/unreachable}]}')).toBe(false);
    expect(outOfService(`{taints: [{key: a}, {key: ${key}, effect: NoExecute}]}`)).toBe(true);
    expect(outOfService(`{taints: [{key: ${key}, value: x, effect: NoSchedule}]}`)).toBe(true);
  });

  test('of the addresses of a node those that are names are left out', () => {
    const addresses = '[{type: Hostname, address: n}, {type: InternalIP, address: 10.0.0.1}]';
    expect(
      only(`{apiVersion: v1, kind: Node, metadata: {name: n}, status: {addresses: ${addresses}}}`),
    ).toMatchObject({
      facts: { addresses: ['10.0.0.1'] },
    });
  });
});

describe('a file', () => {
  test('may hold several documents, empty ones and kinds of others', () => {
    const { objects, problems } = read(`# nothing but this comment
---
apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
---
apiVersion: v1
kind: Namespace
metadata: { name: pay }
`);
    expect(problems).toEqual([]);
    expect(objects.map(({ nameText, line }) => [nameText, line])).toEqual([
      ['Namespace shop', 3],
      ['Namespace pay', 15],
    ]);
  });

  test('may be a List, as kubectl writes it', () => {
    const { objects, problems } = read(`apiVersion: v1
kind: List
items:
  - { apiVersion: v1, kind: Namespace, metadata: { name: shop } }
  - apiVersion: v1
    kind: Namespace
    metadata: { name: Pay }
`);
    expect(objects.map(({ nameText, line }) => [nameText, line])).toEqual([['Namespace shop', 4]]);
    expect(problems[0]).toMatchObject({ field: 'metadata.name', line: 7 });
  });

  test('may be JSON', () => {
    expect(only('{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}}')).toBeDefined();
  });

  test('with one bad document keeps the others', () => {
    const { objects, problems } = read(`{apiVersion: v1, kind: Namespace, metadata: {name: a}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: "
---
{apiVersion: v1, kind: Namespace, metadata: {name: b}}
`);
    expect(objects.map(({ nameText }) => nameText)).toContain('Namespace a');
    expect(problems[0]).toMatchObject({ code: 'BERTH_INPUT_SYNTAX' });
  });

  test('of aliases that would grow without bound is refused', () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 9; i++) {
      const before = String.fromCharCode(96 + i);
      const refs = new Array(9).fill(`*${before}`).join(', ');
      bomb.push(`${String.fromCharCode(97 + i)}: &${String.fromCharCode(97 + i)} [${refs}]`);
    }
    expect(read(bomb.join('\n')).problems[0]).toMatchObject({ code: 'BERTH_INPUT_SYNTAX' });
  });
});
