/**
 * A target's ACL behind an HTTP server of its owner's (docs/operating.md, "An ACL server"): PUT of
 * the whole set with its revision, conditional on the ETag that was seen last, so that nothing is
 * written over what was not seen; GET for what is really in force. Every request is signed.
 */
import { berthError } from '../../contract/errors.ts';
import type { WebhookSpec } from '../../contract/objects.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Random } from '../../runtime/random.ts';
import type { AclDriver, AclInForce, AclSet } from './port.ts';
import { readAcl, refuseFailure } from './webhook/answer.ts';
import { exchange, type HttpAnswer } from './webhook/exchange.ts';
import type { Secrets } from './webhook/secrets-folder.ts';
import { parseSigningKeys, sign } from './webhook/signature.ts';

export interface WebhookInit {
  readonly target: string;
  readonly spec: WebhookSpec;
}

export interface WebhookComponents {
  /** Read anew for each request, so that a key is replaced by replacing its file. */
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly random: Random;
}

/** What is there now, and how to say that one has seen it. */
interface Seen {
  readonly inForce: AclInForce;
  /** Null: nothing is there. */
  readonly etag: string | null;
}

const SECOND_MS = 1000;
const NOTHING: Seen = { inForce: { revision: 0, addresses: [] }, etag: null };
const NOT_FOUND = 404;
const CHANGED_MEANWHILE = 412;

export function webhookDriver(init: WebhookInit, components: WebhookComponents): AclDriver {
  const { target, spec } = init;
  const { secrets, clock, random } = components;
  let seen: Seen | null = null;

  async function send(
    method: 'GET' | 'PUT',
    condition: Readonly<Record<string, string>>,
    body: string,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    const keys = parseSigningKeys(await secretText(spec.secretRef.name));
    if (keys === null) {
      const reason = 'it holds no key of the form whsec_BASE64 with 24 to 64 bytes';
      throw berthError('BERTH_ACL_SECRET', { target, name: spec.secretRef.name, reason });
    }
    const ca = spec.caRef === null ? null : await secretText(spec.caRef.name);
    const timestamp = Math.floor(clock.nowMs() / SECOND_MS);
    const id = `acl_${random.id()}`;
    const headers = {
      accept: 'application/json',
      'content-type': 'application/json',
      'user-agent': 'berth',
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': sign(keys, { id, timestamp, body }),
      ...condition,
    };
    const timeoutMs = spec.timeoutSeconds * SECOND_MS;
    const what = { target, url: spec.url, method, headers, body, ca, timeoutMs };
    return exchange(what, { clock, signal });
  }

  async function secretText(name: string): Promise<string> {
    try {
      return await secrets.read(name);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw berthError('BERTH_ACL_SECRET', { target, name, reason }, error);
    }
  }

  async function look(signal: AbortSignal): Promise<Seen> {
    seen = null;
    const answer = await send('GET', {}, '', signal);
    if (answer.status === NOT_FOUND) {
      seen = NOTHING;
      return seen;
    }
    refuseFailure({ target, method: 'GET' }, answer, clock.nowMs());
    const inForce = readAcl(target, answer);
    if (answer.etag === null) {
      throw berthError('BERTH_ACL_ANSWER', { target, reason: 'it has no ETag' });
    }
    // What compresses answers on the way makes a tag weak, and If-Match knows strong ones alone.
    seen = { inForce, etag: answer.etag.replace(/^W\//, '') };
    return seen;
  }

  /** False: what was seen is not there any more. */
  async function put(set: AclSet, last: Seen, signal: AbortSignal): Promise<boolean> {
    // Whatever comes of it, the next one looks anew.
    seen = null;
    if (last.inForce.revision > set.revision) {
      const there = last.inForce.revision;
      throw berthError('BERTH_ACL_AHEAD', { target, there, revision: set.revision });
    }
    const condition = last.etag === null ? { 'if-none-match': '*' } : { 'if-match': last.etag };
    const answer = await send('PUT', condition, bodyOf(target, set), signal);
    if (answer.status === CHANGED_MEANWHILE) return false;
    refuseFailure({ target, method: 'PUT' }, answer, clock.nowMs());
    return true;
  }

  return {
    kind: 'webhook',
    async write(set, signal) {
      if (await put(set, seen ?? (await look(signal)), signal)) return;
      if (await put(set, await look(signal), signal)) return;
      throw berthError('BERTH_ACL_CONTENDED', { target });
    },
    read: async (signal) => (await look(signal)).inForce,
  };
}

function bodyOf(target: string, { revision, entries }: AclSet): string {
  const addresses = entries.map(({ address }) => address);
  return JSON.stringify({ target, revision, addresses, entries });
}
