/**
 * The handlers of the courier's queues. The first one never throws for its target's sake: what
 * fails there goes on in the queue of those that fail, where throwing means back-off. What is to be
 * pushed is read from the fold; a courier that has not read as far as the wish hands the job back.
 */
import { lostAddresses, type WantedSet } from '../aggregates/target/wanted-set.ts';
import { canonicalJson, type Json } from '../contract/canonical.ts';
import { berthError, isBerthError } from '../contract/errors.ts';
import type { TargetName } from '../contract/identity.ts';
import type { WebhookSpec } from '../contract/objects.ts';
import type { AclDriver } from '../ports/acl-driver/port.ts';
import type { Job, JobHandler, Jobs } from '../ports/jobs/port.ts';
import { tell } from '../runtime/channels.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Random } from '../runtime/random.ts';
import { type BringInLineComponents, bringInLine } from './bring-in-line.ts';
import type { PushStates } from './push-states.ts';
import {
  AGAIN_QUEUE,
  BACKOFF,
  needsPush,
  PUSH_QUEUE,
  pushJob,
  READ_BACK_QUEUE,
  readBackJob,
  type Wish,
  wishOf,
} from './queues.ts';
import type { Requests } from './requests.ts';

/** How the driver of a target is made. */
export type Connect = (target: TargetName, spec: WebhookSpec) => AclDriver;

export interface PushingComponents
  extends Pick<BringInLineComponents, 'world' | 'eventLog' | 'reports'> {
  readonly connect: Connect;
  readonly jobs: Jobs;
  readonly requests: Requests;
  readonly states: PushStates;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface Pushing {
  readonly first: JobHandler;
  readonly again: JobHandler;
  readonly readBack: JobHandler;
}

/** After so many tries nobody knows of the wish: it is of a log that is no more. */
const BEHIND_ATTEMPTS_MAX = 10;

export function createPushing(
  { readBackEveryMs }: { readonly readBackEveryMs: number },
  components: PushingComponents,
): Pushing {
  const { world, jobs, requests, states, clock, random, log } = components;
  const drivers = createDrivers(components.connect);

  async function push(target: TargetName, signal: AbortSignal): Promise<void> {
    const onReadBack = (): void => tellLost(target, components);
    try {
      const found = { ...components, driverOf: drivers.of, onReadBack };
      if (await bringInLine(target, found, signal)) {
        states.succeeded(target, clock.nowMs());
        tell('berth:courier:push-ended', { target, code: null });
      } else {
        drivers.forget(target);
        states.forget(target);
      }
    } catch (error) {
      // What a process that stops breaks off says nothing of the target.
      if (!signal.aborted) {
        states.failed(target, error, clock.nowMs());
        const code = isBerthError(error) ? error.code : 'other';
        tell('berth:courier:push-ended', { target, code });
      }
      throw error;
    }
    // Wanted otherwise while it was written.
    if (needsPush(world, target)) requests.ask([target]);
  }

  function refuseIfBehind({ id: target, data, attempt }: Job): void {
    const { revision } = data as unknown as Wish;
    const read = world.target(target)?.revision ?? 0;
    if (revision <= read || attempt > BEHIND_ATTEMPTS_MAX) return;
    throw berthError('BERTH_COURIER_BEHIND', { target, revision, read });
  }

  /** Whoever takes it: from now on the target is tried from there. */
  async function goOnAgain(target: TargetName, delayMs: number): Promise<void> {
    const wish = wishOf(world, target);
    if (wish !== null) await jobs.add(AGAIN_QUEUE, [pushJob(target, wish, delayMs)]);
  }

  return {
    first: async (job, signal) => {
      const target = job.id;
      refuseIfBehind(job);
      const failing = await jobs.held(AGAIN_QUEUE, target);
      const wish = wishOf(world, target);
      if (failing !== null && isOfSpec(failing.data, wish)) {
        // One that runs now runs again afterwards; of the same wish it has its own time for that.
        return isOfRevision(failing.data, wish) ? undefined : goOnAgain(target, BACKOFF.firstMs);
      }
      try {
        await push(target, signal);
      } catch (error) {
        if (signal.aborted) throw error;
        log.warn({ error, target }, 'ACL push failed, will be tried again');
        const backoffMs = BACKOFF.firstMs * (1 - random.next() / 2);
        await goOnAgain(target, Math.max(backoffMs, retryAfterMs(error)));
      }
    },
    again: async (job, signal) => {
      refuseIfBehind(job);
      try {
        await push(job.id, signal);
      } catch (error) {
        const waitMs = retryAfterMs(error);
        if (waitMs < BACKOFF.firstMs || signal.aborted) throw error;
        log.warn({ error, target: job.id, retryInMs: waitMs }, 'ACL push failed, as told later');
        await goOnAgain(job.id, waitMs);
      }
    },
    readBack: async ({ id: target }) => {
      const wish = wishOf(world, target);
      if (wish === null) return;
      await jobs.add(PUSH_QUEUE, [pushJob(target, wish)]);
      await jobs.add(READ_BACK_QUEUE, [readBackJob(target, readBackEveryMs, random.next())]);
    },
  };
}

/** What the target asked for; 0: nothing. */
function retryAfterMs(error: unknown): number {
  return isBerthError(error) ? Number(error.details['retryAfterMs'] ?? 0) : 0;
}

function isOfSpec(data: Json, wish: Wish | null): boolean {
  return (data as unknown as Wish).spec === wish?.spec;
}

function isOfRevision(data: Json, wish: Wish | null): boolean {
  return (data as unknown as Wish).revision === wish?.revision;
}

/** A confirmation that was lost takes nothing from running pods; somebody must hear of it. */
function tellLost(target: TargetName, { world, states, clock, log }: PushingComponents): void {
  states.readBack(target, clock.nowMs());
  const state = world.target(target);
  const lost = state === undefined ? [] : lostAddresses(state);
  if (lost.length === 0) return;
  const error = berthError('BERTH_ACL_LOST', { target, addresses: lost.join(', ') });
  log.error({ error, target }, 'a target lost addresses that it had confirmed');
}

interface Drivers {
  /** The same one for as long as the target's specification says the same. */
  of(wanted: WantedSet): AclDriver;
  forget(target: TargetName): void;
}

function createDrivers(connect: Connect): Drivers {
  const drivers = new Map<TargetName, { readonly spec: string; readonly driver: AclDriver }>();
  return {
    of: ({ target, driver: wanted }) => {
      const spec = canonicalJson(wanted);
      const known = drivers.get(target);
      if (known?.spec === spec) return known.driver;
      const driver = connect(target, wanted);
      drivers.set(target, { spec, driver });
      return driver;
    },
    forget: (target) => {
      drivers.delete(target);
    },
  };
}
