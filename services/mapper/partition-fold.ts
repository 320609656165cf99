/**
 * One partition of the history in a mapper's hands: its aggregates from their checkpoints, folded
 * on, and once all of it was read, answered. Nothing in here is about another partition: what an
 * aggregate decides is read from its own state alone, and what it tells others is appended.
 */
import { isWholeHere, unfinished } from '../aggregates/log/whole.ts';
import { createWorld, type World } from '../aggregates/world.ts';
import { loggedEvent } from '../contract/logged-event.ts';
import type { EventRecord } from '../contract/records.ts';
import { nextOffsets } from '../contract/version.ts';
import type { Checkpoints } from '../ports/checkpoints/port.ts';
import type { Entry } from '../ports/event-log/port.ts';
import type { NewJob } from '../ports/jobs/port.ts';
import { tell } from '../runtime/channels.ts';
import type { Clock } from '../runtime/clock.ts';
import type { PartitionReader } from '../runtime/define-function.ts';
import { type Checkpointer, createCheckpointer } from './checkpointing.ts';
import { createMapperCore } from './mapper-core.ts';
import { allTicksToCome, ticksToCome } from './ticks.ts';

export interface PartitionFold extends PartitionReader {
  readonly world: World;
  readonly checkpointer: Checkpointer;
  /** It has read to the end, and answers. */
  readonly isAnswering: boolean;
}

export interface PartitionFoldComponents {
  readonly checkpoints: Checkpoints;
  readonly clock: Clock;
  /** Until all of them are in the log, or the signal is aborted. */
  readonly append: (records: readonly EventRecord[], signal: AbortSignal) => Promise<void>;
  readonly askForTicks: (jobs: readonly NewJob[]) => void;
  /** Nothing is decided yet, and why. */
  readonly onUnfinished: (error: Error) => void;
  /** Is given what was refused. */
  readonly letGo: (entry: Entry) => void;
}

export async function createPartitionFold(
  partition: number,
  { checkpoints, clock, append, askForTicks, onUnfinished, letGo }: PartitionFoldComponents,
): Promise<PartitionFold> {
  const world = createWorld(await checkpoints.all([partition]));
  const core = createMapperCore(world);
  const checkpointer = createCheckpointer(world, checkpoints, { turn: () => clock.sleep(0) });
  const from = nextOffsets(world.version)[partition] ?? 0;
  let isAnswering = false;
  let readToEnd = false;

  async function batch(entries: readonly Entry[], signal: AbortSignal): Promise<void> {
    const ticks: NewJob[] = [];
    for (const entry of entries) {
      const event = loggedEvent(entry);
      if (event.record === null) {
        world.apply(event);
        letGo(entry);
        continue;
      }
      const effects = core.read(event);
      const { body, aggregate } = event.record;
      checkpointer.changed(aggregate);
      tell('berth:mapper:record-folded', { type: body.type, ignored: effects.ignored });
      if (body.type === 'Tick' && effects.ignored === 'too-early') {
        ticks.push(...ticksToCome(world, aggregate, [body.release], event.timeMs));
      }
      const releases = effects.released.map(({ release }) => release);
      ticks.push(...ticksToCome(world, aggregate, releases, event.timeMs));
    }
    if (!isWholeHere(world)) isAnswering = false;
    if (!isAnswering) return begin(signal);
    await answer(signal);
    if (!signal.aborted) askForTicks(ticks);
  }

  async function caughtUp(signal: AbortSignal): Promise<void> {
    readToEnd = true;
    if (!isWholeHere(world)) onUnfinished(unfinished(world));
    await begin(signal);
  }

  /** In a log that is still being moved here nobody decides: an old decision may come yet. */
  async function begin(signal: AbortSignal): Promise<void> {
    if (!readToEnd || !isWholeHere(world)) return;
    isAnswering = true;
    await answer(signal);
    if (!signal.aborted) askForTicks(allTicksToCome(world, clock.nowMs()));
  }

  /** Until nothing is left that could be said without reading on. */
  async function answer(signal: AbortSignal): Promise<void> {
    for (let records = core.next(); records.length > 0; records = core.next()) {
      await append(records, signal);
      if (signal.aborted) return;
      core.appended(records);
      tell('berth:mapper:records-made', { records });
    }
  }

  return {
    world,
    checkpointer,
    from,
    batch,
    caughtUp,
    get isAnswering() {
      return isAnswering;
    },
  };
}
