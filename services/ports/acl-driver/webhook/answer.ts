/**
 * What a target's answer says, or the code of what is wrong with it. Nothing is taken on trust: a
 * status that is no success, another content type, what is no JSON or no ACL are each refused.
 */
import { z } from 'zod';
import { berthError } from '../../../contract/errors.ts';
import { type IpAddress, parseIp } from '../../../contract/ip-address.ts';
import type { AclInForce } from '../port.ts';
import type { HttpAnswer } from './exchange.ts';

const ADDRESSES_MAX = 16_384;

const aclSchema = z.object({
  target: z.string(),
  revision: z.int().min(0),
  addresses: z.array(z.string().max(64)).max(ADDRESSES_MAX),
});

/** What a server may ask for at most. */
const RETRY_AFTER_MS_MAX = 300_000;
const SECOND_MS = 1000;

/** @throws BERTH_ACL_REDIRECT, _STATUS */
export function refuseFailure(
  { target, method }: { readonly target: string; readonly method: string },
  { status, retryAfter }: HttpAnswer,
  nowMs: number,
): void {
  if (status >= 200 && status < 300) return;
  if (status >= 300 && status < 400) throw berthError('BERTH_ACL_REDIRECT', { target, status });
  const retryAfterMs = retryAfter === null ? null : parseRetryAfter(retryAfter, nowMs);
  throw berthError('BERTH_ACL_STATUS', { target, method, status, retryAfterMs });
}

/** RFC 9110, 10.2.3: seconds, or a date. Null: it is neither. */
export function parseRetryAfter(text: string, nowMs: number): number | null {
  const ms = /^\d+$/.test(text) ? Number(text) * SECOND_MS : Date.parse(text) - nowMs;
  return Number.isNaN(ms) ? null : Math.min(Math.max(0, Math.ceil(ms)), RETRY_AFTER_MS_MAX);
}

/** @throws BERTH_ACL_CONTENT_TYPE, _ANSWER */
export function readAcl(target: string, { contentType, body }: HttpAnswer): AclInForce {
  if (contentType.split(';')[0]?.trim().toLowerCase() !== 'application/json') {
    throw berthError('BERTH_ACL_CONTENT_TYPE', { target, contentType: contentType.slice(0, 80) });
  }
  const bad = (reason: string, cause?: unknown) =>
    berthError('BERTH_ACL_ANSWER', { target, reason }, cause);
  const said = aclSchema.safeParse(parsed(body, bad));
  if (!said.success) {
    const [issue] = said.error.issues;
    throw bad(`${issue?.path.join('.') || 'the whole'}: ${issue?.message ?? 'not as it must be'}`);
  }
  if (said.data.target !== target) throw bad(`it is about '${said.data.target.slice(0, 80)}'`);
  const addresses = new Set<IpAddress>();
  for (const text of said.data.addresses) {
    try {
      addresses.add(parseIp(text));
    } catch (error) {
      throw bad(`'${text}' is not an IP address`, error);
    }
  }
  return { revision: said.data.revision, addresses: [...addresses].sort() };
}

function parsed(body: string, bad: (reason: string, cause?: unknown) => Error): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw bad('it is no JSON', error);
  }
}
