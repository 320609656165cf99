/**
 * The mapper: reads `berth.events` to the end, then answers what is open after each batch. Any
 * number of mappers may run; the fold accepts each answer once, whoever wrote it.
 */

import { createWorld, type World } from '../aggregates/world.ts';
import { loggedEvent } from '../contract/logged-event.ts';
import type { EventRecord } from '../contract/records.ts';
import { TOPICS } from '../contract/topics.ts';
import { nextOffsets } from '../contract/version.ts';
import type { Checkpoints } from '../ports/checkpoints/port.ts';
import type { Entry, EventLog, NewEntry } from '../ports/event-log/port.ts';
import type { Jobs } from '../ports/jobs/port.ts';
import { tell } from '../runtime/channels.ts';
import type { Clock } from '../runtime/clock.ts';
import { type BerthFunction, defineFunction, service, stream } from '../runtime/define-function.ts';
import type { Log } from '../runtime/log.ts';
import { createCheckpointer } from './checkpointing.ts';
import { createMapperCore } from './mapper-core.ts';
import { TICKS_QUEUE, type tickJob, ticksFunction, ticksToCome } from './ticks.ts';

export interface MapperInit {
  /** @default 5000 */
  readonly checkpointEveryMs?: number;
}

export interface MapperComponents {
  readonly eventLog: EventLog;
  readonly checkpoints: Checkpoints;
  readonly jobs: Jobs;
  readonly clock: Clock;
  readonly log: Log;
}

const APPEND_RETRY_MS = 100;

export async function mapperFunctions(
  init: MapperInit,
  components: MapperComponents,
): Promise<BerthFunction[]> {
  const { eventLog, checkpoints, jobs, clock, log } = components;
  const world = createWorld(await checkpoints.all());
  const core = createMapperCore(world);
  const checkpointer = createCheckpointer(world, checkpoints);
  let readToEnd = false;

  async function batch(entries: readonly Entry[], signal: AbortSignal): Promise<void> {
    const ticks = [];
    for (const entry of entries) {
      const event = loggedEvent(entry);
      const effects = core.read(event);
      checkpointer.changed(event.record.aggregate);
      const { body, aggregate } = event.record;
      tell('berth:mapper:record-folded', { type: body.type, ignored: effects.ignored });
      if (body.type === 'Tick' && effects.ignored === 'too-early') {
        ticks.push(...ticksToCome(world, aggregate, [body.release], event.timeMs));
      }
      const releases = effects.released.map(({ release }) => release);
      ticks.push(...ticksToCome(world, aggregate, releases, event.timeMs));
    }
    if (!readToEnd) return;
    await answer(signal);
    if (ticks.length > 0) await jobs.add(TICKS_QUEUE, ticks);
  }

  async function caughtUp(signal: AbortSignal): Promise<void> {
    readToEnd = true;
    await answer(signal);
    const ticks = allTicksToCome(world, clock.nowMs());
    if (ticks.length > 0) await jobs.add(TICKS_QUEUE, ticks);
  }

  /** Until nothing is left that could be said without reading on. */
  async function answer(signal: AbortSignal): Promise<void> {
    for (let records = core.next(); records.length > 0; records = core.next()) {
      await appendWhateverItTakes(records, signal);
      if (signal.aborted) return;
      core.appended(records);
      tell('berth:mapper:records-made', { records });
    }
  }

  /** An append of unknown fate is repeated with the same bytes. */
  async function appendWhateverItTakes(
    records: readonly EventRecord[],
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

  return [
    defineFunction({
      name: 'mapper',
      trigger: stream(TOPICS.events.name, async () => nextOffsets(world.version)),
      handler: { batch, caughtUp },
    }),
    defineFunction({
      name: 'mapper-checkpoints',
      trigger: service(),
      handler: async (signal) => {
        while (!signal.aborted) {
          await clock.sleep(init.checkpointEveryMs ?? 5000, signal);
          await checkpointer.save();
          tell('berth:mapper:checkpoints-saved', {});
        }
      },
    }),
    ticksFunction(eventLog),
  ];
}

function allTicksToCome(world: World, nowMs: number): ReturnType<typeof tickJob>[] {
  return [...world.aggregates()].flatMap((state) =>
    state.kind === 'namespace'
      ? ticksToCome(world, state.key, [...state.releases.keys()], nowMs)
      : [],
  );
}

function toEntry(record: EventRecord): NewEntry {
  return { key: record.aggregate, value: { ...record } };
}
