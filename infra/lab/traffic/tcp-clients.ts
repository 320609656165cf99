/** The TCP clients of a lab as promises, and their totals. */
import type { IpAddress } from '../../../services/contract/ip-address.ts';
import type { EventOf } from './events.ts';

export interface Endpoint {
  readonly address: IpAddress;
  readonly port: number;
}

/** The part of a pod that a client needs. */
export interface ClientPod {
  readonly uid: string;
  readonly netns: string;
}

export interface TcpClientInit {
  readonly pod: ClientPod;
  readonly to: Endpoint;
  /** Sent, echoed, compared; then the next. @default 256; up to 1 MiB */
  readonly messageBytes?: number;
  /** From the start of one message to that of the next; 0: as fast as it goes. @default 100 */
  readonly intervalMs?: number;
  /** Closes after so many. @default null: goes on until it is closed */
  readonly messages?: number | null;
  /** Bound before connect. @default chosen by the kernel */
  readonly sourcePort?: number;
  /** No echo for so long is `broken`. @default 15000 */
  readonly stallMs?: number;
  /** @default 5000 */
  readonly connectMs?: number;
}

/**
 * failed: never established; the reason is an errno name (ECONNREFUSED, EHOSTUNREACH, ETIMEDOUT).
 * broken: established, then ended otherwise than by us: an errno name, `mismatch` (other bytes
 * than were sent), `stalled`, `closed-by-peer`.
 * closed: by us, in order. pod-deleted: ended with its pod.
 */
export interface TcpOutcome {
  readonly kind: 'closed' | 'failed' | 'broken' | 'pod-deleted';
  readonly reason: string | null;
  /** How many came back whole. */
  readonly messages: number;
  readonly atMs: number;
}

export interface TcpClient {
  readonly podUid: string;
  readonly to: Endpoint;
  /** The source port in the pod, or null when it never was. */
  readonly established: Promise<number | null>;
  readonly outcome: Promise<TcpOutcome>;
  /** Lets the message under way end, then closes. */
  close(): Promise<TcpOutcome>;
}

export interface BrokenClient extends TcpOutcome {
  readonly podUid: string;
  readonly to: Endpoint;
}

export interface TcpTotals {
  readonly attempted: number;
  readonly established: number;
  readonly failed: number;
  /** Without connections whose pod was deleted. */
  readonly broken: number;
  /** Established and not ended yet. */
  readonly open: number;
  /** The first of the broken, for the reader of a red report. */
  readonly brokenSamples: readonly BrokenClient[];
}

export interface TcpClients {
  start(init: TcpClientInit): TcpClient;
  onEstablished(event: EventOf<'established'>): void;
  onEnded(event: EventOf<'ended'>): void;
  /** Nothing goes on: what was open is broken. */
  onDeath(atMs: number): void;
  totals(): TcpTotals;
}

interface Tracked {
  readonly init: TcpClientInit;
  readonly established: PromiseWithResolvers<number | null>;
  readonly outcome: PromiseWithResolvers<TcpOutcome>;
  isEstablished: boolean;
}

const SAMPLES_MAX = 100;
const MESSAGE_BYTES = 256;
const INTERVAL_MS = 100;
const STALL_MS = 15_000;
const CONNECT_MS = 5_000;

/** `nextId` is shared with the UDP probes. */
export function tcpClients(nextId: () => number, send: (command: string) => void): TcpClients {
  const tracked = new Map<number, Tracked>();
  const count = { attempted: 0, established: 0, failed: 0, broken: 0 };
  const brokenSamples: BrokenClient[] = [];

  const end = (id: number, outcome: TcpOutcome): void => {
    const client = tracked.get(id);
    if (client === undefined) return;
    tracked.delete(id);
    if (outcome.kind === 'failed') count.failed++;
    if (outcome.kind === 'broken') {
      count.broken++;
      const { pod, to } = client.init;
      if (brokenSamples.length < SAMPLES_MAX)
        brokenSamples.push({ ...outcome, podUid: pod.uid, to });
    }
    client.established.resolve(null);
    client.outcome.resolve(outcome);
  };

  return {
    start: (init) => {
      const id = nextId();
      const established = Promise.withResolvers<number | null>();
      const outcome = Promise.withResolvers<TcpOutcome>();
      tracked.set(id, { init, established, outcome, isEstablished: false });
      count.attempted++;
      send(tcpCommand(id, init));
      return {
        podUid: init.pod.uid,
        to: init.to,
        established: established.promise,
        outcome: outcome.promise,
        close: () => {
          send(`close ${id}`);
          return outcome.promise;
        },
      };
    },
    onEstablished: ({ id, port }) => {
      const client = tracked.get(id);
      if (client === undefined) return;
      count.established++;
      client.isEstablished = true;
      client.established.resolve(port);
    },
    onEnded: ({ id, kind, reason, messages, atMs }) => {
      end(id, { kind, reason, messages, atMs });
    },
    onDeath: (atMs) => {
      for (const [id, { isEstablished }] of [...tracked]) {
        const kind = isEstablished ? 'broken' : 'failed';
        end(id, { kind, reason: 'traffic-process-ended', messages: 0, atMs });
      }
    },
    totals: () => ({
      ...count,
      open: [...tracked.values()].filter((client) => client.isEstablished).length,
      brokenSamples: [...brokenSamples],
    }),
  };
}

function tcpCommand(id: number, init: TcpClientInit): string {
  const { pod, to } = init;
  return [
    'tcp',
    id,
    pod.netns,
    to.address,
    to.port,
    init.sourcePort ?? 0,
    init.messageBytes ?? MESSAGE_BYTES,
    init.intervalMs ?? INTERVAL_MS,
    init.messages ?? 0,
    init.stallMs ?? STALL_MS,
    init.connectMs ?? CONNECT_MS,
  ].join(' ');
}
