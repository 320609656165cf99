/**
 * A dead letter: an entry of a topic that was refused, for people. It decides nothing. Written by
 * whoever owns the partition, under its position, so that one written twice is the same one.
 */
import { canonicalJson, type Hash, hashOf } from './canonical.ts';
import type { RawRecord, Refusal, RefusedBecause } from './refusal.ts';
import type { Topic } from './topics.ts';

export interface DeadLetter {
  readonly type: 'DeadLetter';
  /** Of what was refused, where it stands, and why. */
  readonly id: Hash;
  readonly topic: Topic;
  readonly partition: number;
  readonly offset: number;
  /** Its append time there. */
  readonly timeMs: number;
  readonly because: RefusedBecause;
  readonly reason: string;
  /** Base64; null: it has none. */
  readonly key: string | null;
  readonly value: string | null;
  /** Of the value, all of it. */
  readonly valueBytes: number;
  /** Base64, by name. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface RefusedEntry {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
  readonly partition: number;
  readonly offset: number;
  readonly timeMs: number;
}

/** Of a larger value the beginning: the letter must fit into a broker's record, in base64. */
const VALUE_BYTES_MAX = 512 * 1024;
const HEADERS_MAX = 64;
const HEADER_BYTES_MAX = 1_024;
const REASON_MAX = 1_000;

export function deadLetter(topic: Topic, entry: RefusedEntry, refusal: Refusal): DeadLetter {
  const { partition, offset, timeMs } = entry;
  const { because } = refusal;
  const reason = refusal.reason.slice(0, REASON_MAX);
  const { key, value, headers } = refusal.raw ?? rawOf(entry);
  const at = { topic, partition, offset, because };
  return {
    type: 'DeadLetter',
    id: hashOf(at),
    ...at,
    timeMs,
    reason,
    key: key === null ? null : base64(key, HEADER_BYTES_MAX),
    value: value === null ? null : base64(value, VALUE_BYTES_MAX),
    valueBytes: value?.byteLength ?? 0,
    headers: Object.fromEntries(
      Object.entries(headers)
        .slice(0, HEADERS_MAX)
        .map(([name, bytes]) => [name.slice(0, HEADER_BYTES_MAX), base64(bytes, HEADER_BYTES_MAX)]),
    ),
  };
}

export function deadLetterKey({ topic, partition, offset }: DeadLetter): string {
  return `${topic}/${partition}/${offset}`;
}

/** As it was stored: an adapter that could read it stores canonical JSON. */
function rawOf({ key, value }: RefusedEntry): RawRecord {
  return { key: Buffer.from(key), value: Buffer.from(canonicalJson(value)), headers: {} };
}

function base64(bytes: Uint8Array, max: number): string {
  return Buffer.from(bytes.subarray(0, max)).toString('base64');
}
