/**
 * The signature of Standard Webhooks (version 1.0, symmetric): HMAC-SHA256 over `id.time.body`, so
 * that a target knows who speaks, that nothing was changed on the way, and when it was said. A key
 * is text, `whsec_` and base64; several, one a line, sign side by side while one replaces another.
 */
import { createHmac } from 'node:crypto';

const PREFIX = 'whsec_';
const KEY_BYTES_MIN = 24;
const KEY_BYTES_MAX = 64;
const KEYS_MAX = 4;

/** Null where the text holds no keys. */
export function parseSigningKeys(text: string): readonly Buffer[] | null {
  const lines = text.split('\n').map((line) => line.trim());
  const keys = lines.filter((line) => line !== '').map(parseKey);
  if (keys.length === 0 || keys.length > KEYS_MAX) return null;
  return keys.every((key) => key !== null) ? keys : null;
}

/** `v1,...` for each key, as the header has it. */
export function sign(
  keys: readonly Buffer[],
  {
    id,
    timestamp,
    body,
  }: { readonly id: string; readonly timestamp: number; readonly body: string },
): string {
  const content = `${id}.${timestamp}.${body}`;
  const signatures = keys.map((key) => createHmac('sha256', key).update(content).digest('base64'));
  return signatures.map((signature) => `v1,${signature}`).join(' ');
}

function parseKey(line: string): Buffer | null {
  if (!line.startsWith(PREFIX)) return null;
  const key = Buffer.from(line.slice(PREFIX.length), 'base64');
  return key.length >= KEY_BYTES_MIN && key.length <= KEY_BYTES_MAX ? key : null;
}
