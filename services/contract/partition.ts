/**
 * Which partition a key lives in: our own hash, not a client library's, because a record that
 * lands elsewhere after an upgrade would split one aggregate's history in two. FNV-1a, 32 bits,
 * over the UTF-8 bytes, then modulo. Never change it: the layout of every log rests on it.
 */
import type { AggregateKey } from './identity.ts';

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const encoder = new TextEncoder();

export function partitionOf(key: string, partitionCount: number): number {
  let hash = FNV_OFFSET;
  for (const byte of encoder.encode(key)) {
    hash = Math.imul(hash ^ byte, FNV_PRIME) >>> 0;
  }
  return hash % partitionCount;
}

/** The aggregate of a log's own records in one partition: the first `log/N` that lands there. */
export function logKey(partition: number, partitionCount: number): AggregateKey {
  for (let number = 0; ; number++) {
    const key: AggregateKey = `log/${number}`;
    if (partitionOf(key, partitionCount) === partition) return key;
  }
}
