/** What is wrong with a manifest is told with its code, its field and its line. */
import { describe, expect, test } from 'vitest';
import { readManifest } from './read-manifest.ts';

const POOL = (spec: string) => `apiVersion: berth.dev/v1alpha1
kind: NatPool
metadata: { name: blue }
spec:
${indent(spec)}`;

const TARGET = (spec: string) => `apiVersion: berth.dev/v1alpha1
kind: AclTarget
metadata: { name: orders-db }
spec:
  cidrs: [198.51.100.0/24]
${indent(spec)}`;

const WEBHOOK = (fields: string) => TARGET(`driver:\n  type: Webhook\n  ${fields}`);

const NAT = (spec: string) => `apiVersion: berth.dev/v1alpha1
kind: EgressNat
metadata: { name: checkout, namespace: shop }
spec:
  pool: blue
  podSelector: {}
${indent(spec)}`;

const POD = (rest: string) => `apiVersion: v1
kind: Pod
${rest}`;

function indent(text: string): string {
  return `${text.replace(/^/gm, '  ')}\n`;
}

const FIELD = 'BERTH_INPUT_FIELD';

/** What, text, code, field, line. */
const MALFORMED: readonly (readonly [string, string, string, string | null, number])[] = [
  ['no YAML', 'kind: [Pod\n', 'BERTH_INPUT_SYNTAX', null, 2],
  ['a tab as indentation', 'spec:\n\tports: 1\n', 'BERTH_INPUT_SYNTAX', null, 2],
  ['a key twice', 'kind: Pod\nkind: Pod\n', 'BERTH_INPUT_SYNTAX', null, 2],
  ['an alias without anchor', 'kind: *nobody\n', 'BERTH_INPUT_SYNTAX', null, 1],
  ['a list', '- kind: Pod\n', FIELD, null, 1],
  ['a word', 'Pod\n', FIELD, null, 1],
  ['no kind', 'apiVersion: v1\nmetadata: { name: a }\n', FIELD, 'kind', 1],
  ['no apiVersion', 'kind: Pod\n', FIELD, 'apiVersion', 1],
  ['a kind in lower case', 'apiVersion: v1\nkind: pod\n', FIELD, 'kind', 2],
  ['a misspelt kind', 'apiVersion: v1\nkind: Namepsace\n', FIELD, 'kind', 2],
  ['a kind of ours that is none', 'apiVersion: berth.dev/v1alpha1\nkind: Nat\n', FIELD, 'kind', 2],
  ['another version', 'apiVersion: berth.dev/v1\nkind: NatPool\n', FIELD, 'apiVersion', 1],
  ['a pod without spec', POD('metadata: { name: a }\n'), FIELD, 'spec', 1],
  ['a pod without name', POD('metadata:\n  labels: {}\nspec: {}\n'), FIELD, 'metadata.name', 3],
  ['a name in capitals', POD('metadata:\n  name: Web\nspec: {}\n'), FIELD, 'metadata.name', 4],
  [
    'a label that YAML reads as true',
    POD('metadata:\n  name: web\n  labels:\n    canary: true\nspec: {}\n'),
    FIELD,
    'metadata.labels.canary',
    6,
  ],
  [
    'an IP that is none',
    POD('metadata: { name: web }\nspec: {}\nstatus:\n  podIPs:\n    - ip: 10.0.0.256\n'),
    'BERTH_INPUT_ADDRESS',
    'status.podIPs[0].ip',
    7,
  ],
  [
    'a node address',
    `apiVersion: v1
kind: Node
metadata: { name: a }
status:
  addresses:
    - { type: InternalIP, address: a }`,
    'BERTH_INPUT_ADDRESS',
    'status.addresses[0].address',
    6,
  ],
  [
    'no spec',
    'apiVersion: berth.dev/v1alpha1\nkind: NatPool\nmetadata: { name: blue }\n',
    FIELD,
    'spec',
    1,
  ],
  [
    'a pool in a namespace',
    POOL('addresses: [203.0.113.16/29]').replace('blue', 'blue, namespace: a'),
    FIELD,
    'metadata.namespace',
    3,
  ],
  [
    'a misspelt metadata field',
    POOL('addresses: [203.0.113.16/29]').replace('name: blue', 'name: blue, lables: {}'),
    FIELD,
    'metadata.lables',
    3,
  ],
  ['a pool without addresses', POOL('addresses: []'), FIELD, 'spec.addresses', 5],
  ['no CIDR', POOL('addresses:\n  - 203.0.113.0/33'), 'BERTH_INPUT_CIDR', 'spec.addresses[0]', 6],
  [
    'host bits',
    POOL('addresses:\n  - 203.0.113.16/28\n  - 203.0.113.17/29'),
    'BERTH_INPUT_CIDR_HOST_BITS',
    'spec.addresses[1]',
    7,
  ],
  [
    'too large a pool',
    POOL('addresses: [203.0.113.0/24, 198.18.0.0/31]'),
    FIELD,
    'spec.addresses',
    5,
  ],
  [
    'an odd block size',
    POOL('addresses: [203.0.113.16/29]\nports:\n  perPod: 1000'),
    FIELD,
    'spec.ports.perPod',
    7,
  ],
  [
    'too small a block',
    POOL('addresses: [203.0.113.16/29]\nports: { perPod: 32 }'),
    FIELD,
    'spec.ports.perPod',
    6,
  ],
  [
    'a range in which no block fits',
    POOL('addresses: [203.0.113.16/29]\nports: { from: 1025, to: 2047 }'),
    FIELD,
    'spec.ports.perPod',
    6,
  ],
  [
    'a range upside down',
    POOL('addresses: [203.0.113.16/29]\nports: { from: 2000, to: 1000 }'),
    FIELD,
    'spec.ports.to',
    6,
  ],
  [
    'a number as text',
    POOL("addresses: [203.0.113.16/29]\nquarantineSeconds: '60'"),
    FIELD,
    'spec.quarantineSeconds',
    6,
  ],
  [
    'half a second',
    POOL('addresses: [203.0.113.16/29]\nquarantineSeconds: 0.5'),
    FIELD,
    'spec.quarantineSeconds',
    6,
  ],
  [
    'a misspelt field',
    POOL('addresses: [203.0.113.16/29]\nquarantine: 60'),
    FIELD,
    'spec.quarantine',
    6,
  ],
  [
    'steering that is not built yet',
    POOL('addresses: [203.0.113.16/29]\ngateways:\n  steering: Encap'),
    FIELD,
    'spec.gateways.steering',
    7,
  ],
  [
    'egress that is not built yet',
    POOL('addresses: [203.0.113.16/29]\negress: ViaGateway'),
    FIELD,
    'spec.egress',
    6,
  ],
  [
    'fencing that there is not',
    POOL('addresses: [203.0.113.16/29]\nfencing: Never'),
    FIELD,
    'spec.fencing',
    6,
  ],
  ['no driver', TARGET('ports: []'), FIELD, 'spec.driver', 4],
  ['a webhook of no URL', WEBHOOK('url: example.org'), FIELD, 'spec.driver.url', 8],
  ['a webhook of another scheme', WEBHOOK('url: ftp://x'), FIELD, 'spec.driver.url', 8],
  ['a webhook with a password', WEBHOOK('url: https://a:b@x'), FIELD, 'spec.driver.url', 8],
  [
    'a webhook in plain text',
    WEBHOOK('url: http://x\n  secretRef: { name: key }'),
    FIELD,
    'spec.driver.url',
    8,
  ],
  [
    'a secret of no name',
    WEBHOOK('url: https://x\n  secretRef: { name: ../key }'),
    FIELD,
    'spec.driver.secretRef.name',
    9,
  ],
  [
    'a secret in the manifest',
    WEBHOOK('url: https://x\n  secretRef: { name: key }\n  secret: whsec_AA'),
    FIELD,
    'spec.driver.secret',
    10,
  ],
  ['a webhook without a secret', WEBHOOK('url: https://x'), FIELD, 'spec.driver.secretRef', 6],
  [
    'a webhook that may hang for long',
    WEBHOOK('url: https://x\n  secretRef: { name: key }\n  timeoutSeconds: 61'),
    FIELD,
    'spec.driver.timeoutSeconds',
    10,
  ],
  ['a driver that never will be', TARGET('driver: { type: Magic }'), FIELD, 'spec.driver.type', 6],
  [
    'enforcement that never will be',
    TARGET('driver: { type: Manual }\nenforcement: Sometimes'),
    FIELD,
    'spec.enforcement',
    7,
  ],
  [
    'an exception of nothing',
    TARGET('driver: { type: Manual }\nexcept:\n  - 192.0.2.1/32'),
    FIELD,
    'spec.except[0]',
    8,
  ],
  [
    'a port too high',
    TARGET('driver: { type: Manual }\nports:\n  - { port: 65536 }'),
    FIELD,
    'spec.ports[0].port',
    8,
  ],
  [
    'an end without a port',
    TARGET('driver: { type: Manual }\nports:\n  - { endPort: 80 }'),
    FIELD,
    'spec.ports[0].endPort',
    8,
  ],
  [
    'a protocol that is not built yet',
    TARGET('driver: { type: Manual }\nports:\n  - protocol: SCTP'),
    FIELD,
    'spec.ports[0].protocol',
    8,
  ],
  ['no targets', NAT('addresses: {}'), FIELD, 'spec.targets', 4],
  ['an empty list of targets', NAT('targets: []'), FIELD, 'spec.targets', 7],
  ['a target that is none', NAT('targets:\n  - {}'), FIELD, 'spec.targets[0]', 8],
  [
    'a target of both kinds',
    NAT('targets:\n  - name: a\n    cidrs: [192.0.2.0/24]'),
    FIELD,
    'spec.targets[0]',
    8,
  ],
  ['a target twice', NAT('targets:\n  - name: a\n  - name: a'), FIELD, 'spec.targets[1].name', 9],
  [
    'fewer at most than at least',
    NAT('targets: [{ name: a }]\naddresses: { min: 3, max: 2 }'),
    FIELD,
    'spec.addresses.max',
    8,
  ],
  [
    'an operator that is none',
    NAT('targets: [{ name: a }]').replace(
      'podSelector: {}',
      'podSelector: { matchExpressions: [{ key: a, operator: Is }] }',
    ),
    FIELD,
    'spec.podSelector.matchExpressions[0].operator',
    6,
  ],
  [
    'In without values',
    NAT('targets: [{ name: a }]').replace(
      'podSelector: {}',
      'podSelector: { matchExpressions: [{ key: a, operator: In }] }',
    ),
    FIELD,
    'spec.podSelector.matchExpressions[0].values',
    6,
  ],
];

describe('a manifest is refused for', () => {
  test.each(MALFORMED)('%s', (_, text, code, field, line) => {
    const { objects, problems } = readManifest('dir/a.yaml', text);
    expect(objects).toEqual([]);
    expect(problems[0]).toMatchObject({ file: 'dir/a.yaml', code, field, line });
    expect(problems[0]?.message).toMatch(new RegExp(`^${code}: .+`));
  });
});

test('what is refused says what to do', () => {
  const message = (text: string) => readManifest('a.yaml', text).problems[0]?.message;
  const perPod = message(POOL('addresses: [203.0.113.16/29]\nports: { perPod: 1000 }'));
  expect(perPod).toContain('512 or 1024');
  expect(message(POOL('addresses: [203.0.113.17/29]'))).toContain('203.0.113.16/29');
  expect(message(WEBHOOK('url: http://x\n  secretRef: { name: key }'))).toContain('allowPlainHttp');
});

test('each refused field of an object is told', () => {
  const { problems } = readManifest('a.yaml', POOL('addresses: [x, y]\negress: Sideways\nfoo: 1'));
  expect(problems.map(({ field }) => field)).toEqual([
    'spec.addresses[0]',
    'spec.addresses[1]',
    'spec.egress',
    'spec.foo',
  ]);
});
