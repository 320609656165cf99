/** Captures of the native process: packets to some networks, counted by source. */
import type { Cidr } from '../../../services/contract/cidr.ts';
import { berthError } from '../../../services/contract/errors.ts';
import { type IpAddress, parseIp } from '../../../services/contract/ip-address.ts';
import type { EventOf } from './events.ts';

export interface CapturedSource {
  readonly address: IpAddress;
  readonly packets: number;
  /** Of its first packet: where to begin to look. */
  readonly firstDestination: IpAddress;
  /** An IP protocol number. */
  readonly firstProtocol: number;
}

export interface Captured {
  readonly packets: number;
  readonly missed: number;
  readonly sources: readonly CapturedSource[];
}

export interface RunningCapture {
  stop(): Promise<Captured>;
}

export interface Captures {
  /** Of what enters the namespace by any device. @throws BERTH_LAB_TRAFFIC */
  start(netns: string, to: readonly Cidr[]): Promise<RunningCapture>;
  onStarted(id: number): void;
  onFailed(event: EventOf<'capture-failed'>): void;
  onSource(event: EventOf<'captured'>): void;
  onEnded(event: EventOf<'capture-ended'>): void;
  onDeath(error: Error): void;
}

interface Tracked {
  readonly started: PromiseWithResolvers<void>;
  readonly ended: PromiseWithResolvers<Captured>;
  readonly sources: CapturedSource[];
}

export function captures(nextId: () => number, send: (command: string) => void): Captures {
  const tracked = new Map<number, Tracked>();
  return {
    start: async (netns, to) => {
      const id = nextId();
      const started = Promise.withResolvers<void>();
      const ended = Promise.withResolvers<Captured>();
      ended.promise.catch(() => {});
      tracked.set(id, { started, ended, sources: [] });
      send(`capture ${id} ${netns} ${to.join(' ')}`);
      await started.promise;
      return {
        stop: () => {
          send(`capture-stop ${id}`);
          return ended.promise;
        },
      };
    },
    onStarted: (id) => {
      tracked.get(id)?.started.resolve();
    },
    onFailed: ({ id, reason }) => {
      const error = berthError('BERTH_LAB_TRAFFIC', { reason: `no capture: ${reason}` });
      tracked.get(id)?.started.reject(error);
      tracked.delete(id);
    },
    onSource: ({ id, source, packets, firstDestination, firstProtocol }) => {
      tracked.get(id)?.sources.push({
        address: parseIp(source),
        packets,
        firstDestination: parseIp(firstDestination),
        firstProtocol,
      });
    },
    onEnded: ({ id, packets, missed }) => {
      const capture = tracked.get(id);
      capture?.ended.resolve({ packets, missed, sources: capture.sources });
      tracked.delete(id);
    },
    onDeath: (error) => {
      for (const { started, ended } of tracked.values()) {
        started.reject(error);
        ended.reject(error);
      }
      tracked.clear();
    },
  };
}
