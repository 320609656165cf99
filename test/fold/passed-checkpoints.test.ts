/**
 * A reader that comes past a checkpoint which it has not used has its hash there, or stops: the log
 * or the checkpoint was changed, or two programs fold differently.
 */
import { describe, expect, test } from 'vitest';
import { createWorld, type StateText, type World } from '../../services/aggregates/world.ts';
import { sha256 } from '../../services/contract/canonical.ts';
import type { LoggedEvent } from '../../services/contract/records.ts';
import { textsOf } from './saved-world.ts';
import { createStory } from './story.ts';

const DIFFERS = { code: 'BERTH_FOLD_CHECKPOINT_DIFFERS' };

function told(): { readonly events: readonly LoggedEvent[]; readonly texts: StateText[] } {
  const story = createStory();
  story.pool('blue');
  story.target('orders-db');
  story.egressNat('shop', 'checkout');
  story.pod('shop', 'a');
  story.settle();
  const texts = textsOf(story.world);
  story.pod('shop', 'b');
  story.settle();
  return { events: story.log.events, texts };
}

/** Whole and valid in itself, with another pod in it. */
const damaged = (text: StateText): StateText => {
  const state = text.state.replace('"a"', '"z"');
  return { ...text, state, hash: sha256(state) };
};
const damageOf = (texts: readonly StateText[]): StateText[] =>
  texts.map((text) => (text.aggregate === 'ns/shop' ? damaged(text) : text));

function fold(world: World, events: readonly LoggedEvent[]): number {
  let folded = 0;
  for (const event of events) {
    world.apply(event);
    folded += 1;
  }
  return folded;
}

describe('a reader that folds from the beginning', () => {
  test('comes past true checkpoints', () => {
    const { events, texts } = told();
    const world = createWorld();
    world.compare(texts);
    expect(fold(world, events)).toBe(events.length);
  });

  test('stops at a damaged one, and not before', () => {
    const { events, texts } = told();
    const at = texts.find(({ aggregate }) => aggregate === 'ns/shop')?.position;
    const after = events.findIndex(
      ({ partition, offset }) => partition === at?.partition && offset === at.offset,
    );
    const world = createWorld();
    world.compare(damageOf(texts));
    fold(world, events.slice(0, after));
    expect(() => world.apply(events[after] as LoggedEvent)).toThrow(
      expect.objectContaining({
        ...DIFFERS,
        details: { aggregate: 'ns/shop', offset: at?.offset },
      }),
    );
  });

  test('compares before the next record where none is at the place', () => {
    const { events, texts } = told();
    const apart = events.map((event) => ({ ...event, offset: event.offset * 2 }));
    const between = texts.map((text) => {
      const { partition, offset } = text.position;
      return { ...text, position: { partition, offset: offset * 2 + 1 } };
    });
    const world = createWorld();
    world.compare(between);
    expect(fold(world, apart)).toBe(events.length);
    const other = createWorld();
    other.compare(damageOf(between));
    expect(() => fold(other, apart)).toThrow(expect.objectContaining(DIFFERS));
  });

  test('because others have other rules, compares those of its own', () => {
    const { events, texts } = told();
    const mixed = (each: readonly StateText[]): StateText[] =>
      each.map((text) => (text.aggregate === 'pools' ? { ...text, rules: 99 } : text));
    const from = (checkpoints: StateText[]): World =>
      createWorld({ checkpoints, version: { 0: 1 } });
    expect(fold(from(mixed(texts)), events)).toBe(events.length);
    const world = from(mixed(damageOf(texts)));
    expect(() => fold(world, events)).toThrow(expect.objectContaining(DIFFERS));
  });
});

describe('a reader that is further on', () => {
  test('compares what has not changed since', () => {
    const { events, texts } = told();
    const world = createWorld();
    fold(world, events);
    const now = textsOf(world);
    world.compare(now);
    expect(() => world.compare(damageOf(now))).toThrow(expect.objectContaining(DIFFERS));
    expect(texts.length).toBeGreaterThan(0);
  });

  test('cannot compare what has', () => {
    const { events, texts } = told();
    const world = createWorld();
    fold(world, events);
    world.compare(damageOf(texts));
    world.compare(texts.map((text) => ({ ...damaged(text), rules: 99 })));
  });
});

test('an aggregate that started ahead of its partition is compared from there on only', () => {
  const { events, texts } = told();
  const whole = createWorld();
  fold(whole, events);
  const ahead = whole.text('ns/shop');
  if (ahead === undefined) throw new Error('no state');
  const world = createWorld({ checkpoints: [ahead], version: {} });
  world.compare([...damageOf(texts)]);
  expect(world.text('ns/shop')).toEqual(ahead);
  expect(fold(world, events)).toBe(events.length);
  const other = createWorld({ checkpoints: [ahead], version: {} });
  other.compare([damaged(ahead)]);
  expect(() => fold(other, events)).toThrow(expect.objectContaining(DIFFERS));
});

test('a checkpoint whose state was changed under its hash is used by nobody', () => {
  const { texts } = told();
  const changed = texts.map((text) => ({ ...text, hash: sha256('other') }));
  expect(() => createWorld({ checkpoints: changed, version: {} })).toThrow(
    expect.objectContaining(DIFFERS),
  );
});
