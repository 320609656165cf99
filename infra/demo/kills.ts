/**
 * Kills a process while traffic flows and starts it again, and counts the UDP packets that were
 * sent in between and never echoed. The datapath lives in the kernel, so it should be none.
 */
import type { Clock } from '../../services/runtime/clock.ts';
import type { Stage } from './stage.ts';

/** How long it stays dead, and how long it is watched afterwards. */
const DOWN_MS = 2_000;
const AFTER_MS = 3_000;

export interface Victim {
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Resolves once it works again, or after its own bound. */
  ready(): Promise<void>;
}

/** Undefined where there is no traffic to lose. */
export async function killAndRestart(
  victim: Victim,
  { stage, clock }: { readonly stage: Stage; readonly clock: Clock },
): Promise<{ readonly packetsLost: number } | undefined> {
  const window = stage.workload?.openUdpWindow();
  await victim.kill();
  await clock.sleep(DOWN_MS);
  await victim.start();
  await victim.ready();
  if (window === undefined) return undefined;
  await clock.sleep(AFTER_MS);
  return { packetsLost: (await window.close()).lost };
}
