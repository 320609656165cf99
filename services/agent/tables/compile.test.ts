/** What a policy resource says of enforcement comes into the tables whole. */
import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { PolicySchema, PortRule_Protocol } from '../../contract/gen/berth/link/v1/link_pb.ts';
import { ipToBytes, parseIp } from '../../contract/ip-address.ts';
import { policyEntries } from './compile.ts';
import { policyContent } from './kernel-view.ts';

const V4_BITS = 96;
const NET = { address: ipToBytes(parseIp('198.51.100.0')), prefixLength: V4_BITS + 24 };
const { TCP } = PortRule_Protocol;
const policy = (entry: object) =>
  policyEntries(create(PolicySchema, { name: 'a', entries: [{ ...NET, ...entry }] }));

test.for([
  [{}, 'covered'],
  [{ observe: true }, 'observed'],
  [{ hole: true }, 'hole'],
  [{ hole: true, observe: true }, 'hole'],
] as const)('an entry with %o is %s', ([entry, verdict]) => {
  expect(policy(entry)).toEqual([{ cidr: '198.51.100.0/24', verdict, rules: [] }]);
});

test('a rule says for itself whether it is observed', () => {
  const ports = [
    { protocol: TCP, from: 1, to: 2, observe: true },
    { protocol: TCP, from: 3, to: 4 },
  ];
  expect(policy({ ports })[0]?.rules).toEqual([
    { protocol: 'TCP', from: 1, to: 2, observed: true },
    { protocol: 'TCP', from: 3, to: 4 },
  ]);
});

test('sets that differ in what is observed are different sets', () => {
  const ports = [{ protocol: TCP, from: 1, to: 2 }];
  const observedPorts = ports.map((rule) => ({ ...rule, observe: true }));
  const contents = [{}, { observe: true }, { ports }, { ports: observedPorts }].map((entry) =>
    policyContent(policy(entry)),
  );
  expect(new Set(contents).size).toBe(contents.length);
});
