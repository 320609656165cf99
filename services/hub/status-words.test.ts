/** What changed of a hub's links is said in small records, and its version always behind them. */
import { expect, test } from 'vitest';
import type { Version } from '../contract/version.ts';
import type { NodeStatus } from './node-status.ts';
import { createHubWords } from './status-words.ts';

function hub(nodes: number) {
  const statuses = Array.from({ length: nodes }, (_, index): NodeStatus => {
    const numbers = { version: null, lagMs: 0, unackedMs: 0 };
    return { node: `n${index}`, connected: true, concerned: true, inSync: true, ...numbers };
  });
  const world: { version: Version } = { version: { 0: 1 } };
  let serves = true;
  const words = createHubWords(world, () => (serves ? statuses : null));
  return {
    world,
    statuses,
    serve: (does: boolean) => {
      serves = does;
    },
    news: () => [...words.speaker.news()].map(({ word }) => word),
    words,
  };
}

test('nothing is said before it serves', () => {
  const { serve, news } = hub(2);
  serve(false);
  expect(news()).toEqual([]);
});

test('at first all nodes and then the version; afterwards nothing that did not change', () => {
  const { news, world } = hub(300);
  const first = news();
  const named = first.flatMap((word) => (word.type === 'Links' ? word.links : []));
  expect(named).toHaveLength(300);
  expect(first.at(-1)).toEqual({ type: 'Hub', version: { 0: 1 } });
  expect(news()).toEqual([]);
  world.version = { 0: 2 };
  expect(news()).toEqual([{ type: 'Hub', version: { 0: 2 } }]);
});

test('a changed node among 5,000 costs one small record, and the version behind it', () => {
  const { news, statuses } = hub(5_000);
  news();
  const [changed] = statuses;
  if (changed === undefined) throw new Error('no node');
  statuses[0] = { ...changed, inSync: false };
  const [links, version, ...rest] = news();
  expect(JSON.stringify(links).length).toBeLessThan(4_000);
  expect(links).toMatchObject({ type: 'Links' });
  expect(version).toEqual({ type: 'Hub', version: { 0: 1 } });
  expect(rest).toEqual([]);
});

test('a node that is no longer known is taken back', () => {
  const { news, statuses } = hub(1);
  news();
  statuses.length = 0;
  expect(news()).toMatchObject([{ type: 'Links', links: [] }, { type: 'Hub' }]);
  expect(news()).toEqual([]);
});

test('whoever listens is told when there may be news', () => {
  const { words } = hub(1);
  let rings = 0;
  words.changed();
  words.speaker.onNews(() => {
    rings += 1;
  });
  words.changed();
  expect(rings).toBe(1);
});
