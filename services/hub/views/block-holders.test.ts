/** A block that goes from one namespace to another, read in either order, is its new holder's. */
import { expect, it } from 'vitest';
import { cidrs, createStory, QUARANTINE_MS } from '../../../test/fold/story.ts';
import { fromApi, keysOf } from '../../../test/hub/views-of-story.ts';
import { createWorld } from '../../aggregates/world.ts';
import { createViews } from './views.ts';

const GATEWAY = { gateway: 'yes' };

/** `shop` gives the only address back, and `pay` gets it with the same first block. */
function movedAddress() {
  const story = createStory();
  const gatewaySelector = { matchLabels: GATEWAY, matchExpressions: [] };
  story.pool('blue', { addresses: cidrs('203.0.113.16/32'), gatewaySelector });
  story.target('orders-db');
  story.egressNat('shop', 'checkout');
  story.pod('shop', 'a');
  story.settle();
  const granted = story.log.events.length;
  story.observe('ns/shop', { type: 'EgressNatGone', name: 'checkout' });
  story.settle();
  const [release] = story.releases('shop');
  if (release === undefined) throw new Error('nothing was released');
  story.log.nowMs += QUARANTINE_MS;
  story.ack('shop', release);
  story.tick('shop', release);
  story.settle();
  story.egressNat('pay', 'checkout');
  story.pod('pay', 'b', { node: 'n2' });
  story.settle();
  return { story, granted };
}

it.each(['shop', 'pay'])('whose last records are read last of all: those of %s', (last) => {
  const { story, granted } = movedAddress();
  const { events } = story.log;
  const partition = events.find(({ record }) => record.aggregate === `ns/${last}`)?.partition;
  const isLast = (at: number): boolean => at >= granted && events[at]?.partition === partition;
  const world = createWorld();
  const views = createViews(world, [fromApi('gw', GATEWAY)]);
  const order = [...events.keys()];
  for (const at of [...order.filter((i) => !isLast(i)), ...order.filter(isLast)]) {
    const event = events[at];
    if (event !== undefined) views.event(event, world.apply(event));
  }
  views.settle();
  const fromScratch = createViews(world, [fromApi('gw', GATEWAY)]);
  fromScratch.settle();
  expect(keysOf(views, 'gw')).toContain('block/203.0.113.16/16384');
  expect(keysOf(views, 'gw')).toEqual(keysOf(fromScratch, 'gw'));
  expect(views.node('gw').checksum).toBe(fromScratch.node('gw').checksum);
});
