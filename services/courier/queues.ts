/**
 * The courier's two queues, one job a target in each, so that one push of a target runs at a time
 * and the latest set wins. A target whose push failed waits in a queue of its own, with back-off
 * and jitter: it takes a worker of those that answer at most once, for one time-out.
 */
import { isInForce, wantedSet } from '../aggregates/target/wanted-set.ts';
import type { World } from '../aggregates/world.ts';
import type { TargetName } from '../contract/identity.ts';
import type { Jobs, NewJob, WorkOptions } from '../ports/jobs/port.ts';
import type { PushStates } from './push-states.ts';

export const PUSH_QUEUE = 'acl-push';
/** Of targets whose last push failed. */
export const AGAIN_QUEUE = 'acl-push-again';

const RATE = { max: 200, windowMs: 1000 };
export const BACKOFF = { firstMs: 500, maxMs: 30_000 };
/** A push waits for its target and does little else, so there may be many. */
export const PUSH_WORK: WorkOptions = { concurrency: 256, rate: RATE, backoff: BACKOFF };

export interface Queues {
  /** Those that have an ACL of ours; others are left out. */
  add(targets: Iterable<TargetName>, delayMs?: number): Promise<void>;
  /** What the target said last is not what is wanted. */
  needsPush(target: TargetName): boolean;
}

export function createQueues(components: {
  readonly world: World;
  readonly jobs: Jobs;
  readonly states: PushStates;
}): Queues {
  const { world, jobs, states } = components;
  return {
    add: async (targets, delayMs = 0) => {
      const byQueue = new Map<string, NewJob[]>();
      for (const target of targets) {
        const state = world.target(target);
        const wanted = state === undefined ? null : wantedSet(state);
        if (wanted === null) continue;
        const queue = states.isFailing(target) ? AGAIN_QUEUE : PUSH_QUEUE;
        const data = { target, revision: wanted.revision };
        byQueue.set(queue, [...(byQueue.get(queue) ?? []), { id: target, data, delayMs }]);
      }
      for (const [queue, added] of byQueue) await jobs.add(queue, added);
    },
    needsPush: (target) => {
      const state = world.target(target);
      return state !== undefined && !isInForce(state);
    },
  };
}
