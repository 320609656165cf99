/**
 * What the kernel says of packets that it held back, or would hold back: a line of the log for each
 * of its events, and sums by pod and reason for whoever asks why a pod cannot connect. The kernel
 * tells once a second of a pod and reason, with how many there were; packets since its last event
 * are in the datapath's counters alone.
 */
import type { PodUid } from '../contract/identity.ts';
import type { IpAddress } from '../contract/ip-address.ts';
import type { DatapathEvent, DatapathEvents } from '../ports/datapath/port.ts';
import type { ReasonName } from '../ports/datapath/tables/reasons.gen.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';

export interface HeldBackComponents {
  readonly events: DatapathEvents;
  /** Of the pod that has this address now; null: none is announced. */
  readonly podOf: (ip: IpAddress) => PodUid | null;
  readonly clock: Clock;
  readonly log: Log;
}

export interface HeldBackPackets {
  /** Null: of addresses that no announced pod had. */
  readonly pod: PodUid | null;
  readonly reason: ReasonName;
  readonly packets: number;
}

export interface HeldBack {
  run(stop: AbortSignal): Promise<void>;
  /** Since the agent started, those told of most lately last; 1024 at most. */
  sums(): readonly HeldBackPackets[];
}

const LOOK_EVERY_MS = 100;
/** Sums of what is told of least lately go. */
const SUMS_MAX = 1024;
const PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [1, 'ICMP'],
  [6, 'TCP'],
  [17, 'UDP'],
]);

export function createHeldBack({ events, podOf, clock, log }: HeldBackComponents): HeldBack {
  const sums = new Map<string, HeldBackPackets>();

  function add(pod: PodUid | null, reason: ReasonName, packets: number): void {
    const key = `${pod ?? ''} ${reason}`;
    const sum = (sums.get(key)?.packets ?? 0) + packets;
    sums.delete(key);
    sums.set(key, { pod, reason, packets: sum });
    const [oldest] = sums.keys();
    if (sums.size > SUMS_MAX && oldest !== undefined) sums.delete(oldest);
  }

  function take(event: DatapathEvent): void {
    const { podIp, reason, destination, destinationPort, protocol, untold } = event;
    const pod = podOf(podIp);
    const packets = untold + 1;
    add(pod, reason, packets);
    const name = PROTOCOLS.get(protocol) ?? protocol;
    const fields = { pod, podIp, reason, destination, destinationPort, protocol: name, packets };
    if (reason === 'WOULD_REJECT') log.info(fields, 'packet passed: its target is only observed');
    else log.warn(fields, 'packet held back');
  }

  function takeAll(): void {
    try {
      for (const event of events.take()) take(event);
    } catch (error) {
      // Nothing depends on them: packets and counters go on.
      log.error({ error }, 'events of the kernel cannot be read');
    }
  }

  return {
    async run(stop) {
      while (!stop.aborted) {
        takeAll();
        await clock.sleep(LOOK_EVERY_MS, stop);
      }
    },
    sums: () => [...sums.values()],
  };
}
