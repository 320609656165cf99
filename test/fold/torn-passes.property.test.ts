/**
 * A reader that starts from checkpoints folds to the same bytes as one that reads everything,
 * whatever befell those who saved them: passes torn anywhere, several writers far apart, passes
 * of the dead that arrive late, a cleaner that comes in between.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createWorld,
  type SavedWorld,
  type StateText,
  type World,
} from '../../services/aggregates/world.ts';
import { type AggregateKey, namespaceKey } from '../../services/contract/identity.ts';
import { eventRecord, type LoggedEvent } from '../../services/contract/records.ts';
import { isAtLeast, nextOffsets, type Version } from '../../services/contract/version.ts';
import { type Checkpointer, createCheckpointer } from '../../services/mapper/checkpointing.ts';
import { createDice } from '../simulation/dice.ts';
import { replay, worldText } from './checkers.ts';
import { createStory, POD, QUARANTINE_MS } from './story.ts';
import { forgetfulStore, type TornStore, tornTopic } from './torn-stores.ts';

const RUNS = { numRuns: 150 };
const NAMESPACES = ['shop', 'pay', 'mail'];
const WRITERS = 3;
const PARTITIONS = 3;

type What = 'pod' | 'gone' | 'rest' | 'settle' | 'term';

const change = fc.record({
  ns: fc.constantFrom(...NAMESPACES),
  uid: fc.nat({ max: 3 }),
  what: fc.constantFrom<What>('pod', 'pod', 'gone', 'rest', 'settle', 'term'),
});
const writer = fc.nat({ max: WRITERS - 1 });
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('read' as const),
      writer,
      partition: fc.nat({ max: PARTITIONS - 1 }),
      count: fc.integer({ min: 1, max: 8 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('save' as const),
      writer,
      fate: fc.constantFrom('whole' as const, 'torn' as const, 'late' as const),
      written: fc.nat({ max: 8 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('start' as const), writer }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('arrives' as const), index: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('clean' as const), seed: fc.nat() }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** Most records that come twice change nothing; those of an earlier term would. */
function eventsOf(changes: readonly { ns: string; uid: number; what: What }[]): LoggedEvent[] {
  const story = createStory();
  story.pool('blue');
  story.target('orders-db');
  for (const ns of NAMESPACES) story.egressNat(ns, 'checkout');
  let terms = 0;
  let number = 1000;
  for (const { ns, uid: suffix, what } of changes) {
    const uid = `${ns}-${suffix}`;
    const aggregate = namespaceKey(ns);
    const by = story.namespace(ns).term?.id ?? '';
    number += 1;
    if (what === 'pod') {
      const pod = { ...POD, uid, name: uid, node: `n${number % 3}` };
      story.append(eventRecord(aggregate, { type: 'PodObserved', pod }, { by, number }));
    }
    if (what === 'gone') {
      story.append(eventRecord(aggregate, { type: 'PodGone', uid }, { by, number }));
    }
    if (what === 'settle') story.settle();
    if (what === 'term') {
      terms += 1;
      const term = `another-${terms}`;
      const started = { type: 'WatchStarted', term } as const;
      story.append(eventRecord(aggregate, started, { by: term, number: 0 }));
    }
    const [release] = what === 'rest' ? story.releases(ns) : [];
    if (release === undefined) continue;
    story.log.nowMs += QUARANTINE_MS;
    story.ack(ns, release);
    story.tick(ns, release);
  }
  story.settle();
  return [...story.log.events];
}

interface Writer {
  readonly world: World;
  readonly checkpointer: Checkpointer;
}

function read({ world, checkpointer }: Writer, event: LoggedEvent): void {
  world.apply(event);
  checkpointer.changed(event.record.aggregate);
}

/** It reads on while it makes the texts of a pass. */
async function start(store: TornStore, events: readonly LoggedEvent[]): Promise<Writer> {
  const checkpoints = store.open();
  const world = createWorld(await checkpoints.all());
  const writer: Writer = {
    world,
    checkpointer: createCheckpointer(world, checkpoints, {
      turn: async () => {
        const [event] = unread(world, events, world.version[0] === undefined ? 0 : 1);
        if (event !== undefined) read(writer, event);
      },
      turnCharacters: 1,
    }),
  };
  return writer;
}

/** The next ones that this reader has not folded. */
function unread(world: World, events: readonly LoggedEvent[], partition: number): LoggedEvent[] {
  const next = nextOffsets(world.version)[partition] ?? 0;
  return events.filter((event) => event.partition === partition && event.offset >= next);
}

async function take(
  next: Step,
  {
    store,
    writers,
    events,
  }: { store: TornStore; writers: Writer[]; events: readonly LoggedEvent[] },
): Promise<void> {
  const who = 'writer' in next ? writers[next.writer] : undefined;
  switch (next.do) {
    case 'read':
      if (who === undefined) return;
      for (const event of unread(who.world, events, next.partition).slice(0, next.count)) {
        read(who, event);
      }
      return;
    case 'save':
      store.fate = { kind: next.fate, written: next.written };
      await who?.checkpointer.save().catch(() => undefined);
      return;
    case 'start':
      writers[next.writer] = await start(store, events);
      return;
    case 'arrives':
      store.arrives(next.index);
      return;
    case 'clean': {
      const dice = createDice(next.seed);
      store.clean(() => dice.chance(0.7));
    }
  }
}

/** Hash of each aggregate at each place, as whoever reads everything has it. */
function truth(events: readonly LoggedEvent[]): (checkpoint: StateText) => string | undefined {
  const world = createWorld();
  const changes = new Map<AggregateKey, { readonly offset: number; readonly hash: string }[]>();
  for (const event of events) {
    world.apply(event);
    const { aggregate } = event.record;
    const hash = world.text(aggregate)?.hash ?? '';
    changes.set(aggregate, [...(changes.get(aggregate) ?? []), { offset: event.offset, hash }]);
  }
  return ({ aggregate, position }) =>
    changes.get(aggregate)?.findLast(({ offset }) => offset <= position.offset)?.hash;
}

function checkReader(saved: SavedWorld, events: readonly LoggedEvent[], whole: string): void {
  const reader = createWorld(saved);
  const reach = new Map(saved.checkpoints.map((one) => [one.aggregate, one.position.offset]));
  for (let partition = 0; partition < PARTITIONS; partition++) {
    for (const event of unread(reader, events, partition)) {
      const { ignored } = reader.apply(event);
      const isIn = event.offset <= (reach.get(event.record.aggregate) ?? -1);
      if (isIn) expect(ignored).toBe('repeated');
    }
  }
  expect(worldText(reader)).toBe(whole);
}

async function check(makeStore: () => TornStore): Promise<void> {
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { minLength: 5, maxLength: 30 }),
      fc.array(step, { minLength: 10, maxLength: 80 }),
      async (changes, steps) => {
        const events = eventsOf(changes);
        const whole = worldText(replay(events));
        const hashAt = truth(events);
        let version: Version = {};
        const store = makeStore();
        const writers = await Promise.all(
          Array.from({ length: WRITERS }, () => start(store, events)),
        );
        for (const next of steps) {
          await take(next, { store, writers, events });
          const saved = await store.open().all();
          for (const one of saved.checkpoints) expect(one.hash).toBe(hashAt(one));
          checkReader(saved, events, whole);
          // What was closed stays closed: nobody forgets what another rests on.
          expect(isAtLeast(saved.version, version)).toBe(true);
          version = saved.version;
        }
      },
    ),
    RUNS,
  );
}

describe('a reader that starts from any checkpoints ends with the bytes of the whole log', () => {
  test('whatever befell a store that keeps the furthest', () => check(forgetfulStore), 60_000);
  test('whatever befell a compacted topic', () => check(tornTopic), 120_000);
});
