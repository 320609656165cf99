/** What people are shown is what the log says. */
import { describe, expect, test } from 'vitest';
import { cidrs, createStory } from '../../test/fold/story.ts';
import { createPicture } from './picture.ts';

function pictureOf(tell: (story: ReturnType<typeof createStory>) => void) {
  const story = createStory();
  tell(story);
  story.settle();
  const picture = createPicture();
  for (const event of story.log.events) picture.event(event);
  return picture;
}

describe('the picture', () => {
  test('names each berth with its pod, node and ports', () => {
    const picture = pictureOf((story) => {
      story.pool('blue');
      story.target('orders-db');
      story.egressNat('shop', 'checkout');
      story.pod('shop', 'a', { node: 'n2' });
    });
    expect(picture.status(0).berths).toEqual([
      {
        namespace: 'shop',
        pod: 'a',
        uid: 'a',
        egressNat: 'checkout',
        node: 'n2',
        address: '203.0.113.16',
        base: 16384,
        blockSize: 16384,
      },
    ]);
  });

  test('reports pods that cannot get a block as Exhausted, by name', () => {
    const picture = pictureOf((story) => {
      story.pool('blue');
      story.target('orders-db');
      story.egressNat('shop', 'checkout', { addresses: { min: 1, max: 1 } });
      for (const pod of ['a', 'b', 'c', 'd']) story.pod('shop', pod);
    });
    const { pods, egressNats } = picture.status(0);
    expect(pods).toMatchObject({ present: 4, selected: 4, mapped: 3, exhausted: 1 });
    expect(egressNats[0]).toMatchObject({
      conditions: [{ type: 'Exhausted', code: 'BERTH_POOL_EXHAUSTED' }],
      exhausted: ['d'],
    });
  });

  test('says which EgressNats quarrel over a pod, and is silent where they do not', () => {
    const quarrels = (second: string) => {
      const picture = pictureOf((story) => {
        story.pool('blue');
        story.target('orders-db');
        story.egressNat('shop', 'checkout');
        story.egressNat('shop', 'audit', {
          targets: [],
          inline: [{ cidrs: cidrs(second), except: [], ports: [] }],
        });
        story.pod('shop', 'a');
      });
      return picture
        .status(0)
        .egressNats.map(({ conditions }) => conditions.map(({ type }) => type));
    };
    expect(quarrels('198.51.100.64/26')).toEqual([['Conflict'], ['Conflict']]);
    expect(quarrels('192.0.2.0/24')).toEqual([[], []]);
  });

  test('counts pods on the host network apart', () => {
    const picture = pictureOf((story) => {
      story.egressNat('shop', 'checkout');
      story.pod('shop', 'a', { hostNetwork: true });
    });
    expect(picture.status(0).pods).toMatchObject({ present: 1, selected: 0, hostNetwork: 1 });
  });

  test('adds up what nodes acked, and measures from the binding to the read-back', () => {
    const picture = pictureOf((story) => {
      story.log.nowMs = 5_000;
      story.pool('blue');
      story.target('orders-db');
      story.egressNat('shop', 'checkout');
      story.pod('shop', 'a');
    });
    const ack = { type: 'Ack', node: 'n1', bootId: 'b', version: { 0: 1 }, checksum: '0' } as const;
    picture.ack({ ...ack, recordsSent: 3, sentAtMs: 5_001, readBackAtMs: 5_004, mapped: ['a'] });
    picture.ack({ ...ack, recordsSent: 2, sentAtMs: 5_010, readBackAtMs: 5_011, mapped: [] });
    const { recordsSent, propagationMs, acks } = picture.status(0);
    expect(recordsSent).toBe(5);
    expect(propagationMs).toEqual({ p50: 4, p99: 4, max: 4, samples: 1 });
    expect(acks.map(({ readBackAtMs }) => readBackAtMs)).toEqual([5_011]);
  });

  test('shows the last ack of a node, though an earlier one may be appended later', () => {
    const picture = createPicture();
    const ack = { type: 'Ack', node: 'n1', bootId: 'b', checksum: '0', mapped: [] } as const;
    const sent = { recordsSent: 1, sentAtMs: 1 };
    picture.ack({ ...ack, ...sent, version: { 0: 7 }, readBackAtMs: 20 });
    picture.ack({ ...ack, ...sent, version: { 0: 5 }, readBackAtMs: 10 });
    expect(picture.status(0).acks).toMatchObject([{ version: { 0: 7 }, readBackAtMs: 20 }]);
    picture.ack({ ...ack, ...sent, bootId: 'c', version: { 0: 5 }, readBackAtMs: 5 });
    expect(picture.status(0).acks).toMatchObject([{ bootId: 'c', version: { 0: 5 } }]);
  });
});
