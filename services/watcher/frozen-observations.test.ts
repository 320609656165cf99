/** Whatever a source lets through, at its very bounds, is a record that all versions can read. */
import { describe, expect, test } from 'vitest';
import { judgeEvent } from '../contract/frozen/judge-event.ts';
import { nodeRecord } from '../contract/frozen/other-shapes.ts';
import { partitionOf } from '../contract/partition.ts';
import { eventRecord } from '../contract/records.ts';
import { readKubernetesObject } from '../ports/source/objects/kubernetes-object.ts';
import { createDifference } from './difference.ts';

const PARTITIONS = 4;
const LONG = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`;
const LABEL = 'a'.repeat(63);
const KEY = `${LONG}/${LABEL}`;
const LABELS = { '': undefined, [KEY]: LABEL, app: '' };
const SELECTOR = {
  matchLabels: { [KEY]: '' },
  matchExpressions: [
    { key: 'a', operator: 'In', values: Array.from({ length: 64 }, (_, at) => `v${at}`) },
    { key: 'b', operator: 'Exists' },
  ],
};
const many = (count: number, text: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => text(at));

const OBJECTS = [
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: LONG,
      namespace: LABEL,
      uid: 'A:b_c.d-'.repeat(16),
      labels: LABELS,
      ownerReferences: [{ kind: 'StatefulSet', name: 'any / thing', controller: true }],
    },
    spec: { nodeName: LONG, hostNetwork: true },
    status: {
      phase: 'Running',
      podIP: '10.0.0.1',
      podIPs: many(
        16,
        (at) => ({ ip: at % 2 === 0 ? `10.0.0.${at}` : `FD00:0:0::${at}` }) as never,
      ),
    },
  },
  { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', uid: 'u' }, spec: {} },
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: LABEL, labels: LABELS } },
  {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: LONG, labels: LABELS },
    spec: { taints: [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] },
    status: {
      addresses: [{ type: 'InternalIP', address: 'fd00::1' }],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  },
  {
    apiVersion: 'berth.dev/v1alpha1',
    kind: 'NatPool',
    metadata: { name: LONG },
    spec: {
      addresses: many(64, (at) => `203.0.113.${at * 4}/30`),
      ports: { from: 1, to: 65_535, perPod: 64 },
      allowedNamespaces: SELECTOR,
      addressesPerNamespaceMax: 256,
      gateways: { selector: SELECTOR },
      quarantineSeconds: 86_400,
      fencing: 'Stated',
    },
  },
  {
    apiVersion: 'berth.dev/v1alpha1',
    kind: 'EgressNat',
    metadata: {
      name: LONG,
      namespace: LABEL,
      creationTimestamp: '2026-11-24T03:42:40.123456789+01:00',
    },
    spec: {
      pool: LONG,
      addresses: { min: 256, max: 256 },
      podSelector: {},
      targets: [
        { name: LONG },
        {
          cidrs: ['0.0.0.0/0', '::/0', ...many(200, (at) => `10.${at}.0.0/16`)],
          except: many(256, (at) => `10.0.${at}.0/24`),
          ports: [{ protocol: 'UDP', port: 1, endPort: 65_535 }, {}],
        },
      ],
      onUnmapped: 'Pass',
    },
  },
  ...[
    { type: 'Manual', allowed: many(64, (at) => `203.0.${at}.0/24`) },
    { type: 'Webhook', url: 'https://a.example/'.padEnd(2_048, 'x'), secretRef: { name: LONG } },
    {
      type: 'Webhook',
      url: 'https://a.example/ä?b=c',
      secretRef: { name: 'a' },
      caRef: { name: LONG },
      timeoutSeconds: 60,
    },
  ].map((driver) => ({
    apiVersion: 'berth.dev/v1alpha1',
    kind: 'AclTarget',
    metadata: { name: LONG },
    spec: { cidrs: ['192.0.2.0/24'], allowedNamespaces: {}, enforcement: 'All', driver },
  })),
];

describe.each(OBJECTS)('$kind', (object) => {
  test('at its bounds passes the frozen check', () => {
    // As it comes from a file: what is undefined is not there.
    const read = readKubernetesObject(JSON.parse(JSON.stringify(object)), { podUid: 'required' });
    if (read.is !== 'object') throw new Error(JSON.stringify(read));
    const change = createDifference().present(read.object);
    if (change === null) throw new Error('nothing to record');
    if (change.to === 'nodes') {
      expect(nodeRecord(change.record)).toBeNull();
      return;
    }
    const { aggregate, body } = change;
    const record = eventRecord(aggregate, body, { by: 'term', number: 1 });
    const partition = partitionOf(aggregate, PARTITIONS);
    const value = JSON.parse(JSON.stringify(record));
    expect(judgeEvent({ key: aggregate, partition, value }, PARTITIONS)).toEqual({ kind: 'event' });
  });
});
