/**
 * Questions of agents whether the gateways are at a version: answered as soon as they all are, or
 * with no when the bound has passed. Asked once for each pod that starts, so bounded by what
 * starts at once; a breach of that order costs a retransmission, never a leak.
 */
import type { Version } from '../contract/version.ts';
import type { Clock } from '../runtime/clock.ts';

export interface GatewayWaitsInit {
  readonly boundMs: number;
}

export interface GatewayWaitsComponents {
  readonly clock: Clock;
  /** Whether every gateway has this version in force. */
  readonly inForce: (version: Version) => boolean;
}

export type GatewayAnswer = (inForce: boolean) => void;

export interface GatewayWaits {
  /** `by` is whoever is to be forgotten by `drop`. */
  ask(by: object, version: Version, answer: GatewayAnswer): void;
  /** A gateway came, went or acked something. */
  look(): void;
  /** Nobody waits for these answers any more. */
  drop(by: object): void;
}

const WAITS_MAX = 10_000;

interface Wait {
  readonly by: object;
  readonly version: Version;
  readonly settle: GatewayAnswer;
}

export function createGatewayWaits(
  { boundMs }: GatewayWaitsInit,
  { clock, inForce }: GatewayWaitsComponents,
): GatewayWaits {
  const waits = new Set<Wait>();

  return {
    ask: (by, version, answer) => {
      if (inForce(version) || waits.size >= WAITS_MAX) {
        answer(inForce(version));
        return;
      }
      const cancel = clock.after(boundMs, () => wait.settle(false));
      const settle: GatewayAnswer = (yes) => {
        cancel();
        if (waits.delete(wait)) answer(yes);
      };
      const wait: Wait = { by, version, settle };
      waits.add(wait);
    },
    look: () => {
      for (const wait of waits) if (inForce(wait.version)) wait.settle(true);
    },
    drop: (by) => {
      for (const wait of waits) {
        if (wait.by !== by) continue;
        waits.delete(wait);
        wait.settle(false);
      }
    },
  };
}
