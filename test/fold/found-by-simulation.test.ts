/**
 * Histories in which the simulation (test/simulation) broke the fold: each made as small as it
 * gets. What is between a decision and its place in the log is what broke it, every time.
 */
import { describe, expect, test } from 'vitest';
import { type Decision, type EventRecord, eventRecord } from '../../services/contract/records.ts';
import { checkAddressOwners } from './checkers.ts';
import { cidrs, createStory, type Story } from './story.ts';

/** The mapper answers until it decides in this aggregate; that decision is not appended yet. */
function heldBack(story: Story, aggregate: string): EventRecord {
  for (let round = 0; round < 20; round++) {
    const records = story.mapper.next();
    const held = records.find((r) => r.aggregate === aggregate && r.body.type === 'Decision');
    const others = records.filter((record) => record !== held);
    story.append(...others);
    story.mapper.appended(others);
    if (held !== undefined) return held;
  }
  throw new Error(`no decision for ${aggregate}`);
}

function ignoredBecause(story: Story, record: EventRecord): string | null {
  const [event] = story.log.append([record]);
  if (event === undefined) throw new Error('nothing was appended');
  return story.mapper.read(event).ignored;
}

describe('what a decision tells others', () => {
  test('is what is so where it stands: a target that joined meanwhile is told too', () => {
    const story = createStory();
    story.pool('blue');
    story.target('orders-db');
    story.target('bank');
    story.egressNat('shop', 'checkout', { targets: ['orders-db'] });
    const grant = heldBack(story, 'pools');
    // The namespace's wish for a second target comes between the grant and its place in the log.
    story.egressNat('shop', 'checkout', { targets: ['orders-db', 'bank'] });
    for (let round = 0; round < 5; round++) {
      const records = story.mapper.next();
      story.append(...records);
      story.mapper.appended(records);
    }
    expect(ignoredBecause(story, grant)).toBe('impossible-outcome');
    story.pod('shop', 'a');
    story.settle();
    expect(story.world.target('bank')?.entries.size).toBe(1);
    expect(story.blocks('shop').map(({ pod }) => pod)).toEqual(['a']);
  });

  test('is what is so where it stands: labels that changed meanwhile are told', () => {
    const story = createStory();
    story.pool('blue', { allowedNamespaces: { matchLabels: { team: 'a' }, matchExpressions: [] } });
    story.egressNat('shop', 'checkout');
    const ask = heldBack(story, 'ns/shop');
    story.observe('ns/shop', { type: 'NamespaceObserved', labels: { team: 'a' } });
    expect(ignoredBecause(story, ask)).toBe('impossible-outcome');
    story.settle();
    expect(story.world.pools.holders.size).toBe(1);
  });

  test('is never less than what follows from its answers', () => {
    const story = createStory();
    story.pool('blue');
    story.egressNat('shop', 'checkout');
    const { body } = heldBack(story, 'ns/shop');
    const silent: Decision = { ...(body as Decision), forwards: [] };
    expect(ignoredBecause(story, eventRecord('ns/shop', silent))).toBe('impossible-outcome');
  });
});

describe('an address that is to be given back', () => {
  /** Two addresses, both admitted; one is enough for the pods that run, and for the EgressNat. */
  function shrinkingShop(): Story {
    const story = createStory();
    story.pool('blue', { addresses: cidrs('203.0.113.16/31') });
    story.target('orders-db');
    story.egressNat('shop', 'checkout', { addresses: { min: 2, max: 2 } });
    for (const pod of ['a', 'b', 'c']) story.pod('shop', pod);
    story.settle();
    story.egressNat('shop', 'checkout', { addresses: { min: 1, max: 1 } });
    story.pod('shop', 'late');
    return story;
  }

  test('is not handed out by the decision that gives it back', () => {
    const story = shrinkingShop();
    story.settle();
    expect(story.blocks('shop').map(({ pod }) => pod)).toEqual(['a', 'b', 'c']);
    expect(story.namespace('shop').claims.size).toBe(1);
    checkAddressOwners(story.world);
  });

  test('is not handed out, whoever decides so', () => {
    const story = shrinkingShop();
    const { body } = heldBack(story, 'ns/shop');
    const decision = body as Decision;
    const [returned] = decision.answers.filter(({ kind }) => kind === 'ClaimReturned');
    const question = [...story.namespace('shop').questions].find(([, q]) => q.kind === 'berth');
    const claim = [...story.namespace('shop').claims.values()].at(-1);
    const [base] = claim?.free ?? [];
    if (returned === undefined || question === undefined || base === undefined) {
      throw new Error('one address to give back and one pod that waits are needed');
    }
    const granted = {
      kind: 'BerthGranted',
      question: question[0],
      pod: 'late',
      egressNat: 'checkout',
      claim: claim?.id ?? '',
      base,
      node: 'n1',
    } as const;
    const both: Decision = { ...decision, answers: [granted, returned] };
    expect(ignoredBecause(story, eventRecord('ns/shop', both))).toBe('impossible-outcome');
  });
});

test('a namespace that is gone has no labels for the pools either', () => {
  const story = createStory();
  story.pool('blue');
  story.egressNat('shop', 'checkout');
  story.observe('ns/shop', { type: 'NamespaceObserved', labels: { team: 'a' } });
  story.settle();
  story.observe('ns/shop', { type: 'NamespaceGone' });
  story.settle();
  expect([...story.world.pools.claims.values()].map(({ labels }) => labels)).toEqual([{}]);
});

test('a pool that is forgotten with its last address is a change of specification', () => {
  const story = createStory();
  story.pool('blue');
  story.target('orders-db');
  story.egressNat('shop', 'checkout');
  story.settle();
  story.observe('pools', { type: 'PoolGone', name: 'blue' });
  story.observe('ns/shop', { type: 'EgressNatGone', name: 'checkout' });
  const specifications: string[] = [];
  for (let records = story.mapper.next(); records.length > 0; records = story.mapper.next()) {
    for (const event of story.log.append(records)) {
      if (story.mapper.read(event).specification) specifications.push(event.record.aggregate);
    }
    story.mapper.appended(records);
  }
  expect(story.world.pools.pools.size).toBe(0);
  expect(specifications).toEqual(['pools']);
});
