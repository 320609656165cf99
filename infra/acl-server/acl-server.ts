/**
 * A small ACL server, as the owner of a protected system would write one (docs/operating.md, "An
 * ACL server"): takes the whole set by PUT, only signed and only over what its writer has seen,
 * and answers by GET what is really in force. One request at a time; each answer is read anew.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { sha256 } from '../../services/contract/canonical.ts';
import { type IpAddress, parseIp } from '../../services/contract/ip-address.ts';
import type { Clock } from '../../services/runtime/clock.ts';
import type { Acl, Revisions } from './acl.ts';
import { isSigned } from './signed.ts';

export interface AclServerInit {
  readonly target: string;
  readonly keys: readonly Buffer[];
}

export interface AclServerComponents {
  readonly acl: Acl;
  readonly revisions: Revisions;
  readonly clock: Clock;
}

interface Answer {
  readonly status: number;
  readonly body: object;
  readonly etag?: string;
}

const BODY_BYTES_MAX = 1_048_576;
const ETAG_CHARACTERS = 16;

const setSchema = z.object({
  target: z.string(),
  revision: z.int().min(1),
  addresses: z.array(z.string()).max(16_384),
});

export function createAclServer(init: AclServerInit, components: AclServerComponents): Server {
  let before: Promise<unknown> = Promise.resolve();
  return createServer((request, response) => {
    const turn = before.then(() => answerTo(request, init, components));
    before = turn.then(
      (answer) => send(response, answer),
      (error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        send(response, { status: 500, body: { error: reason } });
      },
    );
  });
}

async function answerTo(
  request: IncomingMessage,
  { target, keys }: AclServerInit,
  components: AclServerComponents,
): Promise<Answer> {
  const body = await bodyOf(request);
  if (body === null) return { status: 413, body: { error: 'the body is too large' } };
  if (!isSigned(request.headers, body, { keys, nowMs: components.clock.nowMs() })) {
    return { status: 401, body: { error: 'not signed with a known key, or not lately' } };
  }
  const now = await current(target, components);
  if (request.method === 'GET') return now;
  if (request.method !== 'PUT') return { status: 405, body: { error: 'GET and PUT only' } };
  const ifMatch = request.headers['if-match'];
  if (ifMatch === undefined) return { status: 428, body: { error: 'needs If-Match' } };
  if (ifMatch !== now.etag) return { ...now, status: 412 };
  return replace(body, target, components);
}

async function replace(
  body: string,
  target: string,
  components: AclServerComponents,
): Promise<Answer> {
  const read = readSet(body, target);
  if (typeof read === 'string') return { status: 400, body: { error: read } };
  await components.acl.replace(read.addresses);
  await components.revisions.write(read.revision);
  return current(target, components);
}

/** Or what is wrong with it. */
function readSet(
  body: string,
  target: string,
): { revision: number; addresses: readonly IpAddress[] } | string {
  try {
    const set = setSchema.parse(JSON.parse(body));
    if (set.target !== target) return `this is the ACL of ${target}`;
    return { revision: set.revision, addresses: set.addresses.map(parseIp) };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function current(
  target: string,
  { acl, revisions }: AclServerComponents,
): Promise<Answer & { readonly etag: string }> {
  const [revision, addresses] = [await revisions.read(), await acl.inForce()];
  const hash = sha256(`${revision} ${addresses.join()}`).slice(0, ETAG_CHARACTERS);
  return { status: 200, body: { target, revision, addresses }, etag: `"${hash}"` };
}

async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += (part as Buffer).length;
    if (bytes > BODY_BYTES_MAX) return null;
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts).toString('utf8');
}

function send(response: ServerResponse, { status, body, etag }: Answer): void {
  const headers = { 'content-type': 'application/json', ...(etag === undefined ? {} : { etag }) };
  response.writeHead(status, headers);
  response.end(`${JSON.stringify(body)}\n`);
}
