/** The watcher over the embedded log: what it records, and what becomes of it after any mishap. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { savedWorld } from '../../test/fold/saved-world.ts';
import { createStory } from '../../test/fold/story.ts';
import { berthError } from '../contract/errors.ts';
import { namespaceKey, POOLS, targetKey } from '../contract/identity.ts';
import { eventRecord, type LoggedEvent } from '../contract/records.ts';
import { TOPICS } from '../contract/topics.ts';
import { nextOffsets } from '../contract/version.ts';
import { lmdbCheckpoints } from '../ports/checkpoints/lmdb.ts';
import type { Checkpoints } from '../ports/checkpoints/port.ts';
import { lmdbEventLog } from '../ports/event-log/lmdb.ts';
import type { EventLog, Offsets } from '../ports/event-log/port.ts';
import type { Problem } from '../ports/source/port.ts';
import { recordingSource } from '../ports/source/recording.ts';
import { systemClock } from '../runtime/clock.ts';
import { jsonLog } from '../runtime/log.ts';
import { systemRandom } from '../runtime/random.ts';
import { EVERY_KIND, namespace, node, pod } from './objects-fixtures.ts';
import { type WatcherComponents, watcherFunction } from './watcher.ts';
import {
  type HistoryReader,
  type OutsideWorld,
  outsideWorld,
  readHistory,
} from './watcher-fixtures.ts';

const SHOP = namespaceKey('shop');
const RECORDING = join(import.meta.dirname, '../../docs/examples/recording');

let dir: string;
let eventLog: EventLog;
let checkpoints: Checkpoints;
let outside: OutsideWorld;
let history: HistoryReader;
const running = new Set<() => Promise<void>>();

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'berth-watcher-'));
  eventLog = await lmdbEventLog({ dir, partitionCount: 4 }, { clock: systemClock() });
  checkpoints = lmdbCheckpoints({ dir });
  outside = outsideWorld();
  history = readHistory(eventLog);
});

afterEach(async () => {
  for (const stop of running) await stop();
  running.clear();
  await history.stop();
  await checkpoints.close();
  await eventLog.close();
  await rm(dir, { recursive: true });
});

interface Started {
  readonly ended: Promise<void>;
  stop(): Promise<void>;
  readonly problems: readonly Problem[];
}

function start(changes: Partial<WatcherComponents> = {}): Started {
  const problems: Problem[] = [];
  const watcher = watcherFunction(
    { onProblem: (problem) => problems.push(problem) },
    {
      source: outside.source,
      eventLog,
      checkpoints,
      clock: { ...systemClock(), sleep: (_, signal) => systemClock().sleep(1, signal) },
      random: systemRandom(),
      log: jsonLog({ level: 'silent' }),
      ...changes,
    },
  );
  if (watcher.trigger.kind !== 'service') throw new Error('not a service');
  const stopping = new AbortController();
  const ended = (watcher.handler as (signal: AbortSignal) => Promise<void>)(stopping.signal);
  ended.catch(() => undefined);
  const stop = async () => {
    stopping.abort();
    running.delete(stop);
    await ended;
  };
  running.add(stop);
  return { ended, stop, problems };
}

const of = (aggregate: string) =>
  history.events.filter(({ record }) => record.aggregate === aggregate);
const types = (events: readonly LoggedEvent[]) => events.map(({ record }) => record.body.type);
const uids = (name = 'shop') =>
  [...(history.world.namespace(name)?.pods.values() ?? [])]
    .filter(({ present }) => present)
    .map(({ facts }) => facts.uid)
    .sort();
const termsOf = (aggregate: string) =>
  types(of(aggregate)).filter((type) => type === 'WatchStarted').length;

describe('the watcher', () => {
  test('records what is there, in a term of its own, numbered in each aggregate', async () => {
    for (const object of EVERY_KIND) outside.put(object);
    start();
    await history.until(() => history.events.length === 5 + 3);
    expect(types(of(SHOP))).toEqual([
      'WatchStarted',
      'NamespaceObserved',
      'EgressNatObserved',
      'PodObserved',
    ]);
    const sources = of(SHOP).map(({ record }) => record.source);
    expect(sources.map((source) => source?.number)).toEqual([0, 1, 2, 3]);
    expect(new Set(sources.map((source) => source?.by)).size).toBe(1);
    expect(types(of(POOLS))).toEqual(['WatchStarted', 'PoolObserved']);
    expect(types(of(targetKey('orders-db')))).toEqual(['WatchStarted', 'TargetObserved']);
    expect(history.ignored).toEqual([]);
  });

  test('then records every change, in order', async () => {
    start();
    await outside.listed(1);
    outside.put(pod('web-1', { node: null }));
    outside.put(pod('web-1'));
    outside.put(pod('web-2'));
    outside.remove(pod('web-1'));
    await history.until(() => types(of(SHOP)).includes('PodGone'));
    expect(types(of(SHOP))).toEqual([
      'WatchStarted',
      'PodObserved',
      'PodObserved',
      'PodObserved',
      'PodGone',
    ]);
    expect(uids()).toEqual(['web-2']);
  });

  test('started again records only what differs, also what went meanwhile', async () => {
    for (const object of EVERY_KIND) outside.put(object);
    outside.put(pod('web-2'));
    const first = start();
    await history.until(() => uids().length === 2);
    await first.stop();
    outside.remove(pod('web-1'));
    outside.put(pod('web-3'));
    const before = history.events.length;
    start();
    await history.until(() => uids().join() === 'web-2,web-3');
    expect(types(history.events.slice(before)).sort()).toEqual([
      'PodGone',
      'PodObserved',
      'WatchStarted',
      'WatchStarted',
      'WatchStarted',
    ]);
  });

  test('started again goes on from checkpoints, and reads nothing before them', async () => {
    for (const object of EVERY_KIND) outside.put(object);
    const first = start();
    await history.until(() => uids().length === 1);
    await first.stop();
    const { world } = history;
    const expected = nextOffsets(world.version);
    await checkpoints.save(savedWorld(world));
    const from: Offsets[] = [];
    const read: EventLog['read'] = (topic, offsets, signal) => {
      from.push(offsets);
      return eventLog.read(topic, offsets, signal);
    };
    outside.remove(pod('web-1'));
    start({ eventLog: { ...eventLog, read } });
    await history.until(() => uids().length === 0);
    expect(from).toEqual([expected]);
    expect(history.ignored).toEqual([]);
  });

  test('refuses checkpoints of another log', async () => {
    const story = createStory();
    story.pool('blue');
    const text = story.world.text(POOLS);
    if (text === undefined) throw new Error('no state');
    const position = { ...text.position, offset: 99 };
    const version = { [position.partition]: 99 };
    await checkpoints.save({ checkpoints: [{ ...text, position }], version });
    const { ended } = start();
    await expect(ended).rejects.toMatchObject({ code: 'BERTH_RUNTIME_BEYOND_END' });
    running.clear();
  });

  test('takes nothing away for an incomplete list, but what is certainly gone', async () => {
    for (const uid of ['web-1', 'web-2', 'web-3']) outside.put(pod(uid));
    const first = start();
    await history.until(() => uids().length === 3);
    await first.stop();
    outside.remove(pod('web-1'));
    outside.complete = false;
    start();
    await history.until(() => termsOf(SHOP) === 2);
    outside.put(pod('web-4'));
    await history.until(() => uids().includes('web-4'));
    expect(uids()).toEqual(['web-1', 'web-2', 'web-3', 'web-4']);
    outside.remove(pod('web-2'));
    await history.until(() => !uids().includes('web-2'));
    outside.complete = true;
    outside.relist();
    await history.until(() => uids().join() === 'web-3,web-4');
  });

  test('opens a new term in every aggregate before it lists again', async () => {
    for (const object of EVERY_KIND) outside.put(object);
    start();
    await history.until(() => uids().length === 1);
    outside.relist();
    await history.until(() => [SHOP, POOLS, targetKey('orders-db')].every((k) => termsOf(k) === 2));
    outside.put(pod('web-2'));
    await history.until(() => uids().length === 2);
    expect(of(SHOP).at(-1)?.record.source?.number).toBe(1);
    expect(history.ignored).toEqual([]);
  });

  test('opens the term of a namespace that it meets before it writes there', async () => {
    start();
    await outside.listed(1);
    outside.put(namespace('late', { team: 'b' }));
    outside.put(pod('web-1', {}, 'late'));
    await history.until(() => uids('late').length === 1);
    expect(types(of(namespaceKey('late')))).toEqual([
      'WatchStarted',
      'NamespaceObserved',
      'PodObserved',
    ]);
  });

  test('writes nodes beside the history, and only when they change', async () => {
    const recorded = async (name: string) =>
      (await eventLog.latest(TOPICS.nodes.name)).get(`${name}/api`)?.value;
    outside.put(node('node-a'));
    outside.put(node('node-b'));
    outside.put(pod('web-1'));
    const first = start();
    await history.until(() => uids().length === 1);
    expect(await recorded('node-a')).toMatchObject({ type: 'NodeFromApi', facts: { ready: true } });
    await first.stop();
    const ends = await eventLog.ends(TOPICS.nodes.name);
    outside.remove(node('node-b'));
    outside.put(pod('web-2'));
    start();
    await history.until(() => uids().length === 2);
    outside.put(pod('web-3'));
    await history.until(() => uids().length === 3);
    expect(await recorded('node-b')).toMatchObject({ facts: null });
    const sum = (offsets: Readonly<Record<number, number>>) =>
      Object.values(offsets).reduce((total, end) => total + end, 0);
    expect(sum(await eventLog.ends(TOPICS.nodes.name))).toBe(sum(ends) + 1);
  });

  test('tells refused input', async () => {
    const { problems } = start();
    await outside.listed(1);
    const problem: Problem = {
      file: 'a.yaml',
      line: 3,
      field: 'spec',
      code: 'BERTH_INPUT_FIELD',
      message: 'BERTH_INPUT_FIELD: spec: is missing.',
    };
    outside.say({ type: 'problem', problem });
    outside.put(pod('web-1'));
    await history.until(() => uids().length === 1);
    expect(problems).toEqual([problem]);
  });

  test('records a real cluster: no observation is ignored, and 21 pods are left', async () => {
    const source = recordingSource({ path: RECORDING, follow: false }, { clock: systemClock() });
    start({ source });
    const left = () => ['shop', 'game', 'pay'].map((name) => uids(name).length);
    await history.until(() => left().join() === '13,5,3');
    expect(history.ignored).toEqual([]);
  });
});

describe('another watcher', () => {
  const takeOver = (aggregate: typeof SHOP, term: string) => {
    const record = eventRecord(aggregate, { type: 'WatchStarted', term }, { by: term, number: 0 });
    return eventLog.append(TOPICS.events.name, [{ key: aggregate, value: { ...record } }]);
  };

  test('that opens a term makes this one start over, and nothing is lost', async () => {
    outside.put(pod('web-1'));
    start();
    await history.until(() => uids().length === 1);
    await takeOver(SHOP, 'other');
    outside.put(pod('web-2'));
    await history.until(() => uids().length === 2);
    expect(history.world.namespace('shop')?.term?.id).not.toBe('other');
  });

  test('in a namespace that this one meets while it watches makes it list again', async () => {
    start();
    await outside.listed(1);
    await takeOver(namespaceKey('late'), 'other');
    outside.put(pod('web-1', {}, 'late'));
    await history.until(() => uids('late').length === 1);
    expect(termsOf(POOLS)).toBeGreaterThanOrEqual(2);
  });

  test('that left a pod in a namespace which nothing names any more: the pod goes', async () => {
    const late = namespaceKey('late');
    start();
    await outside.listed(1);
    await takeOver(late, 'other');
    const ghost = pod('ghost', {}, 'late');
    if (ghost.kind !== 'Pod') throw new Error('not a pod');
    const body = { type: 'PodObserved', pod: ghost.pod } as const;
    const record = eventRecord(late, body, { by: 'other', number: 1 });
    await eventLog.append(TOPICS.events.name, [{ key: late, value: { ...record } }]);
    await history.until(() => history.world.namespace('late')?.pods.has('ghost') === true);
    await history.until(() => uids('late').length === 0);
  });

  test('of the same world, both at once: when one stops, the fold is right', async () => {
    for (const uid of ['web-1', 'web-2']) outside.put(pod(uid));
    const first = start();
    start();
    await history.until(() => termsOf(SHOP) >= 2);
    outside.remove(pod('web-1'));
    outside.put(pod('web-3'));
    await first.stop();
    await history.until(() => uids().join() === 'web-2,web-3');
    outside.put(pod('web-4'));
    await history.until(() => uids().join() === 'web-2,web-3,web-4');
  });
});

describe('an append', () => {
  const failing = (fail: (append: () => Promise<unknown>) => Promise<unknown>): EventLog => {
    let calls = 0;
    return {
      ...eventLog,
      append: async (topic, entries) => {
        const append = () => eventLog.append(topic, entries);
        calls += 1;
        // Every second one.
        if (calls % 2 === 0) await fail(append);
        return append();
      },
    };
  };
  const broken = () => berthError('BERTH_LOG_WRITE', { reason: 'the disk is full' });

  test('of unknown fate is repeated with the same bytes, and counts once', async () => {
    for (const object of EVERY_KIND) outside.put(object);
    start({
      eventLog: failing(async (append) => {
        await append();
        throw broken();
      }),
    });
    await history.until(() => uids().length === 1);
    outside.put(pod('web-2'));
    outside.remove(pod('web-1'));
    await history.until(() => uids().join() === 'web-2');
    const ids = history.events.map(({ record }) => record.id);
    expect(new Set(ids).size).toBeLessThan(ids.length);
    expect(new Set(history.ignored.map((text) => text.split(' ')[1]))).toEqual(
      new Set(['repeated']),
    );
  });

  test('that failed is repeated until it succeeds', async () => {
    start({
      eventLog: failing(async () => {
        throw broken();
      }),
    });
    for (const uid of ['web-1', 'web-2', 'web-3']) outside.put(pod(uid));
    await history.until(() => uids().length === 3);
    expect(history.ignored).toEqual([]);
  });

  test('to a log that is closed ends the watcher with that error', async () => {
    const closed = (): Promise<never> => Promise.reject(berthError('BERTH_LOG_CLOSED', {}));
    const { ended } = start({ eventLog: { ...eventLog, append: closed } });
    await expect(ended).rejects.toMatchObject({ code: 'BERTH_LOG_CLOSED' });
    running.clear();
  });
});

test('stopped before it has begun, or twice, it ends without an error', async () => {
  const { stop, ended } = start();
  await stop();
  await stop();
  await ended;
});
