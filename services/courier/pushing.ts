/**
 * The handlers of the courier's queues. The first one never throws for its target's sake: what
 * fails there goes on in the queue of those that fail, where throwing means back-off. Neither has
 * anything to do before the log was read to its end: what is due is then asked for anew.
 */
import { lostAddresses, type WantedSet } from '../aggregates/target/wanted-set.ts';
import { canonicalJson } from '../contract/canonical.ts';
import { berthError, isBerthError } from '../contract/errors.ts';
import type { TargetName } from '../contract/identity.ts';
import type { WebhookSpec } from '../contract/objects.ts';
import type { AclDriver } from '../ports/acl-driver/port.ts';
import type { JobHandler } from '../ports/jobs/port.ts';
import { tell } from '../runtime/channels.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Random } from '../runtime/random.ts';
import { type BringInLineComponents, bringInLine } from './bring-in-line.ts';
import type { PushStates } from './push-states.ts';
import { BACKOFF, type Queues } from './queues.ts';

/** How the driver of a target is made. */
export type Connect = (target: TargetName, spec: WebhookSpec) => AclDriver;

export interface PushingComponents
  extends Pick<BringInLineComponents, 'world' | 'eventLog' | 'reports'> {
  readonly connect: Connect;
  readonly queues: Queues;
  readonly states: PushStates;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly readToEnd: () => boolean;
}

export interface Pushing {
  readonly first: JobHandler;
  readonly again: JobHandler;
}

export function createPushing(components: PushingComponents): Pushing {
  const { queues, states, clock, random, log, readToEnd } = components;
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
    if (queues.needsPush(target)) await queues.add([target]);
  }

  return {
    first: async ({ id: target }, signal) => {
      if (!readToEnd() || states.isFailing(target)) return;
      try {
        await push(target, signal);
      } catch (error) {
        if (signal.aborted) throw error;
        log.warn({ error, target }, 'ACL push failed, will be tried again');
        await queues.add([target], BACKOFF.firstMs * (1 - random.next() / 2));
      }
    },
    again: async ({ id: target }, signal) => {
      if (readToEnd() && states.isFailing(target)) await push(target, signal);
    },
  };
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
