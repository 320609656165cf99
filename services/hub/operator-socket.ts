/**
 * The hub's operator socket: the one way to tell Berth something that no source says. A unix socket
 * of its own, for its owner only, so that whoever may read the status may not fence a node.
 */
import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { berthError, describeError, isBerthError } from '../contract/errors.ts';
import { untilAborted } from '../runtime/aborted.ts';
import type { Log } from '../runtime/log.ts';
import type { OperatorFences } from './operator-fences.ts';

const PATH = /^\/api\/fences\/([a-z0-9.-]{1,253})$/;
const OWNER_ONLY = 0o600;
const OK = 200;
const REFUSED = 409;
const NOT_FOUND = 404;
const FAULT = 500;

type Fences = Pick<OperatorFences, 'preview' | 'fence'>;

/** `fences`: null while the hub does not serve. */
export async function serveOperators(
  socket: string,
  fences: () => Fences | null,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const server = createServer((request, response) => {
    answer(request, fences()).then(
      (body) => say(response, body === null ? NOT_FOUND : OK, body ?? { error: 'no such path' }),
      (error: unknown) => {
        if (!isBerthError(error)) log.error({ error }, 'an operator request failed');
        const { code, details } = isBerthError(error) ? error : UNKNOWN;
        say(response, isBerthError(error) ? REFUSED : FAULT, {
          code,
          details,
          message: describeError(error),
        });
      },
    );
  });
  // A socket file that a killed process left behind would refuse us the name.
  await rm(socket, { force: true });
  server.listen(socket);
  await once(server, 'listening');
  await chmod(socket, OWNER_ONLY);
  await untilAborted(signal);
  await close(server);
}

const UNKNOWN = { code: null, details: {} };

async function answer(
  { method, url = '' }: IncomingMessage,
  fences: Fences | null,
): Promise<object | null> {
  const { pathname, searchParams } = new URL(url, 'http://hub');
  const node = PATH.exec(pathname)?.[1];
  if (node === undefined) return null;
  if (fences === null) throw berthError('BERTH_HUB_STARTING', {});
  if (method === 'GET') return fences.preview(node);
  if (method !== 'POST') return null;
  return fences.fence(node, { force: searchParams.get('force') === 'true' });
}

function say(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
