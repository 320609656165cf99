/**
 * Servers that misbehave, each in its own way, over a real socket: every way has a code of its own,
 * and none takes longer than the time-out or more memory than an answer may have.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { TEST_KEY } from '../../../infra/acl-server/testing/served-acl.ts';
import type { WebhookSpec } from '../../contract/objects.ts';
import { systemClock } from '../../runtime/clock.ts';
import { systemRandom } from '../../runtime/random.ts';
import type { AclDriver } from './port.ts';
import { secretsFolder } from './webhook/secrets-folder.ts';
import { webhookDriver } from './webhook.ts';

const live = new AbortController().signal;
const JSON_TYPE = { 'content-type': 'application/json', etag: '"1"' };
const cleanUps: (() => void)[] = [];

afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUps.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function served(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  cleanUps.push(() => server.closeAllConnections());
  return `http://127.0.0.1:${await listening(server)}/acl`;
}

function driver(url: string, spec: Partial<WebhookSpec> = {}, secrets?: string): AclDriver {
  const whole: WebhookSpec = {
    type: 'Webhook',
    url,
    secretRef: { name: 'key' },
    caRef: null,
    timeoutSeconds: 1,
    ...spec,
  };
  const components = { clock: systemClock(), random: systemRandom() };
  const given = secrets === undefined ? { read: async () => TEST_KEY } : secretsFolder(secrets);
  return webhookDriver({ target: 'db', spec: whole }, { ...components, secrets: given });
}

const acl = (fields: object): string =>
  JSON.stringify({ target: 'db', revision: 1, addresses: [], ...fields });

const MISBEHAVIOUR: readonly (readonly [string, string, RequestListener])[] = [
  ['never answers', 'BERTH_ACL_TIMEOUT', () => undefined],
  [
    'drips for ever',
    'BERTH_ACL_TIMEOUT',
    (_, response) => {
      response.writeHead(200, JSON_TYPE);
      const drip = setInterval(() => response.write(' '), 50);
      response.on('close', () => clearInterval(drip));
    },
  ],
  [
    'redirects',
    'BERTH_ACL_REDIRECT',
    (_, response) => response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end(),
  ],
  [
    'breaks off in the middle',
    'BERTH_ACL_CUT_OFF',
    (_, response) => {
      response.writeHead(200, { ...JSON_TYPE, 'content-length': '1000' });
      response.write('{"target": "db",', () => response.destroy());
    },
  ],
  ['breaks off at once', 'BERTH_ACL_UNREACHABLE', (_, response) => response.destroy()],
  ['fails', 'BERTH_ACL_STATUS', (_, response) => response.writeHead(500).end('{}')],
  ['refuses the signature', 'BERTH_ACL_STATUS', (_, response) => response.writeHead(401).end()],
  [
    'talks of something else',
    'BERTH_ACL_CONTENT_TYPE',
    (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
  ],
  [
    'answers garbage',
    'BERTH_ACL_ANSWER',
    (_, response) => response.writeHead(200, JSON_TYPE).end('{"target":'),
  ],
  [
    'answers for another target',
    'BERTH_ACL_ANSWER',
    (_, response) => response.writeHead(200, JSON_TYPE).end(acl({ target: 'bank' })),
  ],
  [
    'answers what is no address',
    'BERTH_ACL_ANSWER',
    (_, response) => response.writeHead(200, JSON_TYPE).end(acl({ addresses: ['any'] })),
  ],
  [
    'answers without an ETag',
    'BERTH_ACL_ANSWER',
    (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(acl({})),
  ],
  [
    'answers without end',
    'BERTH_ACL_TOO_LARGE',
    (_, response) => {
      response.writeHead(200, JSON_TYPE);
      const more = (): void => {
        while (!response.destroyed && response.write(' '.repeat(65_536)));
      };
      response.on('drain', more);
      more();
    },
  ],
];

describe('a server that', () => {
  test.each(MISBEHAVIOUR)('%s is told by %s', async (_, code, listener) => {
    await expect(driver(await served(listener)).read(live)).rejects.toMatchObject({ code });
  });

  test('is changed by others while it is written is told by BERTH_ACL_CONTENDED', async () => {
    const url = await served(({ method }, response) => {
      response.writeHead(method === 'PUT' ? 412 : 200, JSON_TYPE).end(acl({}));
    });
    await expect(driver(url).write({ revision: 2, entries: [] }, live)).rejects.toMatchObject({
      code: 'BERTH_ACL_CONTENDED',
    });
  });

  test('is not there is told by BERTH_ACL_UNREACHABLE', async () => {
    await expect(driver('http://127.0.0.1:1/').read(live)).rejects.toMatchObject({
      code: 'BERTH_ACL_UNREACHABLE',
    });
  });
});

test('a server that knows nothing yet is written to only if that is still so', async () => {
  const seen: (readonly [string | undefined, string | undefined])[] = [];
  const url = await served(({ method, headers }, response) => {
    seen.push([method, headers['if-none-match']]);
    response.writeHead(method === 'PUT' ? 201 : 404).end();
  });
  await driver(url).write({ revision: 2, entries: [] }, live);
  expect(seen).toEqual([
    ['GET', undefined],
    ['PUT', '*'],
  ]);
});

test('a server whose tags something on the way makes weak is written to', async () => {
  const asked: (string | undefined)[] = [];
  const url = await served((request, response) => {
    if (request.method === 'PUT') asked.push(request.headers['if-match']);
    response.writeHead(200, { ...JSON_TYPE, etag: 'W/"7"' }).end(acl({}));
  });
  await driver(url).write({ revision: 2, entries: [] }, live);
  expect(asked).toEqual(['"7"']);
});

test('a server that is busy says when it wants to be asked again', async () => {
  const url = await served((_, response) => response.writeHead(503, { 'retry-after': '7' }).end());
  await expect(driver(url).read(live)).rejects.toMatchObject({
    code: 'BERTH_ACL_STATUS',
    details: { status: 503, retryAfterMs: 7_000 },
  });
});

test('a server that was ahead and is so no more is written to', async () => {
  let revision = 9;
  const url = await served(({ method }, response) => {
    if (method === 'PUT') revision = 2;
    response.writeHead(200, JSON_TYPE).end(acl({ revision }));
  });
  const its = driver(url);
  const set = { revision: 2, entries: [] };
  await expect(its.write(set, live)).rejects.toMatchObject({ code: 'BERTH_ACL_AHEAD' });
  revision = 1;
  await its.write(set, live);
  expect(revision).toBe(2);
});

describe('a secret', () => {
  function folder(files: Readonly<Record<string, string>>): string {
    const dir = mkdtempSync(join(tmpdir(), 'berth-secrets-'));
    cleanUps.push(() => rmSync(dir, { recursive: true }));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
    return dir;
  }

  test('that is missing, or no key, is told by its name and never by its content', async () => {
    const dir = folder({ key: 'hunter2' });
    const failure = await driver('http://127.0.0.1:1/', {}, dir)
      .read(live)
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'BERTH_ACL_SECRET' });
    expect(String(failure)).not.toContain('hunter2');
    await expect(
      driver('http://127.0.0.1:1/', { secretRef: { name: 'other' } }, dir).read(live),
    ).rejects.toMatchObject({ code: 'BERTH_ACL_SECRET' });
  });

  test('lies in the folder, wherever its name points', async () => {
    const dir = folder({ key: TEST_KEY });
    await expect(secretsFolder(dir).read('..')).rejects.toThrow();
    await expect(secretsFolder(dir).read('a/../key')).rejects.toThrow();
    expect(await secretsFolder(dir).read('key')).toBe(TEST_KEY);
  });

  test('of a CA decides which server is believed', async () => {
    const dir = folder({ key: TEST_KEY });
    for (const name of ['ours', 'others']) {
      const files = ['-keyout', join(dir, `${name}.key`), '-out', join(dir, `${name}.pem`)];
      const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
      const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
      execFileSync('openssl', ['req', ...kind, '-days', '2', ...subject, ...files], {
        stdio: 'ignore',
      });
    }
    const read = (name: string): Buffer => readFileSync(join(dir, name));
    const server = createTlsServer(
      { key: read('ours.key'), cert: read('ours.pem') },
      (_, response) => response.writeHead(200, JSON_TYPE).end(acl({})),
    );
    const url = `https://127.0.0.1:${await listening(server)}/`;
    const trusting = (name: string | null) =>
      driver(url, { caRef: name === null ? null : { name } }, dir).read(live);
    expect(await trusting('ours.pem')).toEqual({ revision: 1, addresses: [] });
    await expect(trusting('others.pem')).rejects.toMatchObject({ code: 'BERTH_ACL_UNREACHABLE' });
    await expect(trusting(null)).rejects.toMatchObject({ code: 'BERTH_ACL_UNREACHABLE' });
  });
});
