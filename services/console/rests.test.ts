/** What the status says of blocks that rest, on a story of the fold. */
import { expect, test } from 'vitest';
import { createStory, QUARANTINE_MS } from '../../test/fold/story.ts';
import { eventRecord } from '../contract/records.ts';
import { fenceStatuses, restStatuses } from './rests.ts';

test('a block that rests says what it waits for, until nothing is left', () => {
  const story = createStory();
  story.pool('blue');
  story.target('orders-db');
  story.egressNat('shop', 'checkout');
  story.pod('shop', 'a');
  story.settle();
  story.podGone('shop', 'a');
  story.settle();
  const rests = () => restStatuses([story.namespace('shop')]);
  const [release] = story.releases('shop');
  if (release === undefined) throw new Error('nothing was released');
  expect(rests()).toMatchObject([
    { namespace: 'shop', pod: 'a', node: 'n1', address: '203.0.113.16', waitsFor: ['Tick', 'ack'] },
  ]);
  const fenced = { type: 'NodeFenced', node: 'n1', by: 'Operator' } as const;
  story.append(eventRecord('ns/shop', fenced, { by: 'fence/n1', number: 1 }));
  expect(rests()).toMatchObject([{ waitsFor: ['Tick'], fenced: 'Operator' }]);
  story.log.nowMs += QUARANTINE_MS;
  story.tick('shop', release);
  expect(rests()).toEqual([]);
});

test('a node is listed while it is suspected or fenced', () => {
  const story = createStory();
  const say = (by: 'Taint' | null, suspect: 'Taint' | null, after: number): void => {
    const entry = { node: 'n1', by, suspect, taintSpent: false, after };
    story.append(eventRecord('fences', { type: 'FenceBooked', ...entry }));
  };
  const fences = () => fenceStatuses(story.world, new Map([['n1', 7]]));
  expect(fences()).toEqual([]);
  say(null, 'Taint', 0);
  expect(fences()).toEqual([{ node: 'n1', by: null, suspect: 'Taint', sinceMs: 7 }]);
  say('Taint', 'Taint', 1);
  // Another hub that had not read this far is not heard.
  say(null, null, 1);
  expect(fences()).toMatchObject([{ by: 'Taint' }]);
  say(null, null, 2);
  expect(fences()).toEqual([]);
});
