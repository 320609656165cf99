/** The UDP and ICMP echo probes of a lab, and the windows in which what they lost is counted. */
import type { IpAddress } from '../../../services/contract/ip-address.ts';
import type { EventOf } from './events.ts';
import type { ClientPod, Endpoint } from './tcp-clients.ts';

export interface UdpProbeInit {
  readonly pod: ClientPod;
  readonly to: Endpoint;
  /** @default 5000, which is 200 packets/s; 500 to 250000 */
  readonly intervalUs?: number;
  /** @default chosen by the kernel */
  readonly sourcePort?: number;
}

export interface EchoProbeInit {
  readonly pod: ClientPod;
  readonly to: IpAddress;
  readonly queryId: number;
}

export interface UdpProbe {
  readonly podUid: string;
  readonly to: Endpoint;
  /** Resolves when it ended, also with its pod; an errno name when it could not be started. */
  readonly ended: Promise<string | null>;
  /** Sends no more, and waits until the fate of what was sent is known. */
  close(): Promise<void>;
  /**
   * Once it ended: the longest time of which nothing that was sent came back, from the sending of
   * the first loss to that of the next datagram that was echoed.
   */
  readonly longestPauseMs: number;
}

export interface UdpCounts {
  readonly sent: number;
  /** Sent and not echoed within a second. */
  readonly lost: number;
  /** How often the kernel said so at once (EHOSTUNREACH, ECONNREFUSED); these are lost, too. */
  readonly rejected: number;
}

/** Datagrams sent while it is open, by any probe. */
export interface UdpWindow {
  /** Ends it now, and waits until the fate of all its datagrams is known: 1.5 s. */
  close(): Promise<UdpCounts>;
}

export interface LostSample {
  readonly podUid: string;
  readonly to: Endpoint;
  readonly sentAtMs: number;
}

export interface UdpProbes {
  start(init: UdpProbeInit): UdpProbe;
  /** The pod's `net.ipv4.ping_group_range` must admit it. */
  ping(init: EchoProbeInit): UdpProbe;
  openWindow(): UdpWindow;
  onEnded(id: number, reason: string | null, longestPauseUs: number): void;
  onWindow(event: EventOf<'window'>): void;
  onLost(event: EventOf<'lost'>): void;
  onDeath(error: Error): void;
  lostSamples(): readonly LostSample[];
}

const INTERVAL_US = 5_000;
const SAMPLES_MAX = 1_000;
const US_PER_MS = 1000;

export function udpProbes(nextId: () => number, send: (command: string) => void): UdpProbes {
  const probes = new Map<
    number,
    {
      podUid: string;
      to: Endpoint;
      ended: PromiseWithResolvers<string | null>;
      longestPauseMs: number;
    }
  >();
  const windows = new Map<number, PromiseWithResolvers<UdpCounts>>();
  const lost: LostSample[] = [];

  const onEnded = (id: number, reason: string | null, longestPauseUs: number): void => {
    const probe = probes.get(id);
    if (probe === undefined) return;
    probe.longestPauseMs = longestPauseUs / US_PER_MS;
    probe.ended.resolve(reason);
    probes.delete(id);
  };

  const begin = (
    { uid: podUid }: ClientPod,
    to: Endpoint,
    command: (id: number) => string,
  ): UdpProbe => {
    const id = nextId();
    const ended = Promise.withResolvers<string | null>();
    const probe = { podUid, to, ended, longestPauseMs: 0 };
    probes.set(id, probe);
    send(command(id));
    return {
      podUid,
      to,
      ended: ended.promise,
      close: async () => {
        send(`close ${id}`);
        await ended.promise;
      },
      get longestPauseMs() {
        return probe.longestPauseMs;
      },
    };
  };

  return {
    start: ({ pod, to, sourcePort = 0, intervalUs = INTERVAL_US }) =>
      begin(pod, to, (id) => {
        const ends = `${pod.netns} ${to.address} ${to.port} ${sourcePort}`;
        return `udp ${id} ${ends} ${intervalUs}`;
      }),
    ping: ({ pod, to, queryId }) =>
      begin(pod, { address: to, port: 0 }, (id) => {
        return `echo ${id} ${pod.netns} ${to} ${queryId} ${INTERVAL_US}`;
      }),
    openWindow: () => {
      const id = nextId();
      const counts = Promise.withResolvers<UdpCounts>();
      counts.promise.catch(() => {});
      windows.set(id, counts);
      send(`window-open ${id}`);
      return {
        close: () => {
          send(`window-close ${id}`);
          return counts.promise;
        },
      };
    },
    onEnded,
    onWindow: ({ id, sent, lost: lostCount, rejected }) => {
      windows.get(id)?.resolve({ sent, lost: lostCount, rejected });
      windows.delete(id);
    },
    onLost: ({ id, sentAtMs }) => {
      const probe = probes.get(id);
      if (probe === undefined || lost.length >= SAMPLES_MAX) return;
      lost.push({ podUid: probe.podUid, to: probe.to, sentAtMs });
    },
    onDeath: (error) => {
      for (const id of [...probes.keys()]) onEnded(id, 'traffic-process-ended', 0);
      for (const counts of windows.values()) counts.reject(error);
      windows.clear();
    },
    lostSamples: () => [...lost],
  };
}
