/** The mapper as a function on real adapters: what it appends, and that a restart loses nothing. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createStory } from '../../test/fold/story.ts';
import { createWorld, type World } from '../aggregates/world.ts';
import { loggedEvent } from '../contract/logged-event.ts';
import { type EventRecord, eventRecord } from '../contract/records.ts';
import { TOPICS } from '../contract/topics.ts';
import { lmdbCheckpoints } from '../ports/checkpoints/lmdb.ts';
import { lmdbEventLog } from '../ports/event-log/lmdb.ts';
import type { EventLog } from '../ports/event-log/port.ts';
import { localJobs } from '../ports/jobs/local.ts';
import { systemClock } from '../runtime/clock.ts';
import { startFunctions } from '../runtime/host.ts';
import { jsonLog } from '../runtime/log.ts';
import { systemRandom } from '../runtime/random.ts';
import { createMapper } from './mapper.ts';

const clock = systemClock();
const log = jsonLog({ level: 'silent' });
let dir = '';

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'berth-mapper-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

interface Running {
  readonly eventLog: EventLog;
  /** Appends, and answers once the fold of the log is so. */
  until(records: readonly EventRecord[], isSo: (world: World) => boolean): Promise<World>;
  stop(): Promise<void>;
}

async function run(): Promise<Running> {
  const eventLog = await lmdbEventLog({ dir }, { clock });
  const checkpoints = await lmdbCheckpoints({ dir });
  const jobs = await localJobs({ dir }, { clock, random: systemRandom(), log });
  const components = { eventLog, checkpoints, jobs, clock, log };
  const host = startFunctions(
    createMapper({ checkpointEveryMs: 20 }, components).functions,
    components,
  );
  return {
    eventLog,
    until: async (records, isSo) => {
      const entries = records.map((record) => ({ key: record.aggregate, value: { ...record } }));
      await eventLog.append(TOPICS.events.name, entries);
      const world = createWorld();
      const stop = new AbortController();
      for await (const batch of eventLog.read(TOPICS.events.name, {}, stop.signal)) {
        for (const entry of batch) world.apply(loggedEvent(entry));
        if (isSo(world)) break;
      }
      stop.abort();
      return world;
    },
    stop: async () => {
      await host.stop();
      await jobs.close();
      await checkpoints.close();
      await eventLog.close();
    },
  };
}

/** What a watcher would append for one namespace with these pods; a rest of half a second. */
function observations(...pods: string[]): EventRecord[] {
  const story = createStory();
  story.pool('blue', { quarantineSeconds: 0.2 });
  story.target('orders-db');
  story.egressNat('shop', 'checkout');
  for (const pod of pods) story.pod('shop', pod);
  return story.log.events.map(({ record }) => record);
}

const mapped = (count: number) => (world: World) =>
  [...(world.namespace('shop')?.pods.values() ?? [])].filter((pod) => pod.berths.size > 0)
    .length === count;

describe('the mapper', () => {
  test('answers what is open, across aggregates, until every pod has its berth', async () => {
    const running = await run();
    const world = await running.until(observations('a', 'b'), mapped(2));
    expect(world.namespace('shop')?.claims.size).toBe(1);
    await running.stop();
  });

  test('goes on from checkpoints after a restart, with what came meanwhile', async () => {
    const first = await run();
    await first.until(observations('a'), mapped(1));
    await first.stop();
    const second = await run();
    const by = { by: 'term-1', number: 100 };
    const pod = {
      uid: 'b',
      name: 'b',
      labels: {},
      node: 'n2',
      ips: [],
      hostNetwork: false,
      finished: false,
      statefulSet: null,
    };
    const world = await second.until(
      [eventRecord('ns/shop', { type: 'PodObserved', pod }, by)],
      mapped(2),
    );
    expect(world.namespace('shop')?.questions.size).toBe(0);
    await second.stop();
  });

  test('ticks a release after its quarantine, also when it was restarted in between', async () => {
    const first = await run();
    await first.until(observations('a'), mapped(1));
    const gone = eventRecord(
      'ns/shop',
      { type: 'PodGone', uid: 'a' },
      { by: 'term-1', number: 50 },
    );
    await first.until([gone], (world) => world.namespace('shop')?.releases.size === 1);
    await first.stop();
    const second = await run();
    const ticked = (world: World): boolean =>
      [...(world.namespace('shop')?.releases.values() ?? [])].some((release) => release.ticked);
    const world = await second.until([], ticked);
    expect(ticked(world)).toBe(true);
    await second.stop();
  });
});
