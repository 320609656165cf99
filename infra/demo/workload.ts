/**
 * What the pods of the demo do: each keeps long connections to every target, makes short ones all
 * the time, and sends numbered UDP packets. Loss is counted over the window around a kill.
 */

import type { Clock } from '../../services/runtime/clock.ts';
import type { LabPod } from '../lab/pods.ts';
import type { Endpoint, TcpTotals } from '../lab/traffic/tcp-clients.ts';
import type { Traffic } from '../lab/traffic/traffic.ts';
import type { UdpWindow } from '../lab/traffic/udp-probes.ts';
import type { SeededRandom } from './seeded-random.ts';

export interface Workload {
  start(pod: LabPod): void;
  stop(uid: string): void;
  totals(): TcpTotals;
  openUdpWindow(): UdpWindow;
  /** One connection to an address that nobody used before; whether it was established. */
  tryOnce(pod: LabPod, to: Endpoint): Promise<boolean>;
}

const LONG_INTERVAL_MS = 200;
const SHORT_PAUSE_MS = 1_500;
const SHORT_MESSAGES = 3;
const UDP_INTERVAL_US = 20_000;

export interface WorkloadInit {
  /** Addresses to talk to, by target. */
  readonly targets: readonly { readonly addresses: readonly string[]; readonly port: number }[];
}

export function createWorkload(
  init: WorkloadInit,
  components: { readonly traffic: Traffic; readonly clock: Clock; readonly random: SeededRandom },
): Workload {
  const { traffic, clock, random } = components;
  const stops = new Map<string, AbortController>();

  const pick = (target: WorkloadInit['targets'][number]): Endpoint => ({
    address: (target.addresses[random.below(target.addresses.length)] ?? '') as Endpoint['address'],
    port: target.port,
  });

  async function shortConnections(pod: LabPod, signal: AbortSignal): Promise<void> {
    for (let turn = 0; !signal.aborted; turn++) {
      await clock.sleep(SHORT_PAUSE_MS, signal);
      const target = init.targets[turn % init.targets.length];
      if (signal.aborted || target === undefined) return;
      const client = traffic.connect({ pod, to: pick(target), messages: SHORT_MESSAGES });
      await client.outcome;
    }
  }

  return {
    start: (pod) => {
      const stop = new AbortController();
      stops.set(pod.uid, stop);
      for (const target of init.targets) {
        traffic.connect({ pod, to: pick(target), intervalMs: LONG_INTERVAL_MS });
        traffic.probe({ pod, to: pick(target), intervalUs: UDP_INTERVAL_US });
      }
      void shortConnections(pod, stop.signal);
    },
    stop: (uid) => {
      stops.get(uid)?.abort();
      stops.delete(uid);
    },
    totals: () => traffic.tcpTotals(),
    openUdpWindow: () => traffic.openUdpWindow(),
    tryOnce: async (pod, to) => {
      const client = traffic.connect({ pod, to, messages: 1 });
      const outcome = await client.outcome;
      return outcome.kind === 'closed';
    },
  };
}
