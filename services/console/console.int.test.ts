/** The console on the embedded log: it ends with an error when the checkpoints are not true. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { savedWorld } from '../../test/fold/saved-world.ts';
import { createStory, type Story } from '../../test/fold/story.ts';
import { createWorld } from '../aggregates/world.ts';
import { sha256 } from '../contract/canonical.ts';
import { loggedEvent } from '../contract/logged-event.ts';
import { CONTROL_METRICS } from '../contract/metrics.ts';
import { TOPICS } from '../contract/topics.ts';
import { lmdbCheckpoints } from '../ports/checkpoints/lmdb.ts';
import type { Checkpoint } from '../ports/checkpoints/port.ts';
import { lmdbEventLog } from '../ports/event-log/lmdb.ts';
import { localJobs } from '../ports/jobs/local.ts';
import { systemClock } from '../runtime/clock.ts';
import { startFunctions } from '../runtime/host.ts';
import { jsonLog } from '../runtime/log.ts';
import { createMetrics } from '../runtime/metrics/metrics.ts';
import { systemRandom } from '../runtime/random.ts';
import { consoleFunctions } from './console.ts';

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'berth-console-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true });
});

function story(): Story {
  const told = createStory();
  told.pool('blue');
  told.egressNat('shop', 'checkout');
  told.pod('shop', 'a');
  told.settle();
  return told;
}

/** How the console ends that reads this story beside these checkpoints of it. */
async function endsWith(change: (checkpoint: Checkpoint) => Checkpoint): Promise<Error | null> {
  const clock = systemClock();
  const log = jsonLog({ level: 'silent' });
  const eventLog = await lmdbEventLog({ dir }, { clock });
  const checkpoints = lmdbCheckpoints({ dir });
  const jobs = await localJobs({ dir }, { clock, random: systemRandom(), log });
  const metrics = createMetrics(CONTROL_METRICS, { log });
  const components = { eventLog, checkpoints, jobs, clock, log };
  const records = story().log.events.map(({ record }) => record);
  const entries = records.map((record) => ({ key: record.aggregate, value: { ...record } }));
  const world = createWorld();
  for (const entry of await eventLog.append(TOPICS.events.name, entries)) {
    world.apply(loggedEvent(entry));
  }
  const { checkpoints: texts, version } = savedWorld(world);
  await checkpoints.save({ checkpoints: texts.map(change), version });
  const functions = await consoleFunctions(
    { socket: join(dir, 'socket'), own: { process: 'console', run: 'first' } },
    { metrics, eventLog, checkpoints, clock },
  );
  const readAll = Promise.withResolvers<null>();
  const host = startFunctions(
    functions.map((each) =>
      each.trigger.kind === 'stream' && each.trigger.topic === TOPICS.events.name
        ? {
            ...each,
            handler: { ...(each.handler as object), caughtUp: async () => readAll.resolve(null) },
          }
        : each,
    ) as typeof functions,
    components,
  );
  const end = await Promise.race([host.failed, readAll.promise]);
  await host.stop();
  await jobs.close();
  await checkpoints.close();
  await eventLog.close();
  return end;
}

test('past true checkpoints the console reads to the end', async () => {
  expect(await endsWith((checkpoint) => checkpoint)).toBeNull();
});

test('a checkpoint that the log does not say ends it with a coded error', async () => {
  const end = await endsWith((checkpoint) => {
    const state = checkpoint.state.replace('"a"', '"z"');
    return { ...checkpoint, state, hash: sha256(state) };
  });
  expect(end).toMatchObject({ code: 'BERTH_FOLD_CHECKPOINT_DIFFERS' });
});
