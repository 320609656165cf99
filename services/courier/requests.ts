/**
 * Asks the jobs for pushes and read-backs, beside the reading of the log, which waits for no Redis.
 * What was asked for and lost, were it all at once, is found by the sweep: it asks again for every
 * push that the fold says is due, and for a read-back of every target. A job that is there already
 * stays as it is, so that the number of jobs does not grow with the number of couriers.
 */
import type { World } from '../aggregates/world.ts';
import { aggregateName, type TargetName } from '../contract/identity.ts';
import type { Jobs } from '../ports/jobs/port.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Random } from '../runtime/random.ts';
import { wakeUp } from '../runtime/wake.ts';
import {
  needsPush,
  PUSH_QUEUE,
  pushJob,
  READ_BACK_QUEUE,
  readBackJob,
  type Wish,
  wishOf,
} from './queues.ts';

export interface RequestsInit {
  readonly readBackEveryMs: number;
  /** How long after a loss of all jobs they are there again. @default 30_000 */
  readonly sweepEveryMs?: number;
}

export interface RequestsComponents {
  readonly world: World;
  readonly jobs: Jobs;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface Requests {
  /** Never waits. Those that have no ACL of ours are left out. */
  ask(targets: Iterable<TargetName>): void;
  /** Hands them over until its signal is aborted. */
  run(signal: AbortSignal): Promise<void>;
  /** Asks for all that is due, at once and again and again. */
  sweep(signal: AbortSignal): Promise<void>;
}

const SWEEP_EVERY_MS = 30_000;
const RETRY_MS = 1_000;

export function createRequests(
  { readBackEveryMs, sweepEveryMs = SWEEP_EVERY_MS }: RequestsInit,
  { world, jobs, clock, random, log }: RequestsComponents,
): Requests {
  const asked = new Set<TargetName>();
  const wake = wakeUp();

  function ask(targets: Iterable<TargetName>): void {
    for (const target of targets) asked.add(target);
    if (asked.size > 0) wake.all();
  }

  function wishesOf(targets: Iterable<TargetName>): [TargetName, Wish][] {
    return Array.from(targets).flatMap((target) => {
      const wish = wishOf(world, target);
      return wish === null ? [] : [[target, wish] as [TargetName, Wish]];
    });
  }

  async function addReadBacks(targets: readonly TargetName[]): Promise<void> {
    const added = targets.map((target) => readBackJob(target, readBackEveryMs, random.next()));
    if (added.length > 0) await jobs.add(READ_BACK_QUEUE, added);
  }

  return {
    ask,
    async run(signal) {
      while (!signal.aborted) {
        if (asked.size === 0) await wake.next(signal);
        if (signal.aborted) return;
        // Of those that were asked for before the log was read, most have long been pushed.
        const wishes = wishesOf(Array.from(asked).filter((target) => needsPush(world, target)));
        const taken = [...asked];
        asked.clear();
        if (wishes.length === 0) continue;
        try {
          const pushes = wishes.map(([target, wish]) => pushJob(target, wish));
          await jobs.add(PUSH_QUEUE, pushes);
          await addReadBacks(wishes.map(([target]) => target));
        } catch (error) {
          log.warn({ error, targets: taken.length }, 'pushes were not asked for, again soon');
          for (const target of taken) asked.add(target);
          await clock.sleep(RETRY_MS, signal);
        }
      }
    },
    async sweep(signal) {
      while (!signal.aborted) {
        const targets = Array.from(world.aggregates()).flatMap(({ kind, key }) =>
          kind === 'target' ? aggregateName(key) : [],
        );
        ask(targets.filter((target) => needsPush(world, target)));
        try {
          await addReadBacks(wishesOf(targets).map(([target]) => target));
        } catch (error) {
          log.debug({ error }, 'read-backs were not asked for');
        }
        await clock.sleep(sweepEveryMs, signal);
      }
    },
  };
}
