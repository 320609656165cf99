/** The policies that a recording lacks fit its pods, and are such as a source takes. */
import { describe, expect, test } from 'vitest';
import { blockBases } from '../../contract/block.ts';
import { cidrSize } from '../../contract/cidr.ts';
import { readKubernetesObject } from './objects/kubernetes-object.ts';
import type { SourceObject } from './port.ts';
import { type SuppliedPoliciesInit, suppliedPolicies } from './supplied-policies.ts';

function supplied(init: SuppliedPoliciesInit): readonly SourceObject[] {
  return suppliedPolicies(init).map((object) => {
    const read = readKubernetesObject(object, { podUid: 'required' });
    if (read.is !== 'object') throw new Error(JSON.stringify(read));
    return read.object;
  });
}

function poolOf(objects: readonly SourceObject[]) {
  const [pool] = objects.filter((object) => object.kind === 'NatPool');
  if (pool === undefined) throw new Error('there is no pool');
  return pool.facts.spec;
}

function maxOf(objects: readonly SourceObject[]): Record<string, number> {
  const nats = objects.filter((object) => object.kind === 'EgressNat');
  return Object.fromEntries(nats.map((nat) => [nat.namespace, nat.facts.spec.addresses.max]));
}

/** Whether every pod can have a block. */
function fits(objects: readonly SourceObject[], namespaces: ReadonlyMap<string, number>): boolean {
  const { addresses, ports } = poolOf(objects);
  const { from, to, perPod } = ports;
  const blocks = blockBases({ portFrom: from, portTo: to, blockSize: perPod }).length;
  const max = maxOf(objects);
  const room = addresses.reduce((sum, cidr) => sum + Number(cidrSize(cidr)), 0);
  const all = Object.values(max).reduce((sum, count) => sum + count, 0);
  return all <= room && [...namespaces].every(([name, pods]) => (max[name] ?? 0) * blocks >= pods);
}

describe('supplied policies', () => {
  test('are one pool, two targets of 20 CIDRs each, and an EgressNat for each namespace', () => {
    const objects = supplied({
      namespaces: new Map([
        ['shop', 20],
        ['pay', null],
      ]),
    });
    expect(objects.map(({ kind }) => kind)).toEqual([
      'NatPool',
      'AclTarget',
      'AclTarget',
      'EgressNat',
      'EgressNat',
    ]);
    for (const object of objects) {
      if (object.kind !== 'AclTarget') continue;
      expect(object.facts.spec.destinations.cidrs).toHaveLength(20);
      const allowed = poolOf(objects).addresses;
      expect(object.facts.spec.driver).toEqual({ type: 'Manual', allowed });
    }
    expect(maxOf(objects)).toEqual({ pay: 5, shop: 1 });
  });

  test('have the largest blocks with which everybody fits', () => {
    expect(poolOf(supplied({ namespaces: new Map([['a', 63]]) })).ports.perPod).toBe(1024);
    const many = new Map(Array.from({ length: 10 }, (_, i) => [`ns-${i}`, 200]));
    const objects = supplied({ namespaces: many });
    expect(poolOf(objects).ports.perPod).toBe(256);
    expect(poolOf(objects).addresses).toEqual(['203.0.113.16/28']);
  });

  test.each([1, 16, 17, 40, 200])('fit %i namespaces', (count) => {
    const namespaces = new Map(Array.from({ length: count }, (_, i) => [`ns-${i}`, 60 + i]));
    expect(fits(supplied({ namespaces }), namespaces)).toBe(true);
  });

  test('take addresses, targets and labels from who plays', () => {
    const objects = supplied({
      namespaces: new Map([['shop', 1]]),
      addresses: ['192.0.2.8/30'],
      targets: [{ name: 'bank', cidrs: ['198.18.0.0/24'] }],
      gatewayLabels: { role: 'edge' },
      quarantineSeconds: 5,
    });
    const pool = poolOf(objects);
    expect(pool).toMatchObject({ addresses: ['192.0.2.8/30'], quarantineSeconds: 5 });
    expect(pool.gatewaySelector?.matchLabels).toEqual({ role: 'edge' });
    expect(objects[1]).toMatchObject({ facts: { name: 'bank' } });
  });
});
