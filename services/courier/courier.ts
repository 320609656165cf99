/**
 * The courier: takes the wanted set of each `Webhook` target to its ACL server, and what that says
 * is in force back to the log, where the target's own decision rests on it. It folds the log like
 * everybody; a job that was lost, ran twice or was left behind by a crash changes nothing, because
 * what is to be done is read from the fold at the moment of doing it, and what is due is asked for
 * again. Any number of couriers may share the jobs.
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
import { untilAborted } from '../runtime/aborted.ts';
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
import {
  AGAIN_QUEUE,
  needsPush,
  PUSH_QUEUE,
  PUSH_WORK,
  READ_BACK_QUEUE,
  READ_BACK_WORK,
} from './queues.ts';
import { createReports } from './reports.ts';
import { createRequests, type RequestsInit } from './requests.ts';

export interface CourierInit extends Partial<RequestsInit> {
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
  const { checkpoints, clock } = components;
  const world = createWorld(await checkpoints.all());
  const reports = createReports(clock);
  const { states, speaker } = createPushWords(createPushStates(clock));
  const readBackEveryMs = init.readBackEveryMs ?? READ_BACK_EVERY_MS;
  const requests = createRequests({ ...init, readBackEveryMs }, { ...components, world });
  const found = { ...components, world, reports, states, requests };
  const pushing = createPushing({ readBackEveryMs }, found);
  const { promise: readToEnd, resolve: hasReadToEnd } = Promise.withResolvers<void>();
  let isCaughtUp = false;
  /** What is wanted in a log that is still being moved here was wanted long ago. */
  const settle = (): void => {
    if (isCaughtUp && isWholeLog(world)) hasReadToEnd();
  };
  /** Who has not read to the end leaves the jobs to others. */
  const ready = (signal: AbortSignal): Promise<void> =>
    Promise.race([readToEnd, untilAborted(signal)]);

  async function batch(entries: readonly Entry[]): Promise<void> {
    const touched = new Set<TargetName>();
    for (const entry of entries) {
      const event = loggedEvent(entry);
      const { ignored, specification } = world.apply(event);
      if (event.record === null) continue;
      const { id, aggregate, body } = event.record;
      if (aggregateKind(aggregate) !== 'target') continue;
      const target = aggregateName(aggregate);
      touched.add(target);
      // What failed under another URL or time-out may go now.
      if (specification) states.forget(target);
      if (body.type === 'AclReported' && !needsPush(world, target)) {
        states.confirmed(target, event.timeMs);
      }
      reports.met(id, ignored === null);
    }
    requests.ask(Array.from(touched).filter((target) => needsPush(world, target)));
    settle();
  }

  async function caughtUp(): Promise<void> {
    isCaughtUp = true;
    settle();
  }

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
        name: 'acl-requests',
        trigger: service(),
        handler: async (signal) => {
          await ready(signal);
          await Promise.all([requests.run(signal), requests.sweep(signal)]);
        },
      }),
      defineFunction({
        name: PUSH_QUEUE,
        trigger: job(PUSH_QUEUE, PUSH_WORK, ready),
        handler: pushing.first,
      }),
      defineFunction({
        name: AGAIN_QUEUE,
        trigger: job(AGAIN_QUEUE, PUSH_WORK, ready),
        handler: pushing.again,
      }),
      defineFunction({
        name: READ_BACK_QUEUE,
        trigger: job(READ_BACK_QUEUE, READ_BACK_WORK, ready),
        handler: pushing.readBack,
      }),
    ],
  };
}
