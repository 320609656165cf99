/**
 * A reader that starts from checkpoints folds to the same bytes as one that reads everything,
 * whatever befell those who saved them: passes torn anywhere, several writers far apart, passes
 * of the dead that arrive late. The store is as forgetful as a compacted topic: it keeps the
 * furthest checkpoint of each aggregate, and the furthest version that a whole pass closed.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  createWorld,
  type SavedWorld,
  type StateText,
  type World,
} from '../../services/aggregates/world.ts';
import { type AggregateKey, namespaceKey } from '../../services/contract/identity.ts';
import { eventRecord, type LoggedEvent } from '../../services/contract/records.ts';
import { advance, nextOffsets, type Version } from '../../services/contract/version.ts';
import { type Checkpointer, createCheckpointer } from '../../services/mapper/checkpointing.ts';
import type { Checkpoints, Pass } from '../../services/ports/checkpoints/port.ts';
import { replay, worldText } from './checkers.ts';
import { createStory, POD, QUARANTINE_MS } from './story.ts';

const RUNS = { numRuns: 300 };
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
      /** How many of a torn one are there. */
      written: fc.nat({ max: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('start' as const), writer }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('arrives' as const), index: fc.nat() }) },
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

interface Store extends Checkpoints {
  /** Of the next save. */
  fate: { readonly kind: 'whole' | 'torn' | 'late'; readonly written: number };
  readonly late: Pass[];
  arrives(pass: Pass): void;
}

function forgetfulStore(): Store {
  const furthest = new Map<AggregateKey, StateText>();
  let version: Version = {};
  const put = (checkpoint: StateText): void => {
    const have = furthest.get(checkpoint.aggregate)?.position.offset ?? -1;
    if (checkpoint.position.offset > have) furthest.set(checkpoint.aggregate, checkpoint);
  };
  const store: Store = {
    fate: { kind: 'whole', written: 0 },
    late: [],
    arrives(pass) {
      for (const checkpoint of pass.checkpoints) put(checkpoint);
      for (const [name, offset] of Object.entries(pass.version)) {
        version = advance(version, { partition: Number(name), offset });
      }
    },
    async save(pass) {
      const { kind, written } = store.fate;
      if (kind === 'whole') return store.arrives(pass);
      if (kind === 'late') store.late.push(pass);
      else for (const checkpoint of pass.checkpoints.slice(0, written)) put(checkpoint);
      throw new Error('of unknown fate');
    },
    all: async () => ({ checkpoints: [...furthest.values()], version }),
    close: async () => undefined,
  };
  return store;
}

interface Writer {
  readonly world: World;
  readonly checkpointer: Checkpointer;
}

async function start(store: Store): Promise<Writer> {
  const world = createWorld(await store.all());
  return { world, checkpointer: createCheckpointer(world, store) };
}

/** The next ones that this reader has not folded. */
function unread(world: World, events: readonly LoggedEvent[], partition: number): LoggedEvent[] {
  const next = nextOffsets(world.version)[partition] ?? 0;
  return events.filter((event) => event.partition === partition && event.offset >= next);
}

async function take(
  next: Step,
  { store, writers, events }: { store: Store; writers: Writer[]; events: readonly LoggedEvent[] },
): Promise<void> {
  const who = 'writer' in next ? writers[next.writer] : undefined;
  switch (next.do) {
    case 'read':
      if (who === undefined) return;
      for (const event of unread(who.world, events, next.partition).slice(0, next.count)) {
        who.world.apply(event);
        who.checkpointer.changed(event.record.aggregate);
      }
      return;
    case 'save':
      store.fate = { kind: next.fate, written: next.written };
      await who?.checkpointer.save().catch(() => undefined);
      return;
    case 'start':
      writers[next.writer] = await start(store);
      return;
    case 'arrives': {
      const [pass] = store.late.splice(next.index % Math.max(1, store.late.length), 1);
      if (pass !== undefined) store.arrives(pass);
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

test('a reader that starts from any checkpoints ends with the bytes of the whole log', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { minLength: 5, maxLength: 30 }),
      fc.array(step, { minLength: 10, maxLength: 80 }),
      async (changes, steps) => {
        const events = eventsOf(changes);
        const whole = worldText(replay(events));
        const hashAt = truth(events);
        const store = forgetfulStore();
        const writers = await Promise.all(Array.from({ length: WRITERS }, () => start(store)));
        for (const next of steps) {
          await take(next, { store, writers, events });
          const saved = await store.all();
          for (const one of saved.checkpoints) expect(one.hash).toBe(hashAt(one));
          checkReader(saved, events, whole);
        }
      },
    ),
    RUNS,
  );
}, 60_000);
