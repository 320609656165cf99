/**
 * The mapper from end to end, as in `berth up`: observations are appended to the embedded log as
 * fast as it takes them; the mapper reads, folds, decides and appends what follows, until every
 * pod has its berth, and then until every pod that went has given it back. Who feeds it and who
 * counts share the process, as the watcher and the hub do, and are measured with it.
 */
import { createWorld } from '../../../services/aggregates/world.ts';
import { loggedEvent } from '../../../services/contract/logged-event.ts';
import type { Answer, EventRecord } from '../../../services/contract/records.ts';
import { TOPICS } from '../../../services/contract/topics.ts';
import { createMapper } from '../../../services/mapper/mapper.ts';
import { lmdbCheckpoints } from '../../../services/ports/checkpoints/lmdb.ts';
import { lmdbEventLog } from '../../../services/ports/event-log/lmdb.ts';
import type { EventLog } from '../../../services/ports/event-log/port.ts';
import { localJobs } from '../../../services/ports/jobs/local.ts';
import { systemClock } from '../../../services/runtime/clock.ts';
import { startFunctions } from '../../../services/runtime/host.ts';
import { jsonLog } from '../../../services/runtime/log.ts';
import { systemRandom } from '../../../services/runtime/random.ts';
import { createStory, type Story } from '../../fold/story.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import type { Measure, Proof } from '../benchmark.ts';
import { seededDice } from '../dice.ts';
import { type Spent, spent } from '../rounds.ts';
import { type HistoryInit, podComes, scenery } from './history.ts';

export interface MappingInit {
  readonly history: HistoryInit;
  readonly pods: number;
  readonly rounds: number;
}

interface Mapped extends Spent {
  readonly records: number;
  readonly isRight: boolean;
}

const APPENDED_AT_ONCE = 512;
const topic = TOPICS.events.name;

export async function measureMapping(init: MappingInit): Promise<{
  readonly measures: readonly Measure[];
  readonly proofs: readonly Proof[];
}> {
  const runs: Mapped[] = [];
  for (let round = 0; round < init.rounds; round++) runs.push(await mapOnce(init));
  const perPod = runs.map(({ records }) => records / init.pods);
  return {
    measures: [
      {
        what: 'mapper end to end: observed, decided, on disk; one core',
        unit: 'events/s',
        values: runs.map(({ records, cpuSeconds }) => records / cpuSeconds),
        note: `${Math.round(perPod[0] ?? 0)} records a pod, 512 an append`,
      },
      {
        what: 'the same by the wall clock',
        unit: 'events/s',
        values: runs.map(({ records, wallSeconds }) => records / wallSeconds),
      },
    ],
    proofs: [
      {
        what: `in the log every pod of ${init.pods} got a berth of its own, and gave it back`,
        holds: runs.length === init.rounds && runs.every(({ isRight }) => isRight),
      },
    ],
  };
}

async function mapOnce({ history, pods }: MappingInit): Promise<Mapped> {
  const folder = await temporaryFolder();
  const { path: dir } = folder;
  const clock = systemClock();
  const log = jsonLog({ level: 'error' });
  const eventLog = await lmdbEventLog({ dir }, { clock });
  const checkpoints = await lmdbCheckpoints({ dir });
  const jobs = await localJobs({ dir }, { clock, random: systemRandom(), log });
  const components = { eventLog, checkpoints, jobs, clock, log };
  const host = startFunctions(createMapper({}, components).functions, components);
  const { coming, going } = observations(history, pods);
  const answers = countAnswers(eventLog);
  const time = await spent(async () => {
    await appendAll(eventLog, coming);
    await answers.until('BerthGranted', pods);
    await appendAll(eventLog, going);
    await answers.until('BerthReleased', pods);
  });
  await answers.stop();
  await host.stop();
  const { records, isRight } = await lookAt(eventLog, pods);
  await jobs.close();
  await checkpoints.close();
  await eventLog.close();
  await folder.remove();
  return { ...time, records, isRight };
}

/** What a watcher would append; nothing is answered here. */
function observations(
  init: HistoryInit,
  pods: number,
): { readonly coming: readonly EventRecord[]; readonly going: readonly EventRecord[] } {
  const story: Story = { ...createStory(), settle: () => undefined };
  const dice = seededDice(3);
  scenery(story, init);
  const at = (pod: number): string => `ns-${pod % init.namespaces}`;
  const uids = Array.from({ length: pods }, (_, number) => {
    const node = `node-${dice.below(init.nodes)}`;
    return podComes(story, { namespace: at(number), node, number });
  });
  const records = story.log.events.map(({ record }) => record);
  const whenAllAreThere = records.length;
  for (const [pod, uid] of uids.entries()) story.podGone(at(pod), uid);
  const all = story.log.events.map(({ record }) => record);
  return { coming: records, going: all.slice(whenAllAreThere) };
}

async function appendAll(log: EventLog, records: readonly EventRecord[]): Promise<void> {
  for (let at = 0; at < records.length; at += APPENDED_AT_ONCE) {
    const entries = records
      .slice(at, at + APPENDED_AT_ONCE)
      .map((record) => ({ key: record.aggregate, value: { ...record } }));
    await log.append(topic, entries);
  }
}

function countAnswers(log: EventLog) {
  const stop = new AbortController();
  const counts = new Map<Answer['kind'], number>();
  let news = Promise.withResolvers<void>();
  const reading = (async () => {
    for await (const batch of log.read(topic, {}, stop.signal)) {
      for (const entry of batch) {
        const body = loggedEvent(entry).record?.body;
        if (body?.type !== 'Decision') continue;
        for (const { kind } of body.answers) counts.set(kind, (counts.get(kind) ?? 0) + 1);
      }
      news.resolve();
      news = Promise.withResolvers();
    }
  })();
  return {
    until: async (kind: Answer['kind'], count: number): Promise<void> => {
      while ((counts.get(kind) ?? 0) < count) await news.promise;
    },
    stop: async (): Promise<void> => {
      stop.abort();
      await reading;
    },
  };
}

/** By a fold of its own, at the end: nobody has a berth any more, and as many rest as pods went. */
async function lookAt(log: EventLog, pods: number): Promise<Pick<Mapped, 'records' | 'isRight'>> {
  const world = createWorld();
  const ends = Object.values(await log.ends(topic)).reduce((sum, end) => sum + end, 0);
  const blocks = new Set<string>();
  let records = 0;
  let granted = 0;
  const stop = new AbortController();
  for await (const batch of log.read(topic, {}, stop.signal)) {
    for (const entry of batch) {
      const event = loggedEvent(entry);
      const effects = world.apply(event);
      if (event.record?.body.type === 'Decision' && effects.ignored === null) {
        for (const answer of event.record.body.answers) {
          if (answer.kind !== 'BerthGranted') continue;
          granted += 1;
          blocks.add(`${answer.claim} ${answer.base}`);
        }
      }
    }
    records += batch.length;
    if (records >= ends) break;
  }
  stop.abort();
  const states = [...world.aggregates()].flatMap((state) =>
    state.kind === 'namespace' ? [state] : [],
  );
  const resting = states.reduce((sum, { releases }) => sum + releases.size, 0);
  const left = states.reduce((sum, state) => sum + state.pods.size, 0);
  const isRight = granted === pods && blocks.size === pods && resting === pods && left === 0;
  return { records, isRight };
}
