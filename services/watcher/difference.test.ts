/** Only what differs from the fold is recorded, and everything that does. */
import { describe, expect, test } from 'vitest';
import { type AggregateState, createWorld } from '../aggregates/world.ts';
import { type AggregateKey, namespaceKey } from '../contract/identity.ts';
import { type Body, eventRecord, type Observation } from '../contract/records.ts';
import { keyOf } from '../ports/source/object-key.ts';
import type { SourceObject } from '../ports/source/port.ts';
import { type Change, createDifference, type Difference } from './difference.ts';
import {
  aclTarget,
  EVERY_KIND,
  egressNat,
  namespace,
  natPool,
  node,
  pod,
} from './objects-fixtures.ts';

/** States as the fold has them after these observations of one term. */
function folded(changes: readonly Change[]): AggregateState[] {
  const world = createWorld();
  let offset = 0;
  const numbers = new Map<AggregateKey, number>();
  const apply = (aggregate: AggregateKey, body: Body, number: number): void => {
    const record = eventRecord(aggregate, body, { by: 'term', number });
    world.apply({ partition: 0, offset, timeMs: 0, record });
    offset += 1;
  };
  for (const change of changes) {
    if (change.to === 'nodes') continue;
    const { aggregate, body } = change;
    const last = numbers.get(aggregate);
    if (last === undefined) apply(aggregate, { type: 'WatchStarted', term: 'term' }, 0);
    numbers.set(aggregate, (last ?? 0) + 1);
    apply(aggregate, body, (last ?? 0) + 1);
  }
  return [...world.aggregates()];
}

/** A difference that took over the fold of a world with these objects. */
function having(objects: readonly SourceObject[]): Difference {
  const difference = createDifference();
  for (const state of folded(objects.flatMap((object) => observe(createDifference(), object)))) {
    difference.begin(state);
  }
  difference.beginNodes(objects.flatMap((one) => (one.kind === 'Node' ? [one.facts] : [])));
  return difference;
}

function observe(difference: Difference, object: SourceObject): Change[] {
  const change = difference.present(object);
  return change === null ? [] : [change];
}

const bodies = (changes: readonly Change[]): readonly Observation[] =>
  changes.flatMap((change) => (change.to === 'events' ? [change.body] : []));

describe('what is listed', () => {
  test('is recorded where the fold has nothing, each in its aggregate', () => {
    const difference = createDifference();
    const changes = EVERY_KIND.flatMap((object) => observe(difference, object));
    const aggregates = changes.flatMap((one) => (one.to === 'events' ? [one.aggregate] : []));
    expect(aggregates).toEqual(['ns/shop', 'pools', 'target/orders-db', 'ns/shop', 'ns/shop']);
    expect(bodies(changes).map(({ type }) => type)).toEqual([
      'NamespaceObserved',
      'PoolObserved',
      'TargetObserved',
      'EgressNatObserved',
      'PodObserved',
    ]);
    expect(changes).toHaveLength(6);
  });

  test('is not recorded where the fold has the same', () => {
    const difference = having(EVERY_KIND);
    expect(EVERY_KIND.flatMap((object) => observe(difference, object))).toEqual([]);
    expect(difference.listed(true)).toEqual([]);
  });

  test.each([
    ['pod', pod('web-1', { ips: [] }), pod('web-1', { node: 'node-b' })],
    ['namespace', namespace('shop', { team: 'a' }), namespace('shop', { team: 'b' })],
    ['node', node('node-a'), node('node-a', false)],
    ['pool', natPool('blue'), natPool('blue', 60)],
    ['EgressNat', egressNat('checkout'), egressNat('checkout', 'green')],
  ])('is recorded where a %s differs', (_, before, now) => {
    const difference = having([before]);
    expect(observe(difference, now)).toHaveLength(1);
    expect(observe(difference, now)).toEqual([]);
  });

  test('that changes and changes back is recorded twice', () => {
    const difference = having([pod('web-1')]);
    expect(observe(difference, pod('web-1', { node: 'node-b' }))).toHaveLength(1);
    expect(observe(difference, pod('web-1'))).toHaveLength(1);
  });

  test('is not recorded for the order in which labels are written', () => {
    const difference = having([pod('web-1', { labels: { a: '1', b: '2' } })]);
    expect(observe(difference, pod('web-1', { labels: { b: '2', a: '1' } }))).toEqual([]);
  });
});

describe('what is not listed', () => {
  test('is gone when the list is complete', () => {
    const difference = having(EVERY_KIND);
    const gone = difference.listed(true);
    expect(bodies(gone)).toEqual(
      expect.arrayContaining([
        { type: 'PodGone', uid: 'web-1' },
        { type: 'NamespaceGone' },
        { type: 'EgressNatGone', name: 'checkout' },
        { type: 'PoolGone', name: 'blue' },
        { type: 'TargetGone' },
      ]),
    );
    expect(gone).toContainEqual({
      to: 'nodes',
      record: { type: 'NodeFromApi', node: 'node-a', facts: null },
    });
    expect(gone).toHaveLength(6);
    expect(difference.listed(true)).toEqual([]);
  });

  test('stays when the list is not', () => {
    expect(having(EVERY_KIND).listed(false)).toEqual([]);
  });
});

describe('what goes', () => {
  test.each(EVERY_KIND.map((object) => [object.kind, object] as const))(
    'is recorded once where it was known: %s',
    (_, object) => {
      const difference = having(EVERY_KIND);
      expect(difference.gone(keyOf(object))).not.toBeNull();
      expect(difference.gone(keyOf(object))).toBeNull();
      expect(observe(difference, object)).toHaveLength(1);
    },
  );

  test('is not recorded where it was not known', () => {
    const difference = createDifference();
    for (const object of EVERY_KIND) expect(difference.gone(keyOf(object))).toBeNull();
  });
});

test('a pod that waits in the fold for its release, and is listed, is recorded', () => {
  const [state] = folded([
    { to: 'events', aggregate: namespaceKey('shop'), body: { type: 'PodGone', uid: 'other' } },
  ]).filter(({ kind }) => kind === 'namespace');
  if (state?.kind !== 'namespace') throw new Error('there is no such state');
  const waiting = pod('web-1');
  if (waiting.kind !== 'Pod') throw new Error('not a pod');
  state.pods.set('web-1', { facts: waiting.pod, berths: new Map(), present: false });
  const difference = createDifference();
  difference.begin(state);
  expect(difference.listed(true)).toEqual([]);
  expect(observe(difference, waiting)).toHaveLength(1);
});

test('a pool that came back as it was, while addresses of the old one drain, is recorded', () => {
  const pool = natPool('blue');
  const [state] = folded(observe(createDifference(), pool)).filter(({ kind }) => kind === 'pools');
  if (state?.kind !== 'pools' || pool.kind !== 'NatPool') throw new Error('there is no such state');
  state.pools.set('blue', { spec: pool.facts.spec, gone: true, addresses: new Set() });
  const difference = createDifference();
  difference.begin(state);
  expect(difference.listed(true)).toEqual([]);
  expect(observe(difference, pool)).toHaveLength(1);
});

test('a namespace without labels is nothing to record', () => {
  const difference = createDifference();
  expect(observe(difference, namespace('bare', {}))).toEqual([]);
  expect(observe(having([namespace('bare', { a: 'b' })]), namespace('bare', {}))).toHaveLength(1);
});

test('a target is its own aggregate', () => {
  const [change] = observe(createDifference(), aclTarget('bank'));
  expect(change).toMatchObject({ aggregate: 'target/bank', body: { type: 'TargetObserved' } });
});
