/**
 * The traces that broke earlier drafts of the rules (docs/ARCHITECTURE.md, "Effectively once"), by
 * their number there. Number 1 is the hub's and the agent's (services/hub, services/agent). Those
 * about fences (2, 3, 16) are in fences.test.ts; those about dead letters (9) and growing
 * partitions (10) come with these features.
 */
import { expect, test } from 'vitest';
import { RULES } from '../../services/aggregates/aggregate/rules.ts';
import { createWorld } from '../../services/aggregates/world.ts';
import { hasCode } from '../../services/contract/errors.ts';
import type { EventRecord, Rules } from '../../services/contract/records.ts';
import { eventRecord } from '../../services/contract/records.ts';
import { createMapperCore } from '../../services/mapper/mapper-core.ts';
import { replay, worldText } from './checkers.ts';
import { savedWorld } from './saved-world.ts';
import { cidrs, createStory, QUARANTINE_MS, type Story } from './story.ts';

function shop(): Story {
  const story = createStory();
  story.pool('blue', { addresses: cidrs('203.0.113.16/32') });
  story.target('orders-db');
  story.egressNat('shop', 'checkout');
  story.settle();
  return story;
}

function onlyRelease(story: Story): ReturnType<Story['releases']>[number] {
  const [release, ...more] = story.releases('shop');
  if (release === undefined || more.length > 0) throw new Error('expected one release');
  return release;
}

test('trace 4: the ack of an earlier release does not count for a later one', () => {
  const story = shop();
  story.pod('shop', 'a');
  story.settle();
  story.podGone('shop', 'a');
  story.settle();
  const first = onlyRelease(story);
  story.ack('shop', first);
  story.log.nowMs += QUARANTINE_MS;
  story.tick('shop', first);
  for (const pod of ['b', 'c', 'd']) story.pod('shop', pod);
  story.settle();
  const again = story.blocks('shop').find(({ base }) => base === first.base);
  if (again === undefined) throw new Error('the block was not given again');
  story.podGone('shop', again.pod);
  story.settle();
  const second = onlyRelease(story);
  // Another hub had not yet read that the first release was acked.
  story.ack('shop', first);
  story.log.nowMs += QUARANTINE_MS;
  story.tick('shop', second);
  story.pod('shop', 'e');
  story.settle();
  expect(story.blocks('shop').map(({ pod }) => pod)).not.toContain('e');
});

test('trace 5: the grant of an ask that was given back is not taken for a later ask', () => {
  const story = createStory();
  story.egressNat('shop', 'checkout');
  story.settle();
  const [firstAsk] = story.namespace('shop').claims.keys();
  story.observe('ns/shop', { type: 'EgressNatGone', name: 'checkout' });
  story.settle();
  story.egressNat('shop', 'checkout');
  story.settle();
  const [secondAsk] = story.namespace('shop').claims.keys();
  expect(secondAsk).not.toBe(firstAsk);
  const address = '203.0.113.99' as never;
  const geometry = { portFrom: 1024, portTo: 65535, blockSize: 1024 };
  const message = {
    kind: 'GrantClaim',
    claim: firstAsk ?? '',
    address,
    geometry,
    quarantineSeconds: 1,
    fencing: 'Deleted',
  } as const;
  story.append(eventRecord('ns/shop', { type: 'Forwarded', from: 'pools', number: 1, message }));
  expect([...story.namespace('shop').claims.values()].map(({ grant }) => grant)).toEqual([null]);
});

test('trace 6: the confirmation of an entry that was removed does not admit its successor', () => {
  const story = createStory();
  story.pool('blue');
  story.target('orders-db', { driver: { type: 'Manual', allowed: [] } });
  story.egressNat('shop', 'checkout');
  story.pod('shop', 'a');
  story.settle();
  const [claim] = story.namespace('shop').claims.values();
  if (claim?.grant == null) throw new Error('no address was granted');
  story.egressNat('shop', 'checkout', { targets: [] });
  story.settle();
  story.podGone('shop', 'a');
  story.egressNat('shop', 'checkout', { targets: ['orders-db'] });
  story.settle();
  const message = {
    kind: 'ConfirmEntry',
    claim: claim.id,
    target: 'orders-db',
    address: claim.grant.address,
    revision: 1,
  } as const;
  const from = 'target/orders-db';
  story.append(eventRecord('ns/shop', { type: 'Forwarded', from, number: 1, message }));
  story.pod('shop', 'b');
  story.settle();
  expect(story.blocks('shop')).toEqual([]);
});

test('trace 6: an earlier entry that is gone frees no address whose later one is not', () => {
  const story = createStory();
  story.pool('blue');
  story.target('orders-db');
  story.egressNat('shop', 'checkout');
  story.settle();
  story.egressNat('shop', 'checkout', { targets: [] });
  story.settle();
  story.egressNat('shop', 'checkout', { targets: ['orders-db'] });
  story.settle();
  story.observe('ns/shop', { type: 'EgressNatGone', name: 'checkout' });
  const [claim] = story.world.pools.claims.keys();
  const from = 'target/orders-db';
  const gone = { kind: 'EntryGone', claim: claim ?? '', target: 'orders-db', revision: 1 } as const;
  for (let round = 0; round < 20; round++) {
    const records = story.mapper.next();
    const answers = records.filter((r) => r.body.type === 'Forwarded' && r.body.from === from);
    if (answers.length > 0) break;
    story.append(...records);
    story.mapper.appended(records);
  }
  expect(story.world.pools.claims.get(claim ?? '')?.dropping.size).toBe(1);
  const number = story.world.pools.inbox.get(from) ?? 1;
  story.append(eventRecord('pools', { type: 'Forwarded', from, number, message: gone }));
  expect(story.world.pools.holders.size).toBe(1);
});

test('trace 7: an address that was withdrawn after the decision is not granted', () => {
  const story = createStory();
  story.pool('blue');
  story.target('orders-db');
  story.egressNat('shop', 'checkout');
  const grant = firstUnappended(story, 'pools');
  story.pool('blue', { addresses: cidrs('203.0.113.64/31') });
  story.append(grant);
  expect(story.world.pools.holders.size).toBe(0);
});

test('trace 7: a block of an address that was withdrawn after the decision is not granted', () => {
  const story = shop();
  story.pod('shop', 'a');
  const grant = firstUnappended(story, 'ns/shop');
  const [claim] = story.namespace('shop').claims.keys();
  const message = { kind: 'WithdrawClaim', claim: claim ?? '' } as const;
  story.append(eventRecord('ns/shop', { type: 'Forwarded', from: 'pools', number: 2, message }));
  story.append(grant);
  expect(story.blocks('shop')).toEqual([]);
});

/** Lets the mapper answer until it decides for this aggregate; that decision is held back. */
function firstUnappended(story: Story, aggregate: string): EventRecord {
  for (let round = 0; round < 10; round++) {
    const records = story.mapper.next();
    const held = records.find((r) => r.aggregate === aggregate && r.body.type === 'Decision');
    if (held !== undefined) return held;
    story.append(...records);
    story.mapper.appended(records);
  }
  throw new Error(`no decision for ${aggregate}`);
}

test('trace 8: rules that this program does not know stop the reader', () => {
  const story = shop();
  const rules: Rules = { type: 'Rules', rules: RULES + 1 };
  let thrown: unknown;
  try {
    story.append(eventRecord('ns/shop', rules));
  } catch (error) {
    thrown = error;
  }
  expect(hasCode(thrown, 'BERTH_FOLD_RULES_UNKNOWN')).toBe(true);
});

test('trace 11: a Tick that comes too early does not count; a later one does', () => {
  const story = shop();
  for (const pod of ['a', 'b', 'c']) story.pod('shop', pod);
  story.settle();
  story.podGone('shop', 'a');
  story.settle();
  const release = onlyRelease(story);
  story.ack('shop', release);
  story.log.nowMs += QUARANTINE_MS - 1;
  story.tick('shop', release);
  story.pod('shop', 'd');
  story.settle();
  expect(story.blocks('shop')).toHaveLength(2);
  story.log.nowMs -= QUARANTINE_MS;
  story.tick('shop', release);
  story.log.nowMs += 2 * QUARANTINE_MS;
  story.tick('shop', release);
  story.settle();
  expect(story.blocks('shop')).toHaveLength(3);
});

test('trace 12: a mapper that died before its append leaves the question open for the next', () => {
  const story = shop();
  story.pod('shop', 'a');
  story.mapper.next(); // decided, never appended
  const successor = createMapperCore(replay(story.log.events));
  const [decision] = successor.next().filter(({ body }) => body.type === 'Decision');
  if (decision?.body.type !== 'Decision') throw new Error('nothing was decided');
  expect(decision.body.answers.map(({ kind }) => kind)).toEqual(['BerthGranted']);
});

test('trace 13: a grant that lands after its pod is gone is ignored and holds nothing', () => {
  const story = shop();
  story.pod('shop', 'a');
  const grant = firstUnappended(story, 'ns/shop');
  story.podGone('shop', 'a');
  story.append(grant);
  story.settle();
  expect(story.blocks('shop')).toEqual([]);
  const [claim] = story.namespace('shop').claims.values();
  expect(claim?.used.size).toBe(0);
});

test('trace 14: what was decided before a crash is forwarded after a restart', () => {
  const story = createStory();
  story.pool('blue');
  story.target('orders-db');
  story.egressNat('shop', 'checkout');
  const [ask] = story.mapper.next();
  if (ask === undefined) throw new Error('nothing was asked');
  story.append(ask); // accepted; the mapper dies before it forwards
  const restored = createWorld(savedWorld(story.world));
  const sent = createMapperCore(restored).next();
  expect(sent.map(({ aggregate, body }) => [aggregate, body.type])).toEqual([
    ['pools', 'Forwarded'],
  ]);
});

test('trace 15: a confirmation that overtakes its grant is kept for its claim', () => {
  const story = createStory();
  story.pool('blue');
  story.target('orders-db');
  story.egressNat('shop', 'checkout');
  story.pod('shop', 'a');
  const held: EventRecord[] = [];
  for (let round = 0; round < 20; round++) {
    const records = story.mapper.next();
    const late = records.filter(
      (r) => r.body.type === 'Forwarded' && r.body.from === 'pools' && r.aggregate === 'ns/shop',
    );
    held.push(...late);
    const now = records.filter((record) => !late.includes(record));
    story.append(...now);
    story.mapper.appended(now);
  }
  expect(story.namespace('shop').claims.values().next().value?.confirmed.size).toBe(1);
  expect(story.blocks('shop')).toEqual([]);
  story.append(...held);
  story.settle();
  expect(story.blocks('shop')).toHaveLength(1);
});

test('trace 17: what a watcher of an earlier term appends late is ignored', () => {
  const story = shop();
  story.pod('shop', 'a');
  story.settle();
  const newer = { type: 'WatchStarted', term: 'term-2' } as const;
  story.append(eventRecord('ns/shop', newer, { by: 'term-2', number: 0 }));
  story.podGone('shop', 'a'); // still by term-1
  story.pod('shop', 'b');
  story.settle();
  expect(story.blocks('shop').map(({ pod }) => pod)).toEqual(['a']);
});

test('trace 17: a repeated append of an observation is taken once, in order', () => {
  const story = shop();
  story.pod('shop', 'a');
  const added = story.log.events.at(-1)?.record;
  story.podGone('shop', 'a');
  if (added === undefined) throw new Error('nothing was appended');
  story.append(added);
  story.settle();
  expect(story.namespace('shop').pods.size).toBe(0);
});

test('trace 17: the record that opened a term, repeated, does not start its numbers again', () => {
  const story = shop();
  const started = story.log.events.find(
    ({ record }) => record.aggregate === 'ns/shop' && record.body.type === 'WatchStarted',
  );
  story.pod('shop', 'a');
  const added = story.log.events.at(-1)?.record;
  story.podGone('shop', 'a');
  if (started === undefined || added === undefined) throw new Error('nothing was appended');
  story.append(started.record, added);
  expect(story.namespace('shop').pods.size).toBe(0);
});

test('two mappers that answer the same question are heard once', () => {
  const story = shop();
  story.pod('shop', 'a');
  const other = createMapperCore(replay(story.log.events));
  const both = [...story.mapper.next(), ...other.next()];
  const effects = story.log.append(both).map((event) => story.mapper.read(event).ignored);
  expect(effects).toEqual([null, 'question-not-open']);
  expect(worldText(replay(story.log.events))).toBe(worldText(story.world));
});
