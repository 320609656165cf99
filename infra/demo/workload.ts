/**
 * What the pods of the demo do: each keeps long connections to every target, makes short ones all
 * the time, and sends numbered UDP packets. Loss is counted over the window around a kill. The last
 * address of the last target is left out: it becomes protected only on the way.
 */

import type { Clock } from '../../services/runtime/clock.ts';
import type { LabPod } from '../lab/pods.ts';
import type { LabTarget } from '../lab/targets.ts';
import type { Endpoint, TcpClient, TcpClientInit, TcpTotals } from '../lab/traffic/tcp-clients.ts';
import type { Traffic } from '../lab/traffic/traffic.ts';
import type { UdpWindow } from '../lab/traffic/udp-probes.ts';
import { type HeavyTraffic, startHeavyTraffic } from './heavy-traffic.ts';
import type { SeededRandom } from './seeded-random.ts';

export interface Workload {
  /** `talksTo`: names of targets. @default all */
  start(pod: LabPod, talksTo?: readonly string[]): void;
  stop(uid: string): void;
  totals(): TcpTotals;
  /** No new connections until it is resumed; ends when none is half made. */
  pause(): Promise<void>;
  resume(): void;
  openUdpWindow(): UdpWindow;
  /** In those of these pods that run; answers once it flows. */
  startHeavyTraffic(uids: readonly string[]): Promise<HeavyTraffic>;
  /** One connection of some pod to the address that was left out; whether it was made. */
  tryLateAddress(): Promise<boolean>;
}

const LONG_INTERVAL_MS = 200;
const SHORT_PAUSE_MS = 1_500;
const SHORT_MESSAGES = 3;
const UDP_INTERVAL_US = 20_000;

interface Destinations {
  readonly usual: readonly (readonly Endpoint[])[];
  readonly late: Endpoint | null;
}

export function createWorkload(
  targets: readonly LabTarget[],
  components: { readonly traffic: Traffic; readonly clock: Clock; readonly random: SeededRandom },
): Workload {
  const { traffic, clock, random } = components;
  const { usual, late } = destinationsOf(targets);
  const names = targets.map(({ name }) => name);
  const running = new Map<
    string,
    { readonly pod: LabPod; readonly to: Endpoint; readonly stop: AbortController }
  >();

  const connecting = new Set<Promise<unknown>>();
  let pausing: PromiseWithResolvers<void> | null = null;

  function connect(init: TcpClientInit): TcpClient {
    const client = traffic.connect(init);
    connecting.add(client.established);
    void client.established.then(() => connecting.delete(client.established));
    return client;
  }

  function pick(endpoints: readonly Endpoint[]): Endpoint[] {
    return endpoints.slice(random.below(endpoints.length)).slice(0, 1);
  }

  async function shortConnections(
    pod: LabPod,
    those: Destinations['usual'],
    signal: AbortSignal,
  ): Promise<void> {
    for (let turn = 0; !signal.aborted; turn++) {
      await clock.sleep(SHORT_PAUSE_MS, signal);
      for (const to of pick(those[turn % those.length] ?? [])) {
        await pausing?.promise;
        if (signal.aborted) return;
        await connect({ pod, to, messages: SHORT_MESSAGES }).outcome;
      }
    }
  }

  return {
    start: (pod, talksTo = names) => {
      const those = usual.filter((_, at) => talksTo.includes(names[at] ?? ''));
      if (those.length === 0) return;
      const stop = new AbortController();
      const [first, ...others] = those.flatMap(pick);
      if (first === undefined) return;
      running.set(pod.uid, { pod, to: first, stop });
      for (const to of [first, ...others]) {
        connect({ pod, to, intervalMs: LONG_INTERVAL_MS });
        traffic.probe({ pod, to, intervalUs: UDP_INTERVAL_US });
      }
      void shortConnections(pod, those, stop.signal);
    },
    stop: (uid) => {
      running.get(uid)?.stop.abort();
      running.delete(uid);
    },
    totals: () => traffic.tcpTotals(),
    pause: async () => {
      pausing ??= Promise.withResolvers();
      await Promise.all(connecting);
    },
    resume: () => {
      pausing?.resolve();
      pausing = null;
    },
    openUdpWindow: () => traffic.openUdpWindow(),
    startHeavyTraffic: (uids) =>
      startHeavyTraffic(
        uids.flatMap((uid) => running.get(uid) ?? []),
        { traffic, connect },
      ),
    tryLateAddress: async () => {
      const [first] = running.values();
      if (late === null || first === undefined) return false;
      const client = connect({ pod: first.pod, to: late, messages: 1 });
      return (await client.outcome).kind === 'closed';
    },
  };
}

function destinationsOf(targets: readonly LabTarget[]): Destinations {
  const all = targets.map(({ addresses, port }) => addresses.map((address) => ({ address, port })));
  const late = all.at(-1)?.pop() ?? null;
  return { usual: all, late };
}
