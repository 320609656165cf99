/** What is saved when, and that a mapper which lags behind another neither stops nor goes back. */
import { expect, test } from 'vitest';
import { createStory } from '../../test/fold/story.ts';
import { berthError } from '../contract/errors.ts';
import type { Checkpoints, Pass } from '../ports/checkpoints/port.ts';
import { createCheckpointer } from './checkpointing.ts';

function keeping(refuse: () => Error | null): Checkpoints & { saved: Pass[] } {
  const saved: Pass[] = [];
  return {
    saved,
    async save(pass) {
      const error = refuse();
      if (error !== null) throw error;
      saved.push(pass);
    },
    all: async () => {
      throw new Error('nobody asks');
    },
    version: async () => ({}),
    close: async () => undefined,
  };
}

const aggregates = ({ checkpoints }: Pass) => checkpoints.map(({ aggregate }) => aggregate).sort();

test('what changed since the last time is saved at once, and only that', async () => {
  const story = createStory();
  const kept = keeping(() => null);
  const checkpointer = createCheckpointer(story.world, kept, { turn: async () => undefined });
  story.pool('blue');
  story.target('orders-db');
  for (const key of ['pools', 'target/orders-db'] as const) checkpointer.changed(key);
  const version = story.world.version;
  await checkpointer.save();
  await checkpointer.save();
  story.pool('green');
  checkpointer.changed('pools');
  await checkpointer.save();
  expect(kept.saved.map(aggregates)).toEqual([['pools', 'target/orders-db'], ['pools']]);
  expect(kept.saved.map((pass) => pass.version)).toEqual([version, story.world.version]);
});

test('a mapper behind another saves nothing, and all of it once it has read as far', async () => {
  const story = createStory();
  const details = { aggregate: 'pools', offset: 3, have: 4 };
  let refusal: Error | null = berthError('BERTH_CHECKPOINT_BACKWARDS', details);
  const kept = keeping(() => refusal);
  const checkpointer = createCheckpointer(story.world, kept, { turn: async () => undefined });
  story.pool('blue');
  checkpointer.changed('pools');
  await checkpointer.save();
  expect(kept.saved).toEqual([]);
  refusal = null;
  await checkpointer.save();
  expect(kept.saved.map(aggregates)).toEqual([['pools']]);
});

test('any other refusal is told, and what was to be saved is not forgotten', async () => {
  const story = createStory();
  let refusal: Error | null = new Error('the disk is full');
  const kept = keeping(() => refusal);
  const checkpointer = createCheckpointer(story.world, kept, { turn: async () => undefined });
  story.pool('blue');
  checkpointer.changed('pools');
  await expect(checkpointer.save()).rejects.toThrow('the disk is full');
  refusal = null;
  await checkpointer.save();
  expect(kept.saved.map(aggregates)).toEqual([['pools']]);
});

test('what is folded meanwhile is ahead of the pass, and in the next one too', async () => {
  const story = createStory();
  const kept = keeping(() => null);
  const checkpointer = createCheckpointer(story.world, kept, {
    turnCharacters: 1,
    turn: async () => {
      if (kept.saved.length > 0) return;
      story.target('orders-db', { enforcement: 'All' });
      checkpointer.changed('target/orders-db');
    },
  });
  story.pool('blue');
  story.target('orders-db');
  for (const key of ['pools', 'target/orders-db'] as const) checkpointer.changed(key);
  const { version } = story.world;
  await checkpointer.save();
  const [first] = kept.saved;
  const target = first?.checkpoints.find(({ aggregate }) => aggregate === 'target/orders-db');
  expect(first?.version).toEqual(version);
  expect(target).toEqual(story.world.text('target/orders-db'));
  expect(checkpointer.records).toBe(1);
  await checkpointer.save();
  expect(kept.saved.map(aggregates)).toEqual([['pools', 'target/orders-db'], ['target/orders-db']]);
  expect(checkpointer.records).toBe(0);
});
