/** Whether a request was signed with one of our keys, lately (Standard Webhooks). */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { sign } from '../../services/ports/acl-driver/webhook/signature.ts';

const AGE_MAX_SECONDS = 300;
const SECOND_MS = 1000;

export function isSigned(
  headers: IncomingHttpHeaders,
  body: string,
  { keys, nowMs }: { readonly keys: readonly Buffer[]; readonly nowMs: number },
): boolean {
  const id = headers['webhook-id'];
  const timestamp = Number(headers['webhook-timestamp']);
  const given = headers['webhook-signature'];
  if (typeof id !== 'string' || typeof given !== 'string' || !Number.isInteger(timestamp)) {
    return false;
  }
  if (Math.abs(nowMs / SECOND_MS - timestamp) > AGE_MAX_SECONDS) return false;
  const known = keys.map((key) => sign([key], { id, timestamp, body }));
  return given.split(' ').some((one) => known.some((other) => isSame(one, other)));
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
