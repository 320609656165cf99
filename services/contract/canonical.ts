/**
 * Canonical bytes and hashes. Ids of records, the chain of decisions and the hashes of states all
 * rest on one rule: the same value gives the same bytes on every machine and in every version.
 * JSON with object keys sorted by code unit and nothing optional (RFC 8785 for the values that
 * records use: strings, integers, booleans, null, arrays, plain objects).
 */
import { createHash } from 'node:crypto';

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

/** Lower-case hex SHA-256, 64 characters. */
export type Hash = string & { readonly __brand?: 'Hash' };

/** A property that is `undefined` is left out, as JSON does. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item)).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`);
  return `{${fields.join(',')}}`;
}

export function sha256(text: string): Hash {
  return createHash('sha256').update(text).digest('hex');
}

export function hashOf(value: unknown): Hash {
  return sha256(canonicalJson(value));
}
