/**
 * The agent's side of the link to a hub: one stream, opened again, to this hub or another
 * (hub-choice.ts), with jittered back-off for as long as the agent runs. It says what the node has,
 * hands pushes over strictly in order, one at a time, and sends back what became of each. It holds
 * no state of the node, and while there is no hub it changes nothing: what is in force stays in
 * force. Its certificate is read for each try and looked at while a link is up; a new one means a
 * new link.
 */
import { Client, credentials } from '@grpc/grpc-js';
import { berthError } from '../contract/errors.ts';
import type { ConnectResponse } from '../contract/gen/berth/link/v1/link_pb.ts';
import type { PodUid } from '../contract/identity.ts';
import { HUB_NAME } from '../contract/link-names.ts';
import { linkService } from '../contract/link-service.ts';
import type { Version } from '../contract/version.ts';
import { tell } from '../runtime/channels.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Random } from '../runtime/random.ts';
import { sameTlsFiles, type TlsFiles } from '../runtime/tls-files.ts';
import { createGatewayQuestions } from './gateway-questions.ts';
import { createHubChoice, type HubChoiceComponents } from './hub-choice.ts';
import { checkHubName, linkError } from './link-errors.ts';
import {
  type LinkStream,
  nextChallenge,
  type OpenedStream,
  openLinkSession,
} from './link-session.ts';
import type { LinkedNode, NodeIdentity } from './linked-node.ts';
import { createMappedReports } from './mapped-reports.ts';
import { waitMsAfter } from './reconnect.ts';

export interface LinkInit {
  /** Each `host:port`; any of them will do. */
  readonly hubs: readonly string[];
  /** The node's certificate; asked for each try, and while a link is up. */
  readonly certificate: () => Promise<TlsFiles>;
  /** What the hub is told of this node. */
  readonly self: NodeIdentity;
  /** A dead link is noticed after this and `keepaliveTimeoutMs`. @default 1000 */
  readonly keepaliveMs?: number;
  /** @default 1000 */
  readonly keepaliveTimeoutMs?: number;
  /** @default 2000 */
  readonly connectTimeoutMs?: number;
  /** How often the certificate is looked at. @default 30000 */
  readonly renewEveryMs?: number;
  /** First and longest wait before another try; half of each is random. @default 100 */
  readonly backoffFirstMs?: number;
  /** @default 3000 */
  readonly backoffMaxMs?: number;
  /** The longest while nobody listens there. @default 500 */
  readonly absentMaxMs?: number;
}

export interface LinkComponents {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly node: LinkedNode;
  /** The addresses of a hub's name. @default it is taken for one */
  readonly resolve?: HubChoiceComponents['resolve'];
}

export interface Link {
  /** Until the signal is aborted. */
  run(signal: AbortSignal): Promise<void>;
  /** False where the bound passed first, or there is no hub to ask. Never throws. */
  gatewaysAt(version: Version, timeoutMs: number): Promise<boolean>;
  /** The hub can be heard. */
  isUp(): boolean;
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
  renewEveryMs: 30_000,
  backoffFirstMs: 100,
  backoffMaxMs: 3000,
  absentMaxMs: 500,
};

type Settings = typeof defaults & LinkInit;

export function createLink(init: LinkInit, components: LinkComponents): Link {
  const settings: Settings = { ...defaults, ...init };
  const { clock, random, log, node, resolve = asItIs } = components;
  const keepaliveMs = settings.keepaliveMs + settings.keepaliveTimeoutMs;
  const reports = createMappedReports({ deliveredAfterMs: 2 * keepaliveMs }, { clock });
  const questions = createGatewayQuestions({ clock });
  let session: ReturnType<typeof openLinkSession> | null = null;
  /** Of the last try; null: it never came up. */
  let upAtMs: number | null = null;

  async function serve(hub: string, signal: AbortSignal): Promise<void> {
    const files = await init.certificate();
    const client = connect(hub, settings, files);
    const ended = new AbortController();
    try {
      const stream = openStream(client, AbortSignal.any([signal, ended.signal]));
      const opened = await challenged(stream, { ...settings, hub }, clock);
      session = openLinkSession(opened, init.self, { node, reports, questions });
      upAtMs = clock.nowMs();
      log.info({ hub }, 'link up');
      tell('berth:agent:link-changed', { up: true });
      void untilRenewed(hub, files, ended.signal).then(() => ended.abort());
      await session.ended;
    } finally {
      ended.abort();
      session = null;
      tell('berth:agent:link-changed', { up: false });
      reports.linkDown();
      questions.abandon();
      client.close();
    }
  }

  /** Ends when there is another certificate than this one. */
  async function untilRenewed(hub: string, files: TlsFiles, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await clock.sleep(settings.renewEveryMs, signal);
      try {
        if (sameTlsFiles(files, await init.certificate())) continue;
        log.info({ hub }, 'the certificate was renewed: the link is made anew');
        return;
      } catch (error) {
        log.warn({ hub, error }, 'the certificate cannot be read, and the old one is kept');
      }
    }
  }

  return {
    async run(signal) {
      const choice = createHubChoice(init.hubs, { clock, random, resolve });
      // Without a link that was a good one.
      let rounds = 0;
      while (!signal.aborted) {
        const hub = await choice.next();
        let why: unknown;
        upAtMs = null;
        try {
          await serve(hub, signal);
        } catch (error) {
          why = error;
          if (!signal.aborted) log.info({ hub, ...linkError(error) }, 'link down');
        }
        if (upAtMs !== null && clock.nowMs() - upAtMs > GOOD_AFTER_MS) {
          rounds = 0;
          choice.served();
        } else if (choice.roundIsOver()) rounds += 1;
        const failures = choice.roundIsOver() ? rounds : 0;
        await clock.sleep(waitMsAfter({ failures, error: why }, settings, random), signal);
      }
    },
    gatewaysAt(version, timeoutMs) {
      return session?.gatewaysAt(version, timeoutMs) ?? Promise.resolve(false);
    },
    isUp: () => session !== null,
    mapped(uids, readBackAtMs) {
      reports.add(uids, readBackAtMs);
      session?.mapped({ uids, readBackAtMs });
    },
  };
}

async function asItIs(host: string): Promise<string[]> {
  return [host];
}

function connect(hub: string, settings: Settings, { ca, certificate, key }: TlsFiles): Client {
  const mine = [ca, key, certificate].map((text) => Buffer.from(text)) as [Buffer, Buffer, Buffer];
  const tls = credentials.createSsl(...mine, { checkServerIdentity: checkHubName });
  return new Client(hub, tls, {
    // The hub is known by its name, wherever it is.
    'grpc.ssl_target_name_override': HUB_NAME,
    'grpc.default_authority': HUB_NAME,
    'grpc.keepalive_time_ms': settings.keepaliveMs,
    'grpc.keepalive_timeout_ms': settings.keepaliveTimeoutMs,
    'grpc.keepalive_permit_without_calls': 1,
    'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
    // Each try stands for itself: grpc's own back-off, shared by all clients, would be added.
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_http_proxy': 0,
  });
}

/** The hub speaks first. @throws what ended the stream; BERTH_LINK_NO_CHALLENGE */
async function challenged(
  stream: LinkStream,
  { hub, connectTimeoutMs: waitedMs }: Settings & { readonly hub: string },
  clock: Clock,
): Promise<OpenedStream> {
  const incoming = (stream as AsyncIterable<ConnectResponse>)[Symbol.asyncIterator]();
  const cancelTimer = clock.after(waitedMs, () => stream.cancel());
  const challenge = await nextChallenge(incoming).finally(cancelTimer);
  if (challenge === null) throw berthError('BERTH_LINK_NO_CHALLENGE', { hub, waitedMs });
  return { stream, incoming, challenge };
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
