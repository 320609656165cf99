/** The mapper's rules, each as a story: who gets which block, who waits, who is told. */
import { describe, expect, test } from 'vitest';
import { exhaustedPods, waitsFor } from '../../services/aggregates/namespace/exhausted.ts';
import {
  lastBlock,
  REMEMBERED_MAX,
  rememberBlock,
} from '../../services/aggregates/namespace/last-blocks.ts';
import { cidrs, createStory, EVERYTHING, QUARANTINE_MS, type Story } from './story.ts';

/** One pool, one target, one EgressNat that selects everything. */
function shop(): Story {
  const story = createStory();
  story.pool('blue');
  story.target('orders-db');
  story.egressNat('shop', 'checkout');
  return story;
}

function basesOf(story: Story): Record<string, string> {
  return Object.fromEntries(
    story.blocks('shop').map(({ pod, address, base }) => [pod, `${address}:${base}`]),
  );
}

describe('blocks', () => {
  test('a pod gets one block for each EgressNat that selects it, when it is bound', () => {
    const story = shop();
    story.egressNat('shop', 'audit', { podSelector: { ...EVERYTHING, matchLabels: { a: 'b' } } });
    story.pod('shop', 'a', { labels: { a: 'b' } });
    story.pod('shop', 'b');
    story.pod('shop', 'unbound', { node: null });
    story.settle();
    expect(
      story
        .blocks('shop')
        .map(({ pod, egressNat }) => `${pod} ${egressNat}`)
        .sort(),
    ).toEqual(['a audit', 'a checkout', 'b checkout']);
  });

  test('pods on the host network and finished pods get none', () => {
    const story = shop();
    story.pod('shop', 'host', { hostNetwork: true });
    story.pod('shop', 'done', { finished: true });
    story.settle();
    expect(story.blocks('shop')).toEqual([]);
  });

  test('selectors do not reach across namespaces', () => {
    const story = shop();
    story.pod('pay', 'p');
    story.pod('shop', 'a');
    story.settle();
    expect(story.blocks('pay')).toEqual([]);
    expect(story.blocks('shop')).toHaveLength(1);
  });

  test('a freed block rests until its Tick and its node’s ack, then is the last in line', () => {
    const story = shop();
    story.egressNat('shop', 'checkout', { addresses: { min: 1, max: 1 } });
    for (const pod of ['a', 'b', 'c']) story.pod('shop', pod);
    story.settle();
    expect(Object.keys(basesOf(story))).toEqual(['a', 'b', 'c']);
    const { a } = basesOf(story);
    story.podGone('shop', 'a');
    story.pod('shop', 'd');
    story.settle();
    expect(basesOf(story)['d']).toBeUndefined();
    const [release] = story.releases('shop');
    if (release === undefined) throw new Error('nothing rests');
    story.ack('shop', release);
    story.settle();
    expect(basesOf(story)['d']).toBeUndefined();
    story.log.nowMs += QUARANTINE_MS;
    story.tick('shop', release);
    story.settle();
    expect(basesOf(story)['d']).toBe(a);
  });

  test('the block that has rested longest is given first', () => {
    const story = shop();
    story.egressNat('shop', 'checkout', { addresses: { min: 1, max: 1 } });
    for (const pod of ['a', 'b', 'c']) story.pod('shop', pod);
    story.settle();
    const before = basesOf(story);
    for (const pod of ['b', 'a', 'c']) {
      story.podGone('shop', pod);
      story.settle();
    }
    story.log.nowMs += QUARANTINE_MS;
    for (const release of story.releases('shop')) {
      story.tick('shop', release);
      story.ack('shop', release);
    }
    for (const pod of ['x', 'y', 'z']) story.pod('shop', pod);
    story.settle();
    const after = basesOf(story);
    expect([after['x'], after['y'], after['z']]).toEqual([before['b'], before['a'], before['c']]);
  });

  test('a StatefulSet’s pod gets its old block back once it has rested', () => {
    const story = shop();
    story.pod('shop', 'uid-1', { name: 'db-0', statefulSet: 'db' });
    story.pod('shop', 'other');
    story.settle();
    const old = basesOf(story)['uid-1'];
    story.podGone('shop', 'uid-1');
    story.settle();
    const [release] = story.releases('shop');
    if (release === undefined) throw new Error('nothing rests');
    story.log.nowMs += QUARANTINE_MS;
    story.tick('shop', release);
    story.ack('shop', release);
    story.pod('shop', 'uid-2', { name: 'db-0', statefulSet: 'db' });
    story.settle();
    expect(basesOf(story)['uid-2']).toBe(old);
  });

  test('of very many StatefulSet names, those that had a block last are remembered', () => {
    const story = shop();
    story.pod('shop', 'uid', { name: 'db-0', statefulSet: 'db' });
    story.settle();
    const { facts } = story.namespace('shop').pods.get('uid') ?? {};
    if (facts === undefined) throw new Error('no pod');
    const state = story.namespace('shop');
    for (let i = 1; i <= REMEMBERED_MAX; i++) {
      rememberBlock(state, { ...facts, name: `db-${i}` }, 'checkout', { claim: 'c', base: 0 });
    }
    expect(state.lastBlocks.size).toBe(REMEMBERED_MAX);
    expect(lastBlock(state, facts, 'checkout')).toBeUndefined();
    expect(lastBlock(state, { ...facts, name: 'db-1' }, 'checkout')).toBeDefined();
  });

  test('a StatefulSet’s pod does not wait for its old block', () => {
    const story = shop();
    story.pod('shop', 'uid-1', { name: 'db-0', statefulSet: 'db' });
    story.settle();
    const old = basesOf(story)['uid-1'];
    story.podGone('shop', 'uid-1');
    story.pod('shop', 'uid-2', { name: 'db-0', statefulSet: 'db' });
    story.settle();
    expect(basesOf(story)['uid-2']).toBeDefined();
    expect(basesOf(story)['uid-2']).not.toBe(old);
  });

  test('a pod that an EgressNat no longer selects gives its block back', () => {
    const story = shop();
    story.egressNat('shop', 'checkout', {
      podSelector: { ...EVERYTHING, matchLabels: { app: 'checkout' } },
    });
    story.pod('shop', 'a', { labels: { app: 'checkout' } });
    story.settle();
    expect(story.blocks('shop')).toHaveLength(1);
    story.pod('shop', 'a', { labels: { app: 'debug' } });
    story.settle();
    expect(story.blocks('shop')).toEqual([]);
    expect(story.releases('shop')).toHaveLength(1);
  });
});

describe('addresses', () => {
  test('more are claimed when blocks run out, up to the maximum; the rest waits, exhausted', () => {
    const story = shop();
    story.egressNat('shop', 'checkout', { addresses: { min: 1, max: 2 } });
    for (let i = 0; i < 8; i++) story.pod('shop', `p${i}`);
    story.settle();
    expect(new Set(story.blocks('shop').map(({ address }) => address)).size).toBe(2);
    expect(story.blocks('shop')).toHaveLength(6);
    const egressNat = story.namespace('shop').egressNats.get('checkout');
    if (egressNat === undefined) throw new Error('no EgressNat');
    expect(exhaustedPods(story.namespace('shop'), egressNat)).toEqual(['p6', 'p7']);
  });

  test('an exhausted pod leaves the others of its namespace untouched', () => {
    const story = shop();
    story.egressNat('shop', 'checkout', { addresses: { min: 1, max: 1 } });
    for (const pod of ['a', 'b', 'c', 'd']) story.pod('shop', pod);
    story.settle();
    const before = basesOf(story);
    story.pod('shop', 'e');
    story.settle();
    expect(basesOf(story)).toEqual(before);
  });

  test('an address is used only when every target has confirmed it', () => {
    const story = shop();
    story.target('bank', { driver: { type: 'Manual', allowed: [] } });
    story.egressNat('shop', 'checkout', { targets: ['orders-db', 'bank'] });
    story.pod('shop', 'a');
    story.settle();
    const egressNat = story.namespace('shop').egressNats.get('checkout');
    if (egressNat === undefined) throw new Error('no EgressNat');
    expect(story.blocks('shop')).toEqual([]);
    expect(waitsFor(story.namespace('shop'), egressNat)).toBe('admission');
    // The owner opens the prefix: what was asked is answered, with no second ask.
    story.target('bank');
    story.settle();
    expect(story.blocks('shop')).toHaveLength(1);
  });

  test('an IPv6 address of a pool is left alone', () => {
    const story = shop();
    story.pool('blue', { addresses: cidrs('2001:db8:9::/126', '203.0.113.16/32') });
    story.pod('shop', 'a');
    story.settle();
    expect(story.blocks('shop').map(({ address }) => address)).toEqual(['203.0.113.16']);
  });

  test('a namespace that the pool does not allow gets nothing, until it is allowed', () => {
    const story = shop();
    story.pool('blue', { allowedNamespaces: null });
    story.pod('shop', 'a');
    story.settle();
    expect(story.blocks('shop')).toEqual([]);
    story.pool('blue', { allowedNamespaces: EVERYTHING });
    story.settle();
    expect(story.blocks('shop')).toHaveLength(1);
  });

  test('an address that left its pool gives no new blocks; running pods keep theirs', () => {
    const story = shop();
    story.pod('shop', 'a');
    story.settle();
    story.pool('blue', { addresses: cidrs('203.0.113.20/31') });
    story.settle();
    story.pod('shop', 'b');
    story.settle();
    const addresses = Object.fromEntries(
      story.blocks('shop').map(({ pod, address }) => [pod, address]),
    );
    expect(addresses).toEqual({ a: '203.0.113.16', b: '203.0.113.20' });
  });

  test('a pool that is gone is remembered until the last of its addresses is given back', () => {
    const story = shop();
    story.pod('shop', 'a');
    story.settle();
    story.observe('pools', { type: 'PoolGone', name: 'blue' });
    story.settle();
    story.pod('shop', 'b');
    story.settle();
    expect(story.blocks('shop').map(({ pod }) => pod)).toEqual(['a']);
    expect(story.world.pools.pools.get('blue')?.spec.gatewaySelector).toEqual(EVERYTHING);
    story.podGone('shop', 'a');
    story.settle();
    const [release] = story.releases('shop');
    if (release === undefined) throw new Error('nothing rests');
    story.ack('shop', release);
    story.log.nowMs += QUARANTINE_MS;
    story.tick('shop', release);
    story.settle();
    expect(story.world.pools.pools.size).toBe(0);
    expect(story.world.pools.holders.size).toBe(0);
  });

  test('an address goes back after its last block has rested, and only then to others', () => {
    const story = shop();
    story.pool('blue', { addresses: cidrs('203.0.113.16/32') });
    story.pod('shop', 'a');
    story.settle();
    story.egressNat('pay', 'billing');
    story.pod('pay', 'p');
    story.observe('ns/shop', { type: 'EgressNatGone', name: 'checkout' });
    story.settle();
    expect(story.blocks('pay')).toEqual([]);
    const [release] = story.releases('shop');
    if (release === undefined) throw new Error('nothing rests');
    story.ack('shop', release);
    story.log.nowMs += QUARANTINE_MS;
    story.tick('shop', release);
    story.settle();
    expect(story.namespace('shop').claims.size).toBe(0);
    expect(story.blocks('pay').map(({ address }) => address)).toEqual(['203.0.113.16']);
  });

  test('a target added to an EgressNat must confirm before new pods use the address', () => {
    const story = shop();
    story.pod('shop', 'a');
    story.settle();
    story.target('bank', { driver: { type: 'Manual', allowed: [] } });
    story.egressNat('shop', 'checkout', { targets: ['orders-db', 'bank'] });
    story.pod('shop', 'b');
    story.settle();
    expect(Object.keys(basesOf(story))).toEqual(['a']);
    story.egressNat('shop', 'checkout', { targets: ['orders-db'] });
    story.settle();
    expect(Object.keys(basesOf(story))).toEqual(['a', 'b']);
  });

  test('a target dropped and wanted again before it dropped does not block the return', () => {
    const story = shop();
    story.pod('shop', 'a');
    story.settle();
    story.egressNat('shop', 'checkout', { targets: [] });
    story.egressNat('shop', 'checkout', { targets: ['orders-db'] });
    story.settle();
    story.podGone('shop', 'a');
    story.observe('ns/shop', { type: 'EgressNatGone', name: 'checkout' });
    story.settle();
    const [release] = story.releases('shop');
    if (release === undefined) throw new Error('nothing rests');
    story.ack('shop', release);
    story.log.nowMs += QUARANTINE_MS;
    story.tick('shop', release);
    story.settle();
    expect(story.world.pools.holders.size).toBe(0);
    expect(story.world.target('orders-db')?.entries.size).toBe(0);
  });
});
