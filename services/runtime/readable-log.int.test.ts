/** What can be read is the same for all readers, whichever log it lies on. */
import { describe, expect, test } from 'vitest';
import { noKafka } from '../../infra/kafka/java.ts';
import { createStory } from '../../test/fold/story.ts';
import { keptOnKafka } from '../../test/kafka-log.ts';
import { readAll } from '../../test/log-reading.ts';
import { reopenable } from '../../test/reopenable.ts';
import { createWorld } from '../aggregates/world.ts';
import { loggedEvent } from '../contract/logged-event.ts';
import { type EventRecord, eventRecord } from '../contract/records.ts';
import { lmdbEventLog } from '../ports/event-log/lmdb.ts';
import type { Entry, EventLog, NewEntry } from '../ports/event-log/port.ts';
import { systemClock } from './clock.ts';
import { readableLog } from './readable-log.ts';

const PARTITIONS = 3;

function story(): EventRecord[] {
  const told = createStory();
  told.pool('blue');
  told.target('orders-db');
  told.egressNat('shop', 'checkout');
  told.pod('shop', 'a');
  told.settle();
  return told.log.events.map(({ record }) => record);
}

const entryOf = (record: EventRecord): NewEntry => ({
  key: record.aggregate,
  value: { ...record },
});
const strange = (value: Record<string, unknown>, key = 'ns/shop'): NewEntry => ({ key, value });
const unknown = eventRecord('ns/shop', { type: 'PodMoved', to: 'n9' } as never);

/** Good records, and one of each kind of bad ones between them. */
function mixed(): NewEntry[] {
  const [first, ...rest] = story().map(entryOf);
  const good = rest.find(({ key }) => key === 'ns/shop');
  if (first === undefined || good === undefined) throw new Error('no story');
  const bad = [
    strange({}),
    strange({ ...good.value, extra: 1 }),
    strange({ ...good.value, id: '0'.repeat(64) }),
    strange({ ...good.value, body: { type: 'PodGone', uid: 7 } }),
    strange(good.value, 'ns/other'),
  ];
  return [first, ...bad, ...rest, strange({ also: 'at the end' })];
}

const adapters: [string, () => Promise<{ opened: EventLog; teardown(): Promise<void> }>][] = [
  [
    'LMDB',
    () =>
      reopenable((dir) =>
        lmdbEventLog({ dir, partitionCount: PARTITIONS }, { clock: systemClock() }),
      ),
  ],
  ...(noKafka === null
    ? [['Kafka', () => keptOnKafka(PARTITIONS)] as [string, () => ReturnType<typeof keptOnKafka>]]
    : []),
];

/** What a reader got, and with what it ended. */
async function readUntilItEnds(log: EventLog): Promise<{ entries: Entry[]; error: unknown }> {
  const entries: Entry[] = [];
  try {
    for await (const batch of log.read('berth.events', {}, new AbortController().signal)) {
      entries.push(...batch);
    }
  } catch (error) {
    return { entries, error };
  }
  return { entries, error: null };
}

describe.each(adapters)('on %s', (_name, open) => {
  async function withLog(work: (raw: EventLog) => Promise<void>): Promise<void> {
    const { opened, teardown } = await open();
    try {
      await work(opened);
    } finally {
      await teardown();
    }
  }

  const refusedOf = (entries: readonly Entry[]) =>
    entries.flatMap(({ refused }) => refused?.because ?? []).toSorted();

  test('what no version wrote is refused, and folds as nothing', () =>
    withLog(async (raw) => {
      await raw.append('berth.events', mixed());
      const log = readableLog(raw, { rulings: [] });
      const entries = await readAll(log, 'berth.events', mixed().length);
      expect(refusedOf(entries)).toEqual(['body', 'envelope', 'envelope', 'envelope', 'id', 'key']);
      const world = createWorld();
      const good = createWorld();
      for (const entry of entries) {
        world.apply(loggedEvent(entry));
        if (entry.refused === undefined) good.apply(loggedEvent(entry));
      }
      expect(
        [...(world.namespace('shop')?.pods.values() ?? [])].map(({ berths }) => berths.size),
      ).toEqual([1]);
      for (const { key } of good.aggregates()) {
        expect(world.text(key)?.state).toBe(good.text(key)?.state);
      }
      // It has read all of it, what was refused at the end too.
      const ends = Object.entries(await log.ends('berth.events'));
      expect(world.version).toEqual(
        Object.fromEntries(ends.flatMap(([at, end]) => (end > 0 ? [[at, end - 1]] : []))),
      );
    }));

  test('a type that is not known ends the reader behind what stands before it, by name', () =>
    withLog(async (raw) => {
      const before = story().filter(({ aggregate }) => aggregate === 'ns/shop');
      await raw.append('berth.events', [...before, unknown, ...before].map(entryOf));
      const { entries, error } = await readUntilItEnds(readableLog(raw, { rulings: [] }));
      expect(error).toMatchObject({
        code: 'BERTH_FOLD_UNKNOWN_TYPE',
        details: { id: unknown.id, type: 'PodMoved', offset: before.length, aggregate: 'ns/shop' },
      });
      expect(entries).toHaveLength(before.length);
    }));

  test('a ruling passes over the record that it names, and over no other', () =>
    withLog(async (raw) => {
      const [at] = await raw.append('berth.events', [unknown, unknown].map(entryOf));
      if (at === undefined) throw new Error('nothing was appended');
      const ruling = { topic: 'berth.events', partition: at.partition, offset: 0 } as const;
      const ruled = (offsets: readonly number[], id = unknown.id) =>
        readableLog(raw, { rulings: offsets.map((offset) => ({ ...ruling, offset, id })) });
      const one = await readUntilItEnds(ruled([0]));
      expect(refusedOf(one.entries)).toEqual(['ruling']);
      expect(one.error).toMatchObject({ code: 'BERTH_FOLD_UNKNOWN_TYPE', details: { offset: 1 } });
      expect(refusedOf(await readAll(ruled([0, 1]), 'berth.events', 2))).toEqual([
        'ruling',
        'ruling',
      ]);
      const other = await readUntilItEnds(ruled([1, 0], '0'.repeat(64)));
      expect(other.error).toMatchObject({ code: 'BERTH_LOG_RULING_DIFFERS' });
    }));

  test('beside the history nothing strange reaches a reader as a record', () =>
    withLog(async (raw) => {
      const good = { type: 'NodeFromApi', node: 'n1', facts: null };
      await raw.append('berth.nodes', [
        { key: 'n1/api', value: { ...good, ofNewerVersions: 1 } },
        { key: 'n2/api', value: { type: 'NodeFromApi', node: 'n2', facts: { name: 7 } } },
        { key: 'n3/api', value: { type: 'NodeFromMars' } },
      ]);
      const log = readableLog(raw, { rulings: [] });
      expect([...(await log.latest('berth.nodes')).keys()]).toEqual(['n1/api']);
      expect(refusedOf(await readAll(log, 'berth.nodes', 3))).toEqual(['body', 'body']);
    }));
});

if (noKafka !== null) test('Kafka is there', (context) => context.skip(noKafka ?? undefined));
