/**
 * Mappers on a real Kafka: they share the partitions out, one that dies is replaced by the others
 * from its checkpoints, and whatever they both said, every pod has one berth of its own.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkSingleOwner } from '../../test/fold/checkers.ts';
import { cidrs, createStory } from '../../test/fold/story.ts';
import { keepingLog } from '../../test/log-lines.ts';
import { sharedKafka } from '../../test/servers/shared-servers.ts';
import { type TemporaryFolder, temporaryFolder } from '../../test/temporary-folder.ts';
import { createWorld, type World } from '../aggregates/world.ts';
import { loggedEvent } from '../contract/logged-event.ts';
import type { EventRecord, LoggedEvent } from '../contract/records.ts';
import { TOPICS } from '../contract/topics.ts';
import { kafkaCheckpoints } from '../ports/checkpoints/kafka.ts';
import { kafkaEventLog } from '../ports/event-log/kafka.ts';
import type { EventLog } from '../ports/event-log/port.ts';
import { localJobs } from '../ports/jobs/local.ts';
import { systemClock } from '../runtime/clock.ts';
import { startFunctions } from '../runtime/host.ts';
import { systemRandom } from '../runtime/random.ts';
import { createMapper } from './mapper.ts';

const PARTITIONS = 4;
const NAMESPACES = ['shop', 'pay', 'mail', 'blog', 'news', 'docs'];
const { name: topic } = TOPICS.events;
const clock = systemClock();
const random = systemRandom();

let folder: TemporaryFolder;
let prefix: string;
const running = new Set<Running>();

beforeEach(async () => {
  folder = await temporaryFolder();
  prefix = `mappers-${random.id()}`;
});
afterEach(async () => {
  for (const each of [...running]) await each.stop();
  await folder.remove();
});

interface Running {
  readonly eventLog: EventLog;
  readonly isReady: () => boolean;
  readonly owned: () => readonly number[];
  stop(): Promise<void>;
}

async function startMapper(name: string): Promise<Running> {
  const log = keepingLog();
  const connection = { brokers: [await sharedKafka()] };
  const init = { connection, prefix };
  const components = { clock, random, log };
  const eventLog = await kafkaEventLog({ ...init, partitionCount: PARTITIONS }, components);
  const checkpoints = await kafkaCheckpoints(init, components);
  const jobs = await localJobs({ dir: `${folder.path}/${name}` }, components);
  const all = { ...components, eventLog, checkpoints, jobs };
  const mapper = createMapper({ checkpointEveryMs: 100 }, all);
  const host = startFunctions(mapper.functions, all);
  const started: Running = {
    eventLog,
    isReady: mapper.isReady,
    owned: () =>
      (log.lines.findLast(({ fields }) => 'partitions' in fields)?.fields['partitions'] ??
        []) as number[],
    async stop() {
      running.delete(started);
      await host.stop();
      await jobs.close();
      await checkpoints.close();
      await eventLog.close();
    },
  };
  running.add(started);
  return started;
}

/** Observations as a watcher would append them, round by round. */
function scenery(): { readonly first: EventRecord[]; pods(round: number): EventRecord[] } {
  const story = createStory();
  story.pool('blue', { addresses: cidrs('203.0.113.16/28') });
  story.target('orders-db');
  for (const ns of NAMESPACES) story.egressNat(ns, 'checkout');
  let told = 0;
  const news = (): EventRecord[] => {
    const records = story.log.events.slice(told).map(({ record }) => record);
    told = story.log.events.length;
    return records;
  };
  return {
    first: news(),
    pods(round) {
      for (const ns of NAMESPACES) story.pod(ns, `${ns}-${round}`);
      return news();
    },
  };
}

const append = (log: EventLog, records: readonly EventRecord[]) =>
  log.append(
    topic,
    records.map((record) => ({ key: record.aggregate, value: { ...record } })),
  );

/** The fold of everything, as soon as it is so. */
async function foldUntil(log: EventLog, isSo: (world: World) => boolean) {
  const stop = new AbortController();
  const world = createWorld();
  const events: LoggedEvent[] = [];
  for await (const batch of log.read(topic, {}, stop.signal)) {
    for (const entry of batch) {
      events.push(loggedEvent(entry) as LoggedEvent);
      world.apply(loggedEvent(entry));
    }
    if (isSo(world)) break;
  }
  stop.abort();
  return { world, events };
}

const mapped = (rounds: number) => (world: World) =>
  NAMESPACES.every(
    (ns) =>
      [...(world.namespace(ns)?.pods.values() ?? [])].filter(({ berths }) => berths.size > 0)
        .length === rounds,
  );

test('two share the partitions; whoever joins or ends, no pod is left without', async () => {
  const told = scenery();
  const first = await startMapper('first');
  await expect.poll(first.isReady, { timeout: 20_000 }).toBe(true);
  expect(first.owned()).toHaveLength(PARTITIONS);
  await append(first.eventLog, told.first);
  await append(first.eventLog, told.pods(1));
  await foldUntil(first.eventLog, mapped(1));

  const second = await startMapper('second');
  const shares = () => [first, second].map((each) => each.owned().length);
  await expect.poll(shares, { timeout: 20_000 }).toEqual([2, 2]);
  expect([...first.owned(), ...second.owned()].sort()).toEqual([0, 1, 2, 3]);
  await append(second.eventLog, told.pods(2));
  await foldUntil(second.eventLog, mapped(2));

  await first.stop();
  await append(second.eventLog, told.pods(3));
  const { world, events } = await foldUntil(second.eventLog, mapped(3));
  expect(second.owned()).toHaveLength(PARTITIONS);
  checkSingleOwner(events);
  for (const ns of NAMESPACES) expect(world.namespace(ns)?.claims.size).toBe(1);
});
