/** A log moved into another one: real logs on disk, and what the fold makes of both. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { simulatedLog } from '../../../test/fold/simulated-log.ts';
import { createStory, QUARANTINE_MS, type Story } from '../../../test/fold/story.ts';
import { manualClock } from '../../../test/simulation/manual-clock.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../test/temporary-folder.ts';
import { generationOf, isWholeHere, isWholeLog } from '../../aggregates/log/whole.ts';
import { createWorld, type World } from '../../aggregates/world.ts';
import { loggedEvent } from '../../contract/logged-event.ts';
import { eventRecord } from '../../contract/records.ts';
import { TOPICS } from '../../contract/topics.ts';
import { lmdbEventLog } from '../../ports/event-log/lmdb.ts';
import type { EventLog } from '../../ports/event-log/port.ts';
import { copyLog } from './copy-log.ts';
import { readAll } from './log-reading.ts';

const EVENTS = TOPICS.events.name;
const clock = manualClock();

let folder: TemporaryFolder;
let opened: EventLog[];

beforeEach(async () => {
  folder = await temporaryFolder();
  opened = [];
});

afterEach(async () => {
  for (const log of opened) await log.close();
  await folder.remove();
});

async function open(name: string, partitionCount: number): Promise<EventLog> {
  const log = await lmdbEventLog({ dir: join(folder.path, name), partitionCount }, { clock });
  opened.push(log);
  return log;
}

/** Pods that come and go, one block that rests acked, one that rests, one that is free again. */
function shop(): Story {
  const story = createStory(simulatedLog(3));
  story.pool('blue');
  story.target('orders-db');
  for (const namespace of ['shop', 'pay']) {
    story.egressNat(namespace, 'checkout');
    for (const pod of ['a', 'b', 'c']) story.pod(namespace, `${namespace}-${pod}`);
    story.settle();
    for (const pod of ['a', 'b']) story.podGone(namespace, `${namespace}-${pod}`);
    story.settle();
    const [first, second] = story.releases(namespace);
    if (first === undefined || second === undefined) throw new Error('nothing was released');
    story.ack(namespace, first);
    story.ack(namespace, second);
    story.log.nowMs += QUARANTINE_MS;
    story.tick(namespace, second);
    story.podGone(namespace, `${namespace}-c`);
    story.settle();
  }
  story.settle();
  return story;
}

/** The story's records, each at the time of the story. */
async function tell(log: EventLog, story: Story): Promise<void> {
  for (const { record, timeMs } of story.log.events) {
    clock.set(timeMs);
    await log.append(EVENTS, [{ key: record.aggregate, value: { ...record } }]);
  }
}

async function fold(log: EventLog): Promise<World> {
  const world = createWorld();
  for await (const entry of readAll(log, EVENTS, {}, await log.ends(EVENTS))) {
    world.apply(loggedEvent(entry));
  }
  return world;
}

async function moved(partitions = 5) {
  const story = shop();
  const source = await open('source', 3);
  await tell(source, story);
  await source.append(TOPICS.acks.name, [{ key: 'n1', value: { said: 1 } }]);
  await source.append(TOPICS.nodes.name, [{ key: 'n1/api', value: { old: true } }]);
  await source.append(TOPICS.nodes.name, [{ key: 'n1/api', value: { old: false } }]);
  const target = await open('target', partitions);
  clock.set(clock.nowMs() + 10 * QUARANTINE_MS);
  const report = await copyLog({ source, target, from: 'here', place: 'there' });
  return { story, source, target, report };
}

describe('a moved log', () => {
  it.each([1, 3, 8])('folds to the same states, in %i partitions', async (partitions) => {
    const { story, target, report } = await moved(partitions);
    const world = await fold(target);
    expect(report).toMatchObject({
      generation: 1,
      partitions: { source: 3, target: partitions },
      records: { [EVENTS]: story.log.events.length, 'berth.acks': 1, 'berth.nodes': 1 },
    });
    expect(report.stateHash.target).toBe(report.stateHash.source);
    for (const state of story.world.aggregates()) {
      const there = world.aggregate(state.key);
      if (state.kind !== 'namespace') {
        expect(there).toEqual(state);
        continue;
      }
      if (there?.kind !== 'namespace') throw new Error(`${state.key} is not there`);
      const { releases, ...rest } = there;
      expect({ ...state, ...rest, releases: state.releases }).toEqual(state);
      for (const [id, { position, ...release }] of releases) {
        expect(release).toEqual({ ...state.releases.get(id), position: undefined });
        expect(position).not.toBeUndefined();
      }
    }
    expect([generationOf(world), isWholeLog(world)]).toEqual([1, true]);
  });

  it('keeps the time at which each record was first appended', async () => {
    const { story, target } = await moved();
    const times = new Map(story.log.events.map(({ record, timeMs }) => [record.id, timeMs]));
    const ends = await target.ends(EVENTS);
    for await (const { value, timeMs } of readAll(target, EVENTS, {}, ends)) {
      const first = times.get(String(value['id']));
      if (first !== undefined) expect(timeMs).toBe(first);
    }
    const acks = await Array.fromAsync(
      readAll(target, TOPICS.acks.name, {}, await target.ends(TOPICS.acks.name)),
    );
    expect(acks.map(({ timeMs }) => timeMs)).toEqual([story.log.events.at(-1)?.timeMs]);
  });

  it('begins and ends each of its partitions with a mark', async () => {
    const { target } = await moved();
    const byPartition = new Map<number, string[]>();
    for await (const { partition, value } of readAll(
      target,
      EVENTS,
      {},
      await target.ends(EVENTS),
    )) {
      const { type } = value['body'] as { type: string };
      byPartition.set(partition, [...(byPartition.get(partition) ?? []), type]);
    }
    expect(byPartition.size).toBe(5);
    for (const types of byPartition.values()) {
      expect([types[0], types.at(-1)]).toEqual(['CopyBegan', 'CopyEnded']);
      expect(types.slice(1, -1)).not.toContain('CopyBegan');
    }
  });

  it('can be moved again, and remembers where each one was left', async () => {
    const { source, target } = await moved();
    const third = await open('third', 2);
    const report = await copyLog({
      source: target,
      target: third,
      from: 'here',
      place: 'elsewhere',
    });
    expect(report).toMatchObject({ generation: 2 });
    const world = await fold(third);
    const [first, second] = [...world.logs()][0]?.begun?.cuts ?? [];
    expect(first?.generation).toBe(0);
    expect(second?.generation).toBe(1);
    const seals = await source.ends(EVENTS);
    expect(first?.version).toEqual(
      Object.fromEntries(Object.entries(seals).map(([partition, end]) => [partition, end - 1])),
    );
  });
});

describe('a log that was moved', () => {
  it('is nobody’s to go on with: every reader stops, and says where it went', async () => {
    const { source } = await moved();
    await expect(fold(source)).rejects.toMatchObject({
      code: 'BERTH_LOG_MOVED',
      message: expect.stringContaining('there'),
    });
  });

  it('can be moved once more, as a later generation', async () => {
    const { source, report } = await moved();
    const again = await open('again', 3);
    const second = await copyLog({ source, target: again, from: 'here', place: 'again' });
    expect(second.generation).toBe(report.generation + 1);
    expect(second.stateHash).toEqual(report.stateHash);
    expect(second.records).toEqual(report.records);
  });
});

describe('a copy is refused', () => {
  it('into a log that has anything, and nothing is sealed', async () => {
    const source = await open('source', 3);
    await tell(source, shop());
    for (const { name: topic } of [TOPICS.events, TOPICS.nodes, TOPICS.acks]) {
      const target = await open(topic, 2);
      await target.append(topic, [{ key: 'pools', value: {} }]);
      await expect(copyLog({ source, target, from: 'here', place: 'there' })).rejects.toMatchObject(
        {
          code: 'BERTH_COPY_TARGET_NOT_EMPTY',
        },
      );
    }
    await fold(source);
  });

  it('when the source grows meanwhile: whatever comes then is not lost silently', async () => {
    const source = await open('source', 3);
    await tell(source, shop());
    const target = await open('target', 2);
    let appended = false;
    const late = eventRecord('ns/shop', { type: 'WatchStarted', term: 'late' });
    const growing: EventLog = {
      ...source,
      async latest(topic) {
        if (!appended) await source.append(EVENTS, [{ key: 'ns/shop', value: { ...late } }]);
        appended = true;
        return source.latest(topic);
      },
    };
    await expect(
      copyLog({ source: growing, target, from: 'here', place: 'there' }),
    ).rejects.toMatchObject({
      code: 'BERTH_COPY_SOURCE_GROWS',
    });
    const world = await fold(target);
    expect([isWholeHere(world), isWholeLog(world)]).toEqual([false, false]);
  });

  it('when somebody writes to the new log before it has ended', async () => {
    const source = await open('source', 3);
    await tell(source, shop());
    const target = await open('target', 2);
    const record = eventRecord('ns/shop', { type: 'WatchStarted', term: 'early' });
    const shared: EventLog = {
      ...target,
      async append(topic, entries) {
        const done = await target.append(topic, entries);
        if (topic === EVENTS)
          await target.append(EVENTS, [{ key: 'ns/shop', value: { ...record } }]);
        return done;
      },
    };
    await expect(
      copyLog({ source, target: shared, from: 'here', place: 'there' }),
    ).rejects.toMatchObject({
      code: 'BERTH_COPY_TARGET_GROWS',
    });
    expect(isWholeLog(await fold(target))).toBe(false);
  });

  it('of a copy that never ended', async () => {
    const half = await open('half', 2);
    const begun = { type: 'CopyBegan', generation: 3, partitions: 2, cuts: [] } as const;
    const record = eventRecord('log/0', begun);
    await half.append(EVENTS, [{ key: 'log/0', value: { ...record } }]);
    const target = await open('target', 2);
    await expect(
      copyLog({ source: half, target, from: 'here', place: 'there' }),
    ).rejects.toMatchObject({
      code: 'BERTH_LOG_UNFINISHED',
    });
  });
});

it('seals again behind what was appended between the seals of a straggler’s log', async () => {
  const source = await open('source', 3);
  const story = shop();
  await tell(source, story);
  const target = await open('target', 2);
  const late = eventRecord('ns/late', { type: 'WatchStarted', term: 'late' });
  let rounds = 0;
  const busy: EventLog = {
    ...source,
    async append(topic, entries) {
      // Somebody who has not heard of the seals yet is before them, in each of the partitions.
      if (rounds++ < 2) await source.append(EVENTS, [{ key: 'ns/late', value: { ...late } }]);
      return source.append(topic, entries);
    },
  };
  const report = await copyLog({ source: busy, target, from: 'here', place: 'there' });
  expect(report.records[EVENTS]).toBe(story.log.events.length + 2);
  expect((await fold(target)).aggregate('ns/late')?.term?.id).toBe('late');
});
