/**
 * The mapper: owns some partitions of `berth.events`, as its group shares them out; reads each to
 * the end, then answers what is open in it after each batch. Two may own one partition for a while,
 * or for ever: the fold accepts each answer once, whoever wrote it.
 */

import type { EventRecord } from '../contract/records.ts';
import { TOPICS } from '../contract/topics.ts';
import type { Checkpoints } from '../ports/checkpoints/port.ts';
import type { EventLog, NewEntry } from '../ports/event-log/port.ts';
import type { Jobs } from '../ports/jobs/port.ts';
import { tell } from '../runtime/channels.ts';
import type { Clock } from '../runtime/clock.ts';
import {
  type BerthFunction,
  defineFunction,
  type PartitionsHandler,
  partitions,
  service,
} from '../runtime/define-function.ts';
import type { Log } from '../runtime/log.ts';
import { createDeadLetters } from './dead-letters.ts';
import { createPartitionFold, type PartitionFold } from './partition-fold.ts';
import { savePasses } from './pass-pace.ts';
import { createTickRequests } from './tick-requests.ts';
import { ticksFunction } from './ticks.ts';

export interface MapperInit {
  /** @default 5000 */
  readonly checkpointEveryMs?: number;
  /** How often Ticks that are overdue are asked for again. @default 30_000 */
  readonly sweepEveryMs?: number;
}

export interface MapperComponents {
  readonly eventLog: EventLog;
  readonly checkpoints: Checkpoints;
  readonly jobs: Jobs;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Mapper {
  readonly functions: readonly BerthFunction[];
  /** It knows which partitions are its own, be it none, and has read them to the end. */
  isReady(): boolean;
}

export const MAPPER_GROUP = 'mapper';
const APPEND_RETRY_MS = 100;
const CHECKPOINT_EVERY_MS = 5000;
const SWEEP_EVERY_MS = 30_000;

export function createMapper(init: MapperInit, components: MapperComponents): Mapper {
  const { eventLog, checkpoints, clock, log } = components;
  const folds = new Map<number, PartitionFold>();
  let assigned: readonly number[] | null = null;
  let isReady = false;
  const sweepEveryMs = init.sweepEveryMs ?? SWEEP_EVERY_MS;
  const ticks = createTickRequests({ sweepEveryMs }, components);
  const letters = createDeadLetters(components);
  const foldComponents = {
    checkpoints,
    clock,
    append: (records: readonly EventRecord[], signal: AbortSignal) =>
      appendWhateverItTakes(records, components, signal),
    askForTicks: ticks.ask,
    onUnfinished: (error: Error) => log.warn({ error }, 'mapper decides nothing yet'),
    letGo: letters.add,
  };

  const handler: PartitionsHandler = {
    assigned(all) {
      if (assigned?.join() !== all.join()) log.info({ partitions: all }, 'mapper owns partitions');
      assigned = all;
      tell('berth:mapper:partitions-assigned', { partitions: all });
    },
    async take(partition, signal) {
      const fold = await createPartitionFold(partition, foldComponents);
      if (signal.aborted) return fold;
      folds.set(partition, fold);
      signal.addEventListener('abort', () => {
        // It may be ours again by now, with another fold.
        if (folds.get(partition) === fold) folds.delete(partition);
      });
      return fold;
    },
  };
  const answering = () => [...folds.values()].filter(({ isAnswering }) => isAnswering);

  return {
    isReady() {
      // Ready once, it stays so: what it is given later, others waited for before.
      isReady ||= assigned?.every((each) => folds.get(each)?.isAnswering === true) ?? false;
      return isReady;
    },
    functions: [
      defineFunction({
        name: 'mapper',
        trigger: partitions(TOPICS.events.name, MAPPER_GROUP),
        handler,
      }),
      defineFunction({
        name: 'mapper-checkpoints',
        trigger: service(),
        handler: (signal) => {
          const everyMs = init.checkpointEveryMs ?? CHECKPOINT_EVERY_MS;
          const checkpointers = () => [...folds.values()].map(({ checkpointer }) => checkpointer);
          return savePasses({ everyMs, checkpointers }, { clock, log }, signal);
        },
      }),
      defineFunction({ name: 'mapper-ticks', trigger: service(), handler: ticks.run }),
      defineFunction({ name: 'mapper-dead-letters', trigger: service(), handler: letters.run }),
      defineFunction({
        name: 'mapper-ticks-sweep',
        trigger: service(),
        handler: (signal) => ticks.sweep(() => answering().map(({ world }) => world), signal),
      }),
      ticksFunction(eventLog),
    ],
  };
}

/** An append of unknown fate is repeated with the same bytes. */
async function appendWhateverItTakes(
  records: readonly EventRecord[],
  { eventLog, clock, log }: MapperComponents,
  signal: AbortSignal,
): Promise<void> {
  const entries = records.map(toEntry);
  while (!signal.aborted) {
    try {
      await eventLog.append(TOPICS.events.name, entries);
      return;
    } catch (error) {
      log.warn({ error }, 'append failed, repeating it');
      tell('berth:mapper:append-repeated', {});
      await clock.sleep(APPEND_RETRY_MS, signal);
    }
  }
}

function toEntry(record: EventRecord): NewEntry {
  return { key: record.aggregate, value: { ...record } };
}
