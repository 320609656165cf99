/**
 * The only file that imports kafkajs. We take its connections, its encoding of requests and
 * answers, and its sign-in; what runs over them (producing, reading, membership) is ours, since its
 * own lose or repeat records in cases that matter here (decision 0051).
 *
 * A cluster here is a set of connections that is thrown away as a whole after any failure of one:
 * nothing of kafkajs's memory outlives a lost connection.
 */
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import makeCluster from 'kafkajs/src/cluster/index.js';
import loggers from 'kafkajs/src/loggers/index.js';
import requestQueue from 'kafkajs/src/network/requestQueue/index.js';
import errors from 'kafkajs/src/protocol/error.js';
import protocol from 'kafkajs/src/protocol/requests/index.js';
import type { Log } from '../../runtime/log.ts';
import type { Broker, Cluster, ProtocolRequest, RequestName } from './kafkajs-shapes.ts';

export interface KafkaConnection {
  /** `HOST:PORT`, one at least; the others are found through it. */
  readonly brokers: readonly string[];
  /** What the broker's log and quotas call us. @default 'berth' */
  readonly clientId?: string;
  /** PEM. Without it nothing is encrypted, a password neither. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  readonly sasl?: {
    readonly mechanism: 'SCRAM-SHA-512' | 'SCRAM-SHA-256' | 'PLAIN';
    readonly username: string;
    readonly password: string;
  };
}

export interface OpenCluster {
  readonly cluster: Cluster;
  /** Ends all its connections now; what is under way fails. */
  giveUp(): void;
}

const CONNECT_TIMEOUT_MS = 3_000;
const REQUEST_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 30_000;
/** Each broker of the list once; whoever calls tries again by itself. */
const RETRY_FIRST_MS = 20;
const RETRY_MAX_MS = 100;

export function openCluster(connection: KafkaConnection, log: Log): OpenCluster {
  const sockets = new Set<Socket>();
  const over = { now: false };
  const cluster = new makeCluster({
    logger: quiet(log),
    socketFactory: socketsIn(sockets, over),
    brokers: [...connection.brokers],
    clientId: connection.clientId ?? 'berth',
    ssl: connection.tls ?? null,
    // kafkajs writes into it.
    sasl: connection.sasl === undefined ? null : { ...connection.sasl },
    connectionTimeout: CONNECT_TIMEOUT_MS,
    authenticationTimeout: REQUEST_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    enforceRequestTimeout: true,
    allowAutoTopicCreation: false,
    maxInFlightRequests: null,
    retry: {
      retries: connection.brokers.length,
      initialRetryTime: RETRY_FIRST_MS,
      maxRetryTime: RETRY_MAX_MS,
    },
  });
  return {
    cluster,
    giveUp() {
      over.now = true;
      // With an error, so that kafkajs fails what waits for an answer.
      for (const socket of sockets) socket.destroy(new Error('given up'));
      void cluster.disconnect().catch(() => undefined);
    },
  };
}

/** One request in exactly this version of the protocol, on a broker of the cluster. */
export async function ask<Answer>(
  broker: Broker,
  name: RequestName,
  version: number,
  fields: Readonly<Record<string, unknown>>,
): Promise<Answer> {
  return (await broker.connectionPool.send(requestOf(name, version, fields))) as Answer;
}

/**
 * The same, with an answer in which each topic and partition has its own `errorCode`: kafkajs
 * would forget all of it for the first of them. `decode`: instead of kafkajs's.
 */
export async function askEach<Answer>(
  broker: Broker,
  name: RequestName,
  version: number,
  fields: Readonly<Record<string, unknown>>,
  decode?: (bytes: Buffer) => Promise<Answer>,
): Promise<Answer> {
  const request = requestOf(name, version, fields);
  const response = {
    decode: decode ?? ((bytes: Buffer) => request.response.decode(bytes)),
    parse: async (decoded: unknown) => decoded,
  };
  return (await broker.connectionPool.send({ ...request, response })) as Answer;
}

function requestOf(
  name: RequestName,
  version: number,
  fields: Readonly<Record<string, unknown>>,
): ProtocolRequest {
  const make = protocol.requests[name]?.protocol({ version });
  if (make === undefined) throw new Error(`${name} has no version ${version}`);
  return make(fields);
}

/** Null: it went well. */
export function errorOfCode(code: number): Error | null {
  return code === 0 ? null : errors.createErrorFromCode(code);
}

/** kafkajs's own leaves small requests waiting for an acknowledgement (Nagle), and keeps none. */
function socketsIn(sockets: Set<Socket>, over: { readonly now: boolean }) {
  return (to: {
    readonly host: string;
    readonly port: number;
    readonly ssl: KafkaConnection['tls'] | null;
    readonly onConnect: () => void;
  }): Socket => {
    const { host, port, ssl } = to;
    const name = isIP(host) === 0 ? { servername: host } : {};
    const socket =
      ssl === null
        ? connect({ host, port }, to.onConnect)
        : connectTls({ host, port, ...name, ...ssl }, to.onConnect);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    sockets.add(socket);
    // kafkajs tries again by itself, also when it is told that it is over.
    if (over.now) setImmediate(() => socket.destroy(new Error('given up')));
    socket.once('close', () => sockets.delete(socket));
    return socket;
  };
}

/**
 * Whatever fails comes back to us as an error, and is told once, by who knows what it means; what
 * kafkajs says besides is for who debugs.
 */
function quiet(log: Log): unknown {
  return loggers.createLogger({
    level: loggers.LEVELS.INFO,
    logCreator:
      () =>
      ({ namespace, label, log: { message, ...details } }) => {
        log.debug({ kafkajs: namespace, says: label, ...details }, String(message));
      },
  });
}

/**
 * kafkajs plans a look at its queue after every answer, also where nothing waits, and at a time in
 * the past: a timer a request, and a TimeoutNegativeWarning on stderr. Only a throttled queue has
 * any need of it.
 */
const CHECK_MS = 10;
requestQueue.prototype.scheduleCheckPendingRequests = function schedule() {
  if (this.pending.length === 0 || this.throttleCheckTimeoutId !== null) return;
  const waitMs = Math.max(CHECK_MS, this.throttledUntil - Date.now());
  this.throttleCheckTimeoutId = setTimeout(() => {
    this.throttleCheckTimeoutId = null;
    this.checkPendingRequests();
  }, waitMs);
};
