/**
 * Fences in the fold: an observation that a node forwards nothing counts in place of its acks until
 * the node returns; never in place of the Tick, and never when it comes late. The traces that broke
 * earlier drafts are named by their number in docs/traces.md.
 */
import { expect, test } from 'vitest';
import type { Release } from '../../services/aggregates/namespace/state.ts';
import type { NatPoolSpec } from '../../services/contract/objects.ts';
import { eventRecord, type FencedBy } from '../../services/contract/records.ts';
import { replay, worldText } from './checkers.ts';
import { cidrs, createStory, QUARANTINE_MS, type Story } from './story.ts';

/** One address of three blocks, all three in use on `n1`. */
function fullShop(pool: Partial<NatPoolSpec> = {}): Story {
  const story = createStory();
  story.pool('blue', { addresses: cidrs('203.0.113.16/32'), ...pool });
  story.target('orders-db');
  story.egressNat('shop', 'checkout');
  for (const pod of ['a', 'b', 'c']) story.pod('shop', pod);
  story.settle();
  expect(story.blocks('shop')).toHaveLength(3);
  return story;
}

function fence(story: Story, number: number, by: FencedBy = 'Operator', node = 'n1'): void {
  const source = { by: `fence/${node}`, number };
  story.append(eventRecord('ns/shop', { type: 'NodeFenced', node, by }, source));
}

function returned(story: Story, number: number, node = 'n1'): void {
  const source = { by: `fence/${node}`, number };
  story.append(eventRecord('ns/shop', { type: 'NodeReturned', node }, source));
}

function release(story: Story, pod: string): Release {
  story.podGone('shop', pod);
  story.settle();
  const found = story.releases('shop').find((one) => one.pod === pod);
  if (found === undefined) throw new Error(`${pod} released nothing`);
  return found;
}

function rest(story: Story, one: Release): void {
  story.log.nowMs += QUARANTINE_MS;
  story.tick('shop', one);
}

/** Whether there is a block for a pod on another node. */
function isGiven(story: Story, pod = 'next'): boolean {
  story.pod('shop', pod, { node: 'n2' });
  story.settle();
  return story.blocks('shop').some((block) => block.pod === pod);
}

test('trace 2: what a node had that is cut off is not given after the Tick alone', () => {
  const story = fullShop();
  const gone = release(story, 'a');
  rest(story, gone);
  expect(isGiven(story)).toBe(false);
  fence(story, 1, 'Deleted');
  story.settle();
  expect(isGiven(story)).toBe(true);
});

test('trace 2: a pool may refuse the deletion of a Node as a fence, and takes a stated one', () => {
  const story = fullShop({ fencing: 'Stated' });
  const gone = release(story, 'a');
  rest(story, gone);
  fence(story, 1, 'Deleted');
  expect(isGiven(story)).toBe(false);
  fence(story, 2, 'Operator');
  story.settle();
  expect(story.blocks('shop').map(({ pod }) => pod)).toContain('next');
});

test('a fence that was stated stays stated when the Node is deleted after it', () => {
  const story = fullShop({ fencing: 'Stated' });
  fence(story, 1, 'Taint');
  fence(story, 2, 'Deleted');
  rest(story, release(story, 'a'));
  expect(isGiven(story)).toBe(true);
});

test('a fence counts in place of the ack, not of the Tick', () => {
  const story = fullShop();
  const gone = release(story, 'a');
  fence(story, 1);
  expect(isGiven(story)).toBe(false);
  rest(story, gone);
  story.settle();
  expect(story.blocks('shop').map(({ pod }) => pod)).toContain('next');
});

test('trace 16: pods that are collected after their node was fenced leave nothing waiting', () => {
  const story = fullShop();
  fence(story, 1, 'Taint');
  const gone = release(story, 'a');
  expect(gone.fenced).toBe('Taint');
  rest(story, gone);
  expect(isGiven(story)).toBe(true);
});

test('a fence frees nothing of another node', () => {
  const story = fullShop();
  const gone = release(story, 'a');
  fence(story, 1, 'Operator', 'n2');
  rest(story, gone);
  expect(isGiven(story)).toBe(false);
});

test('trace 3: after its return a node’s blocks wait for its acks again', () => {
  const story = fullShop();
  fence(story, 1);
  returned(story, 2);
  const gone = release(story, 'a');
  rest(story, gone);
  expect(isGiven(story)).toBe(false);
  story.ack('shop', gone);
  story.settle();
  expect(story.blocks('shop').map(({ pod }) => pod)).toContain('next');
});

test('trace 3: a fence that comes after the return from it is known as late', () => {
  const story = fullShop();
  returned(story, 5);
  fence(story, 4);
  fence(story, 5);
  const gone = release(story, 'a');
  rest(story, gone);
  expect(isGiven(story)).toBe(false);
});

test('what a fence freed before the return stays free of the node, whenever its Tick comes', () => {
  const story = fullShop();
  const gone = release(story, 'a');
  fence(story, 1);
  returned(story, 2);
  rest(story, gone);
  expect(isGiven(story)).toBe(true);
});

test('the same fence by a second hub changes nothing', () => {
  const story = fullShop();
  fence(story, 1);
  const before = worldText(story.world);
  fence(story, 1);
  expect(worldText(story.world)).toBe(before);
  expect(worldText(replay(story.log.events))).toBe(before);
});

test('trace 4: a fence of one release does not count for a later one of the same block', () => {
  const story = fullShop();
  const first = release(story, 'a');
  fence(story, 1);
  rest(story, first);
  returned(story, 2);
  story.pod('shop', 'again', { node: 'n1' });
  story.settle();
  const block = story.blocks('shop').find(({ pod }) => pod === 'again');
  expect(block?.base).toBe(first.base);
  const second = release(story, 'again');
  fence(story, 1);
  rest(story, second);
  expect(isGiven(story)).toBe(false);
});

test('trace 11: neither a jump of the clock nor a fence makes a Tick count before its time', () => {
  const story = fullShop();
  fence(story, 1);
  story.log.nowMs += 10 * QUARANTINE_MS;
  const gone = release(story, 'a');
  story.log.nowMs -= 10 * QUARANTINE_MS;
  rest(story, gone);
  expect(isGiven(story)).toBe(false);
  story.log.nowMs += 10 * QUARANTINE_MS;
  story.tick('shop', gone);
  story.settle();
  expect(story.blocks('shop').map(({ pod }) => pod)).toContain('next');
});

test('a StatefulSet’s pod gets its old block back from a fenced node, elsewhere', () => {
  const story = createStory();
  story.pool('blue', { addresses: cidrs('203.0.113.16/32') });
  story.target('orders-db');
  story.egressNat('shop', 'checkout');
  story.pod('shop', 'db-0-first', { name: 'db-0', statefulSet: 'db' });
  story.settle();
  const [before] = story.blocks('shop');
  const gone = release(story, 'db-0-first');
  fence(story, 1, 'Taint');
  story.pod('shop', 'other', { node: 'n2' });
  story.settle();
  // It still rests, so it is nobody's, not its old name's either.
  expect(story.blocks('shop').map(({ base }) => base)).not.toContain(before?.base);
  rest(story, gone);
  story.pod('shop', 'db-0-second', { name: 'db-0', statefulSet: 'db', node: 'n2' });
  story.settle();
  const again = story.blocks('shop').find(({ pod }) => pod === 'db-0-second');
  expect(again?.base).toBe(before?.base);
});
