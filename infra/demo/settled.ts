/**
 * Waits until the installation has come to rest: every node concerned has applied and read back its
 * last version, and every selected pod has its berth or is known to be without (Exhausted). Pods
 * that wait for what the outside world has not given (a pool, a target's confirmation) do not keep
 * it from resting: then nothing changes any more.
 */
import type { EgressNatStatus, Status } from '../../services/console/status.ts';
import type { Clock } from '../../services/runtime/clock.ts';
import type { Control } from './control.ts';

const SETTLE_TIMEOUT_MS = 30_000;
const QUIET_MS = 5_000;

/** Whether it came to rest in time. */
export function untilSettled(control: Control, clock: Clock): Promise<boolean> {
  let last = '';
  let quietSinceMs = clock.nowMs();
  return control.waitUntil((status) => {
    const version = JSON.stringify([status.version, status.converged]);
    if (version !== last) quietSinceMs = clock.nowMs();
    last = version;
    const isQuiet = clock.nowMs() - quietSinceMs >= QUIET_MS;
    return status.converged && (isQuiet || status.egressNats.every(isServed));
  }, SETTLE_TIMEOUT_MS);
}

function isServed({ pods, exhausted }: EgressNatStatus): boolean {
  return pods.mapped + exhausted.length >= pods.matched;
}

/** Pods that have no berth, each EgressNat on a line of its own, for people. */
export function waitingPods({ egressNats }: Status): readonly string[] {
  return egressNats.flatMap(({ namespace, name, pods, exhausted, waitsFor }) => {
    const waiting = pods.matched - pods.mapped;
    if (waiting <= 0) return [];
    const why = exhausted.length > 0 ? 'Exhausted' : `waiting for ${waitsFor ?? 'their node'}`;
    return [`${waiting} of ${namespace}/${name}: ${why}`];
  });
}
