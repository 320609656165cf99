/**
 * The console's functions: read the log's topics into a picture, and give it out on a unix socket:
 * `GET /api/status` (with `?sinceMs=` for sums from then on) and `GET /metrics`. There is no way to
 * write through it, and it knows nothing that is not in the log. It folds the whole history, and
 * compares the checkpoints, from which all others start, on the way; where the beginning of the
 * history was deleted it starts from them too, and its sums count from there.
 */

import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { loggedEvent } from '../contract/logged-event.ts';
import type { CONTROL_METRICS } from '../contract/metrics.ts';
import type { AckRecord } from '../contract/node-records.ts';
import { TOPICS } from '../contract/topics.ts';
import { nextOffsets } from '../contract/version.ts';
import type { Checkpoints } from '../ports/checkpoints/port.ts';
import type { EventLog } from '../ports/event-log/port.ts';
import { untilAborted } from '../runtime/aborted.ts';
import { tell } from '../runtime/channels.ts';
import type { Clock } from '../runtime/clock.ts';
import { type BerthFunction, defineFunction, service, stream } from '../runtime/define-function.ts';
import type { Metrics } from '../runtime/metrics/metrics.ts';
import { metricsListener } from '../runtime/metrics/metrics-server.ts';
import { createBoard } from './board.ts';
import { liveStatus } from './live-status.ts';
import { exposeLog } from './log-metrics.ts';
import { createPicture } from './picture.ts';
import type { Status } from './status.ts';

export interface ConsoleInit {
  /** Path of the unix socket. */
  readonly socket: string;
  /** The process that it is in, as that speaks on the status board. */
  readonly own: { readonly process: string; readonly run: string };
}

export interface ConsoleComponents {
  readonly metrics: Metrics<typeof CONTROL_METRICS>;
  readonly eventLog: EventLog;
  readonly checkpoints: Checkpoints;
  readonly clock: Clock;
}

export async function consoleFunctions(
  init: ConsoleInit,
  { metrics, eventLog, checkpoints, clock }: ConsoleComponents,
): Promise<BerthFunction[]> {
  const saved = await checkpoints.all();
  const isWhole = Object.values(await eventLog.starts(TOPICS.events.name)).every((at) => at === 0);
  const picture = isWhole ? createPicture() : createPicture(saved);
  const board = createBoard(init.own, clock);
  const startedAtMs = clock.nowMs();
  exposeLog(metrics, { ...picture, status: () => picture.status(0), clock });
  /** What an earlier process saw happen is no news. */
  const tellMapped = (durationsMs: readonly number[], atMs: number): void => {
    if (atMs < startedAtMs) return;
    for (const ms of durationsMs) tell('berth:console:pod-mapped', { seconds: ms / 1000 });
  };
  const status = (sinceMs: number): Status => {
    const fromLog = picture.status(sinceMs);
    return { ...fromLog, ...liveStatus(board, fromLog.version) };
  };
  const fromTheBeginning = async (): Promise<Record<number, number>> => ({});
  /** It reads all for its sums; so it is the one that can tell a checkpoint that is not true. */
  if (isWhole) picture.world.compare(saved.checkpoints);
  return [
    defineFunction({
      name: 'console-events',
      trigger: stream(TOPICS.events.name, async () => nextOffsets(picture.world.version)),
      handler: {
        batch: async (entries) => {
          for (const entry of entries) tellMapped(picture.event(loggedEvent(entry)), entry.timeMs);
        },
        caughtUp: async () => undefined,
      },
    }),
    defineFunction({
      name: 'console-acks',
      trigger: stream(TOPICS.acks.name, () => eventLog.starts(TOPICS.acks.name)),
      handler: {
        batch: async (entries) => {
          for (const { value, timeMs, refused } of entries) {
            if (refused !== undefined) continue;
            tellMapped(picture.ack(value as unknown as AckRecord), timeMs);
          }
        },
        caughtUp: async () => undefined,
      },
    }),
    defineFunction({
      name: 'console-status',
      trigger: stream(TOPICS.status.name, fromTheBeginning),
      handler: {
        batch: async (entries) => {
          for (const entry of entries) if (entry.refused === undefined) board.entry(entry);
        },
        caughtUp: async () => undefined,
      },
    }),
    defineFunction({
      name: 'console-http',
      trigger: service(),
      handler: (signal) => serve(init.socket, { status, metrics }, signal),
    }),
  ];
}

interface Answers {
  readonly status: (sinceMs: number) => Status;
  readonly metrics: Pick<ConsoleComponents['metrics'], 'text'>;
}

async function serve(
  socket: string,
  { status, metrics }: Answers,
  signal: AbortSignal,
): Promise<void> {
  const answerMetrics = metricsListener(metrics.text);
  const server = createServer((request, response) => {
    const { method, url = '' } = request;
    const [path, query] = url.split('?');
    if (path === '/metrics') {
      answerMetrics(request, response);
      return;
    }
    const known = method === 'GET' && path === '/api/status';
    const sinceMs = Number(new URLSearchParams(query).get('sinceMs') ?? 0);
    const answer = known ? status(sinceMs) : { error: 'try GET /api/status' };
    response.writeHead(known ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer));
  });
  // A socket file that a killed process left behind would refuse us the name.
  await rm(socket, { force: true });
  server.listen(socket);
  await once(server, 'listening');
  await untilAborted(signal);
  await close(server);
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
