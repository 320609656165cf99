/**
 * Trace 10: a log that another one is being moved into. Real functions on a real log: nobody
 * decides, pushes or appends before the end mark, and then everybody goes on.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { simulatedLog } from '../../../test/fold/simulated-log.ts';
import { createStory } from '../../../test/fold/story.ts';
import { testAuthority } from '../../../test/hub/test-certificates.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../test/temporary-folder.ts';
import { isBerthError } from '../../contract/errors.ts';
import { logKey } from '../../contract/partition.ts';
import { type Body, eventRecord } from '../../contract/records.ts';
import { TOPICS } from '../../contract/topics.ts';
import { createHub } from '../../hub/hub.ts';
import { createMapper } from '../../mapper/mapper.ts';
import { lmdbCheckpoints } from '../../ports/checkpoints/lmdb.ts';
import type { Checkpoints } from '../../ports/checkpoints/port.ts';
import { lmdbEventLog } from '../../ports/event-log/lmdb.ts';
import type { EventLog } from '../../ports/event-log/port.ts';
import { localJobs } from '../../ports/jobs/local.ts';
import type { Jobs } from '../../ports/jobs/port.ts';
import { systemClock } from '../../runtime/clock.ts';
import { type Host, startFunctions } from '../../runtime/host.ts';
import { jsonLog } from '../../runtime/log.ts';
import { systemRandom } from '../../runtime/random.ts';

const EVENTS = TOPICS.events.name;
const PARTITIONS = 3;
const clock = systemClock();
const random = systemRandom();
const log = jsonLog({ level: 'silent' });

let folder: TemporaryFolder;
let eventLog: EventLog;
let checkpoints: Checkpoints;
let jobs: Jobs;
let hosts: Host[];

beforeEach(async () => {
  folder = await temporaryFolder();
  eventLog = await lmdbEventLog({ dir: folder.path, partitionCount: PARTITIONS }, { clock });
  checkpoints = lmdbCheckpoints({ dir: folder.path });
  jobs = await localJobs({ dir: folder.path }, { clock, random, log });
  hosts = [];
});

afterEach(async () => {
  for (const host of hosts) await host.stop();
  await jobs.close();
  await checkpoints.close();
  await eventLog.close();
  await folder.remove();
});

async function mark(body: Body): Promise<void> {
  const keys = Array.from({ length: PARTITIONS }, (_, each) => logKey(each, PARTITIONS));
  const entries = keys.map((key) => ({ key, value: { ...eventRecord(key, body) } }));
  await eventLog.append(EVENTS, entries);
}

const begin = () => mark({ type: 'CopyBegan', generation: 1, partitions: PARTITIONS, cuts: [] });
const end = () => mark({ type: 'CopyEnded', generation: 1 });

/** What a mapper answered long ago is not copied yet: it would be answered again. */
async function copySomeQuestions(): Promise<void> {
  const story = createStory(simulatedLog(PARTITIONS));
  story.pool('blue');
  story.target('orders-db');
  story.egressNat('shop', 'checkout');
  story.pod('shop', 'a');
  const entries = story.log.events.map(({ record, timeMs }) => {
    return { key: record.aggregate, value: { ...record }, firstTimeMs: timeMs };
  });
  await eventLog.append(EVENTS, entries);
}

async function total(): Promise<number> {
  return Object.values(await eventLog.ends(EVENTS)).reduce((sum, each) => sum + each, 0);
}

/** Its functions have handled all that is there. */
async function startMapper(): Promise<void> {
  const components = { eventLog, checkpoints, jobs, clock, log };
  const { functions } = createMapper({ checkpointEveryMs: 10 }, components);
  hosts.push(startFunctions(functions, components));
  await vi.waitFor(async () => {
    const saved = (await checkpoints.all()).version;
    const ends = await eventLog.ends(EVENTS);
    for (const [partition, next] of Object.entries(ends)) {
      expect(saved[Number(partition)] ?? -1).toBe(next - 1);
    }
  });
}

async function startHub() {
  const files = await (await testAuthority()).hub();
  const init = { listen: '127.0.0.1:0', certificate: async () => files };
  const hub = await createHub(init, { eventLog, checkpoints, clock, random, log });
  const host = startFunctions(hub.functions, { eventLog, jobs, clock, log });
  hosts.push(host);
  return { hub, host };
}

describe('in a log that is still being moved there', () => {
  it('a mapper answers nothing before the end mark, and then all that is open', async () => {
    await begin();
    await copySomeQuestions();
    await startMapper();
    const before = await total();
    await copySomeQuestions();
    const copied = await total();
    expect(copied).toBe(2 * before - PARTITIONS);
    await end();
    await vi.waitFor(async () => expect(await total()).toBeGreaterThan(copied + PARTITIONS));
  });

  it('a mapper that was there before the copy began waits for its end too', async () => {
    await startMapper();
    await begin();
    await copySomeQuestions();
    const copied = await total();
    await end();
    await vi.waitFor(async () => expect(await total()).toBeGreaterThan(copied + PARTITIONS));
    const ends: number[] = [];
    const stop = new AbortController();
    for await (const batch of eventLog.read(EVENTS, {}, stop.signal)) {
      for (const { partition, offset, value } of batch) {
        const { type } = value['body'] as Body;
        if (type === 'CopyEnded') ends[partition] = offset;
        if (type === 'Decision') expect(offset).toBeGreaterThan(ends[partition] ?? offset);
      }
      if (batch.some(({ value }) => (value['body'] as Body).type === 'Decision')) stop.abort();
    }
  });

  it('a hub serves nobody before the end mark of every partition', async () => {
    await begin();
    await copySomeQuestions();
    const { hub } = await startHub();
    const served = vi.fn();
    void hub.serving.then(served);
    const key = logKey(0, PARTITIONS);
    const one = eventRecord(key, { type: 'CopyEnded', generation: 1 });
    await eventLog.append(EVENTS, [{ key, value: { ...one } }]);
    await checkpoints.all();
    expect(served).not.toHaveBeenCalled();
    await end();
    await hub.serving;
  });

  it('a hub that served the log while it was empty stops', async () => {
    const { hub, host } = await startHub();
    await hub.serving;
    await begin();
    const failure = await host.failed;
    expect(isBerthError(failure) && failure.code).toBe('BERTH_LOG_UNFINISHED');
  });
});
