/**
 * The checksum by which hub and agent compare what a node has: the exclusive or of one 64-bit hash
 * for each resource. Order does not matter, and a change costs two hashes: the old one out, the
 * new one in. It finds mistakes, not attackers (the link is authenticated).
 */
import { createHash } from 'node:crypto';

/** Of a node that has nothing. */
export const EMPTY_CHECKSUM = 0n;

/** What one resource adds to (and, given again, takes from) a checksum. */
export function resourceHash(key: string, bytes: Uint8Array): bigint {
  // No key holds a NUL, so no two pairs of key and bytes give the same input.
  const digest = createHash('sha256').update(key).update('\0').update(bytes).digest();
  return digest.readBigUInt64BE(0);
}
