/** Metrics are served where it was said, on that path alone, and no longer than asked for. */
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type TemporaryFolder, temporaryFolder } from '../../../test/temporary-folder.ts';
import { isMetricsAddress, serveMetrics } from './metrics-server.ts';

let folder: TemporaryFolder;

beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

function get(socketPath: string, path: string, method = 'GET'): Promise<[number, string]> {
  return new Promise((resolve, reject) => {
    const asking = request({ socketPath, path, method }, (answer) => {
      text(answer).then((body) => resolve([answer.statusCode ?? 0, body]), reject);
    });
    asking.on('error', reject).end();
  });
}

describe('the metrics server', () => {
  test('answers GET /metrics, and nothing else, on a unix socket', async () => {
    const path = join(folder.path, 'metrics.sock');
    const first = await serveMetrics(`unix:${path}`, async () => 'a 1\n');
    expect(await get(path, '/metrics?x=1')).toEqual([200, 'a 1\n']);
    expect((await get(path, '/'))[0]).toBe(404);
    expect((await get(path, '/metrics', 'POST'))[0]).toBe(404);
    await first.close();
    await expect(get(path, '/metrics')).rejects.toThrow();
  });

  test('tells a process that lives from one that works', async () => {
    const path = join(folder.path, 'metrics.sock');
    let waitsFor = ['the log'];
    const server = await serveMetrics(
      `unix:${path}`,
      async () => '',
      () => waitsFor,
    );
    expect(await get(path, '/healthz')).toEqual([200, 'ok\n']);
    expect(await get(path, '/readyz')).toEqual([503, 'not ready: the log\n']);
    waitsFor = [];
    expect(await get(path, '/readyz')).toEqual([200, 'ready\n']);
    await server.close();
  });

  test('says nothing of readiness where nobody knows', async () => {
    const path = join(folder.path, 'metrics.sock');
    const server = await serveMetrics(`unix:${path}`, async () => '');
    expect((await get(path, '/healthz'))[0]).toBe(200);
    expect((await get(path, '/readyz'))[0]).toBe(404);
    await server.close();
  });

  test('takes the socket of a process that was killed', async () => {
    const path = join(folder.path, 'metrics.sock');
    const killed = await serveMetrics(`unix:${path}`, async () => 'old\n');
    const next = await serveMetrics(`unix:${path}`, async () => 'new\n');
    expect(await get(path, '/metrics')).toEqual([200, 'new\n']);
    await next.close();
    await killed.close();
  });

  test('refuses an address that it cannot have, with a code', async () => {
    await expect(serveMetrics('192.0.2.1:9', async () => '')).rejects.toMatchObject({
      code: 'BERTH_METRICS_LISTEN',
    });
  });

  test('knows addresses by their form', () => {
    const good = ['127.0.0.1:9464', '[::1]:9464', 'localhost:0', 'unix:/run/m.sock'];
    expect(good.filter(isMetricsAddress)).toEqual(good);
    expect(['9464', 'unix:m.sock', 'host:', 'host:123456', ''].filter(isMetricsAddress)).toEqual(
      [],
    );
  });
});
