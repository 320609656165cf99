/**
 * The console's functions: read the log's topics into a picture, and give it out as JSON on a unix
 * socket (`GET /api/status`, with `?sinceMs=` for sums from then on). There is no way to write
 * through it.
 */

import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { loggedEvent } from '../contract/logged-event.ts';
import type { AckRecord } from '../contract/node-records.ts';
import { TOPICS } from '../contract/topics.ts';
import { untilAborted } from '../runtime/aborted.ts';
import { type BerthFunction, defineFunction, service, stream } from '../runtime/define-function.ts';
import { createPicture } from './picture.ts';
import type { LogStatus, Status } from './status.ts';

export interface ConsoleInit {
  /** Path of the unix socket. */
  readonly socket: string;
}

export interface ConsoleComponents {
  /** What other workers of the process know right now. */
  readonly live: () => Omit<Status, keyof LogStatus>;
}

export function consoleFunctions(init: ConsoleInit, { live }: ConsoleComponents): BerthFunction[] {
  const picture = createPicture();
  const fromTheBeginning = async (): Promise<Record<number, number>> => ({});
  return [
    defineFunction({
      name: 'console-events',
      trigger: stream(TOPICS.events.name, fromTheBeginning),
      handler: {
        batch: async (entries) => {
          for (const entry of entries) picture.event(loggedEvent(entry));
        },
        caughtUp: async () => undefined,
      },
    }),
    defineFunction({
      name: 'console-acks',
      trigger: stream(TOPICS.acks.name, fromTheBeginning),
      handler: {
        batch: async (entries) => {
          for (const { value } of entries) picture.ack(value as unknown as AckRecord);
        },
        caughtUp: async () => undefined,
      },
    }),
    defineFunction({
      name: 'console-http',
      trigger: service(),
      handler: (signal) =>
        serve(init.socket, (sinceMs) => ({ ...picture.status(sinceMs), ...live() }), signal),
    }),
  ];
}

async function serve(
  socket: string,
  status: (sinceMs: number) => Status,
  signal: AbortSignal,
): Promise<void> {
  const server = createServer(({ method, url = '' }, response) => {
    const [path, query] = url.split('?');
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
