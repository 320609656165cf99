/** Which ack counts for which release; trace 4 of docs/ARCHITECTURE.md is here. */
import { describe, expect, it } from 'vitest';
import { createStory, QUARANTINE_MS, type Story } from '../../test/fold/story.ts';
import { createWorld } from '../aggregates/world.ts';
import { createReleaseAcks } from './release-acks.ts';

/** One pool of a single block, so that whoever comes next gets the block that rested. */
function oneBlock(): Story {
  const story = createStory();
  story.pool('blue', { ports: { from: 1024, to: 2047, perPod: 1024 } });
  story.target('orders-db');
  story.egressNat('shop', 'checkout', { addresses: { min: 1, max: 1 } });
  return story;
}

function startAndStop(story: Story, uid: string): void {
  story.pod('shop', uid);
  story.settle();
  story.podGone('shop', uid);
  story.settle();
}

/** Follows the story from its beginning. */
function follow(story: Story) {
  const world = createWorld();
  const acks = createReleaseAcks(world);
  let next = 0;
  return {
    acks,
    get version() {
      return world.version;
    },
    read: () => {
      const released: string[] = [];
      for (; next < story.log.events.length; next++) {
        const event = story.log.events[next];
        if (event !== undefined) released.push(...acks.event(event, world.apply(event)));
      }
      return released;
    },
  };
}

describe('acks of releases', () => {
  it('need the next ack of the node that a block was released on', () => {
    const story = oneBlock();
    const hub = follow(story);
    startAndStop(story, 'a');
    expect(hub.read()).toEqual(['n1']);
    expect(hub.acks.waitsFor('n1')).toBe(true);
    expect(hub.acks.waitsFor('n2')).toBe(false);
  });

  it('are observations in the release’s aggregate, once, until they are read back', () => {
    const story = oneBlock();
    const hub = follow(story);
    startAndStop(story, 'a');
    hub.read();
    const [release] = story.releases('shop');
    const records = hub.acks.acked('n1', hub.version);
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({
      aggregate: 'ns/shop',
      source: { by: 'hub/n1' },
      body: { type: 'ReleaseAcked', release: release?.id, node: 'n1', version: hub.version },
    });
    expect(hub.acks.acked('n1', hub.version)).toEqual([]);
    expect(hub.acks.waitsFor('n1')).toBe(false);
    story.append(...records);
    hub.read();
    expect(story.releases('shop')[0]?.acked).toBe(true);
    expect(hub.acks.acked('n1', hub.version)).toEqual([]);
  });

  it('cover only what the acked version covers', () => {
    const story = oneBlock();
    const hub = follow(story);
    story.pod('shop', 'a');
    story.settle();
    hub.read();
    const before = hub.version;
    story.podGone('shop', 'a');
    story.settle();
    hub.read();
    expect(hub.acks.acked('n1', before)).toEqual([]);
    expect(hub.acks.acked('n2', hub.version)).toEqual([]);
    expect(hub.acks.acked('n1', hub.version)).toHaveLength(1);
  });

  it('are asked for anew by a hub that starts', () => {
    const story = oneBlock();
    startAndStop(story, 'a');
    const world = createWorld();
    for (const event of story.log.events) world.apply(event);
    const acks = createReleaseAcks(world);
    expect(acks.waitsFor('n1')).toBe(true);
    const records = acks.acked('n1', world.version);
    story.append(...records);
    for (const event of story.log.events.slice(-1)) acks.event(event, world.apply(event));
    expect(createReleaseAcks(world).waitsFor('n1')).toBe(false);
  });

  it('are not said again by a hub that has read them of another', () => {
    const story = oneBlock();
    const [first, second] = [follow(story), follow(story)];
    startAndStop(story, 'a');
    first.read();
    second.read();
    story.append(...first.acks.acked('n1', first.version));
    second.read();
    expect(second.acks.waitsFor('n1')).toBe(false);
    expect(second.acks.acked('n1', second.version)).toEqual([]);
  });

  it('trace 4: a second hub’s ack of an earlier release says nothing of the later one', () => {
    const story = oneBlock();
    const [first, second] = [follow(story), follow(story)];
    startAndStop(story, 'a');
    first.read();
    second.read();
    const [r1] = story.releases('shop');
    if (r1 === undefined) throw new Error('nothing was released');
    const late = second.acks.acked('n1', second.version);
    story.append(...first.acks.acked('n1', first.version));
    story.log.nowMs += QUARANTINE_MS;
    story.tick('shop', r1);
    startAndStop(story, 'b');

    story.append(...late);
    const [r2] = story.releases('shop');
    expect(r2).toMatchObject({ base: r1.base, node: r1.node, acked: false });
    expect(r2?.id).not.toBe(r1.id);
    for (const hub of [first, second]) hub.read();
    expect(first.acks.waitsFor('n1')).toBe(true);
    const [record] = second.acks.acked('n1', second.version);
    expect(record?.body).toMatchObject({ release: r2?.id });
  });
});
