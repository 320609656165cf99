/**
 * `GET /metrics` over HTTP, for Prometheus: at HOST:PORT, or on a unix socket (`unix:PATH`); beside
 * it, for whoever supervises the process, `/healthz` (it lives) and, where it can say so, `/readyz`
 * (it works). There is no way to write, and it runs only where somebody said where.
 */
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { berthError } from '../../contract/errors.ts';
import { CONTENT_TYPE } from './text-format.ts';

export interface MetricsServer {
  close(): Promise<void>;
}

const UNIX = 'unix:';
const LISTEN = /^(unix:\/.+|.+:\d{1,5})$/;
const CONNECTIONS_MAX = 32;

export function isMetricsAddress(text: string): boolean {
  return LISTEN.test(text);
}

/** Of the socket; null where it is HOST:PORT. */
export function metricsSocketPath(listen: string): string | null {
  return listen.startsWith(UNIX) ? listen.slice(UNIX.length) : null;
}

/** `waitsFor`: why the process is not ready; nothing: it is. @throws BERTH_METRICS_LISTEN */
export async function serveMetrics(
  listen: string,
  text: () => Promise<string>,
  waitsFor?: () => readonly string[],
): Promise<MetricsServer> {
  const answerMetrics = metricsListener(text);
  const server = createServer((request, response) => {
    const { method, url } = request;
    const path = method === 'GET' ? url?.split('?')[0] : undefined;
    if (path === '/healthz') answer(response, 200, 'ok\n');
    else if (path === '/readyz' && waitsFor !== undefined) answerReady(response, waitsFor());
    else answerMetrics(request, response);
  });
  server.maxConnections = CONNECTIONS_MAX;
  try {
    await listenAt(server, listen);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw berthError('BERTH_METRICS_LISTEN', { address: listen, reason }, error);
  }
  return {
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** For a server that has other paths too. */
export function metricsListener(text: () => Promise<string>): RequestListener {
  return ({ method, url }, response) => {
    if (method !== 'GET' || url?.split('?')[0] !== '/metrics') {
      answer(response, 404, 'try GET /metrics\n');
      return;
    }
    // A metric that cannot be read is left out by `text`, which never fails.
    void text().then((body) => {
      response.writeHead(200, { 'content-type': CONTENT_TYPE }).end(body);
    });
  };
}

function answerReady(response: ServerResponse, waitsFor: readonly string[]): void {
  if (waitsFor.length === 0) answer(response, 200, 'ready\n');
  else answer(response, 503, waitsFor.map((reason) => `not ready: ${reason}\n`).join(''));
}

function answer(response: ServerResponse, code: number, body: string): void {
  response.writeHead(code, { 'content-type': 'text/plain' }).end(body);
}

async function listenAt(server: Server, listen: string): Promise<void> {
  const path = metricsSocketPath(listen);
  if (path !== null) {
    // A socket file that a killed process left behind would refuse us the name.
    await rm(path, { force: true });
    server.listen(path);
  } else {
    const at = listen.lastIndexOf(':');
    server.listen(Number(listen.slice(at + 1)), listen.slice(0, at).replace(/^\[|\]$/g, ''));
  }
  await once(server, 'listening');
}
