/**
 * The agent's side of the link to the hub: one stream, opened again with jittered back-off for as
 * long as the agent runs. It says what the node has, hands pushes over strictly in order, one at a
 * time, and sends back what became of each. It holds no state of the node, and while there is no
 * hub it changes nothing: what is in force stays in force.
 */
import { Client, credentials } from '@grpc/grpc-js';
import type { PodUid } from '../contract/identity.ts';
import { linkService } from '../contract/link-service.ts';
import type { Version } from '../contract/version.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Random } from '../runtime/random.ts';
import { createGatewayQuestions } from './gateway-questions.ts';
import { type LinkStream, openLinkSession } from './link-session.ts';
import type { LinkedNode, NodeIdentity } from './linked-node.ts';
import { createMappedReports } from './mapped-reports.ts';

export interface LinkInit {
  /** `host:port`. */
  readonly hub: string;
  /** What the hub is told of this node. */
  readonly self: NodeIdentity;
  /** A dead link is noticed after this and `keepaliveTimeoutMs`. @default 1000 */
  readonly keepaliveMs?: number;
  /** @default 1000 */
  readonly keepaliveTimeoutMs?: number;
  /** @default 2000 */
  readonly connectTimeoutMs?: number;
  /** First and longest wait before another try; half of each is random. @default 100 */
  readonly backoffFirstMs?: number;
  /** @default 3000 */
  readonly backoffMaxMs?: number;
}

export interface LinkComponents {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly node: LinkedNode;
}

export interface Link {
  /** Until the signal is aborted. */
  run(signal: AbortSignal): Promise<void>;
  /** False where the bound passed first, or there is no hub to ask. Never throws. */
  gatewaysAt(version: Version, timeoutMs: number): Promise<boolean>;
  /** Mappings that came into force without a push. */
  mapped(uids: readonly PodUid[], readBackAtMs: number): void;
}

const MESSAGE_BYTES_MAX = 64 * 1024 * 1024;
/** A link that lived so long was a good one: the next try comes soon. */
const GOOD_AFTER_MS = 2000;

const defaults = {
  keepaliveMs: 1000,
  keepaliveTimeoutMs: 1000,
  connectTimeoutMs: 2000,
  backoffFirstMs: 100,
  backoffMaxMs: 3000,
};

type Settings = typeof defaults & LinkInit;

export function createLink(init: LinkInit, components: LinkComponents): Link {
  const settings: Settings = { ...defaults, ...init };
  const { clock, random, log, node } = components;
  const keepaliveMs = settings.keepaliveMs + settings.keepaliveTimeoutMs;
  const reports = createMappedReports({ deliveredAfterMs: 2 * keepaliveMs }, { clock });
  const questions = createGatewayQuestions({ clock });
  let session: ReturnType<typeof openLinkSession> | null = null;

  async function serve(signal: AbortSignal): Promise<void> {
    const client = connect(settings);
    try {
      await ready(client, clock.nowMs() + settings.connectTimeoutMs, signal);
      const stream = openStream(client, signal);
      try {
        session = openLinkSession(stream, init.self, { node, reports, questions });
        log.info({ hub: init.hub }, 'link up');
        await session.ended;
      } finally {
        session = null;
        reports.linkDown();
        questions.abandon();
        stream.cancel();
      }
    } finally {
      client.close();
    }
  }

  function waitMsAfter(failures: number): number {
    const longestMs = settings.backoffFirstMs * 2 ** Math.max(0, failures - 1);
    return Math.min(settings.backoffMaxMs, longestMs) * (0.5 + random.next() / 2);
  }

  return {
    async run(signal) {
      let failures = 0;
      while (!signal.aborted) {
        const startedMs = clock.nowMs();
        try {
          await serve(signal);
        } catch (error) {
          if (!signal.aborted) log.info({ hub: init.hub, error }, 'link down');
        }
        failures = clock.nowMs() - startedMs > GOOD_AFTER_MS ? 0 : failures + 1;
        await clock.sleep(waitMsAfter(failures), signal);
      }
    },
    gatewaysAt(version, timeoutMs) {
      return session?.gatewaysAt(version, timeoutMs) ?? Promise.resolve(false);
    },
    mapped(uids, readBackAtMs) {
      reports.add(uids, readBackAtMs);
      session?.mapped({ uids, readBackAtMs });
    },
  };
}

function connect(settings: Settings): Client {
  return new Client(settings.hub, credentials.createInsecure(), {
    'grpc.keepalive_time_ms': settings.keepaliveMs,
    'grpc.keepalive_timeout_ms': settings.keepaliveTimeoutMs,
    'grpc.keepalive_permit_without_calls': 1,
    'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
    // Each try stands for itself: grpc's own back-off, shared by all clients, would be added.
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_http_proxy': 0,
  });
}

/** Also ends, with an error, when the signal is aborted. */
function ready(client: Client, deadlineMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(new Error('stopped'));
    signal.addEventListener('abort', stop, { once: true });
    client.waitForReady(deadlineMs, (error) => {
      signal.removeEventListener('abort', stop);
      if (error === undefined) resolve();
      else reject(error);
    });
  });
}

function openStream(client: Client, signal: AbortSignal): LinkStream {
  const { path, requestSerialize, responseDeserialize } = linkService.connect;
  const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  const cancel = (): void => stream.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  stream.once('close', () => signal.removeEventListener('abort', cancel));
  // The session's reader sees what ends the stream; an error after that is nobody's news.
  stream.on('error', () => undefined);
  if (signal.aborted) cancel();
  return stream;
}
