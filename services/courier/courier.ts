/**
 * The courier: takes the wanted set of each `Webhook` target to its ACL server, and what that says
 * is in force back to the log, where the target's own decision rests on it. It folds the log like
 * everybody; a job that was lost, ran twice or was left behind by a crash changes nothing, because
 * what is to be done is read from the fold at the moment of doing it.
 */
import { isWholeLog } from '../aggregates/log/whole.ts';
import { createWorld } from '../aggregates/world.ts';
import { aggregateKind, aggregateName, type TargetName } from '../contract/identity.ts';
import { loggedEvent } from '../contract/logged-event.ts';
import { TOPICS } from '../contract/topics.ts';
import { nextOffsets } from '../contract/version.ts';
import type { Checkpoints } from '../ports/checkpoints/port.ts';
import type { Entry, EventLog } from '../ports/event-log/port.ts';
import type { Jobs } from '../ports/jobs/port.ts';
import type { Clock } from '../runtime/clock.ts';
import {
  type BerthFunction,
  defineFunction,
  job,
  service,
  stream,
} from '../runtime/define-function.ts';
import type { Log } from '../runtime/log.ts';
import type { Random } from '../runtime/random.ts';
import type { Speaker } from '../runtime/status-board.ts';
import { createPushStates, type PushStatus } from './push-states.ts';
import { createPushWords } from './push-words.ts';
import { type Connect, createPushing } from './pushing.ts';
import { AGAIN_QUEUE, createQueues, PUSH_QUEUE, PUSH_WORK, type Queues } from './queues.ts';
import { createReports } from './reports.ts';

export interface CourierInit {
  /** How often each target is asked what is in force. @default 60_000 */
  readonly readBackEveryMs?: number;
}

export interface CourierComponents {
  readonly eventLog: EventLog;
  readonly checkpoints: Checkpoints;
  readonly jobs: Jobs;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly connect: Connect;
}

export interface Courier {
  readonly functions: readonly BerthFunction[];
  statuses(): readonly PushStatus[];
  /** What it says on the status board. */
  readonly speaker: Speaker;
}

const READ_BACK_EVERY_MS = 60_000;

export async function createCourier(
  init: CourierInit,
  components: CourierComponents,
): Promise<Courier> {
  const { checkpoints, clock, random } = components;
  const world = createWorld(await checkpoints.all());
  const reports = createReports(clock);
  const { states, speaker } = createPushWords(createPushStates());
  const queues = createQueues({ ...components, world, states });
  let readToEnd = false;
  /** What is wanted in a log that is still being moved here was wanted long ago. */
  const mayPush = (): boolean => readToEnd && isWholeLog(world);
  const found = { ...components, world, reports, states, queues, readToEnd: mayPush };
  const pushing = createPushing(found);

  function targets(): TargetName[] {
    const keys = [...world.aggregates()].filter(({ kind }) => kind === 'target');
    return keys.map(({ key }) => aggregateName(key));
  }

  async function batch(entries: readonly Entry[]): Promise<void> {
    const touched = new Set<TargetName>();
    const couldPush = mayPush();
    for (const entry of entries) {
      const event = loggedEvent(entry);
      const { id, aggregate } = event.record;
      const { ignored, specification } = world.apply(event);
      if (aggregateKind(aggregate) !== 'target') continue;
      const target = aggregateName(aggregate);
      touched.add(target);
      // What failed under another URL or time-out may go now.
      if (specification) states.forget(target);
      reports.met(id, ignored === null);
    }
    if (!mayPush()) return;
    await queues.add((couldPush ? [...touched] : targets()).filter(queues.needsPush));
  }

  async function caughtUp(): Promise<void> {
    readToEnd = true;
    if (mayPush()) await queues.add(targets().filter(queues.needsPush));
  }

  const everyMs = init.readBackEveryMs ?? READ_BACK_EVERY_MS;
  return {
    statuses: states.statuses,
    speaker,
    functions: [
      defineFunction({
        name: 'courier',
        trigger: stream(TOPICS.events.name, async () => nextOffsets(world.version)),
        handler: { batch, caughtUp },
      }),
      defineFunction({
        name: PUSH_QUEUE,
        trigger: job(PUSH_QUEUE, PUSH_WORK),
        handler: pushing.first,
      }),
      defineFunction({
        name: AGAIN_QUEUE,
        trigger: job(AGAIN_QUEUE, PUSH_WORK),
        handler: pushing.again,
      }),
      defineFunction({
        name: 'acl-read-back',
        trigger: service(),
        handler: (signal) => readBackAll({ everyMs, targets }, { clock, random, queues }, signal),
      }),
    ],
  };
}

/** One target after the other, so that they are not all asked in one moment. */
async function readBackAll(
  { everyMs, targets }: { readonly everyMs: number; readonly targets: () => TargetName[] },
  {
    clock,
    random,
    queues,
  }: { readonly clock: Clock; readonly random: Random; readonly queues: Queues },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const all = targets();
    const stepMs = everyMs / Math.max(1, all.length);
    await clock.sleep(stepMs * (0.5 + random.next()), signal);
    for (const target of all) {
      if (signal.aborted) return;
      await queues.add([target]);
      if (target !== all.at(-1)) await clock.sleep(stepMs, signal);
    }
  }
}
