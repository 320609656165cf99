/**
 * The courier's queues, which all couriers share; one job a target in each, so that one push of a
 * target runs at a time and the latest wish wins. A target whose push failed has a job in the queue
 * of those that fail, until it succeeds: that job is the breaker. While it is there the target is
 * tried from there alone, with back-off and jitter, so that one that hangs takes a place of those
 * that answer at most once, for one time-out, whichever courier it falls to.
 */
import { isInForce, wantedSet } from '../aggregates/target/wanted-set.ts';
import type { World } from '../aggregates/world.ts';
import { type Hash, hashOf } from '../contract/canonical.ts';
import type { TargetName } from '../contract/identity.ts';
import type { NewJob, WorkOptions } from '../ports/jobs/port.ts';

export const PUSH_QUEUE = 'acl-push';
/** Of targets whose last push failed. */
export const AGAIN_QUEUE = 'acl-push-again';
/** Asks each target now and then what is in force. */
export const READ_BACK_QUEUE = 'acl-read-back';

const RATE = { max: 200, windowMs: 1000 };
export const BACKOFF = { firstMs: 500, maxMs: 30_000 };
/** A push waits for its target and does little else, so there may be many. */
export const PUSH_WORK: WorkOptions = { concurrency: 256, rate: RATE, backoff: BACKOFF };
/** These only ask for pushes. */
export const READ_BACK_WORK: WorkOptions = { concurrency: 16, backoff: BACKOFF };

/** What a push job holds. What is pushed is read from the fold when it runs. */
export interface Wish {
  /** That of the set which was wanted then: who has not read so far leaves the job to others. */
  readonly revision: number;
  /** How the ACL was to be written then: what failed so may go otherwise. */
  readonly spec: Hash;
}

/** Null where there is nothing to write. */
export function wishOf(world: World, target: TargetName): Wish | null {
  const state = world.target(target);
  const wanted = state === undefined ? null : wantedSet(state);
  return wanted === null ? null : { revision: wanted.revision, spec: hashOf(wanted.driver) };
}

/** What the target said last is not what is wanted. */
export function needsPush(world: World, target: TargetName): boolean {
  const state = world.target(target);
  return state !== undefined && !isInForce(state);
}

export function pushJob(target: TargetName, wish: Wish, delayMs = 0): NewJob {
  return { id: target, data: { ...wish }, delayMs };
}

/** Around the time that is meant, so that targets are not all asked in one moment. */
export function readBackJob(target: TargetName, everyMs: number, random: number): NewJob {
  return { id: target, data: null, delayMs: everyMs * (0.75 + random / 2) };
}
