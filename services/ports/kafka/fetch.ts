/**
 * One fetch: some partitions of one broker from given offsets on. Decoded by us down to the record
 * batch, because what matters is lost in kafkajs's answer: a batch of a compacted topic may have no
 * record left, and who does not step over it reads it for ever.
 */

import Decoder from 'kafkajs/src/protocol/decoder.js';
import decodeBatch from 'kafkajs/src/protocol/recordBatch/v0/decoder.js';
import { askEach } from './cluster.ts';
import type { Broker, BytesDecoder, RecordBatch } from './kafkajs-shapes.ts';
import type { StoredRecord } from './places.ts';

export interface FetchedPartition {
  readonly partition: number;
  readonly errorCode: number;
  /** What was asked for. */
  readonly from: number;
  readonly records: readonly StoredRecord[];
  /** Where to read on: behind the last batch, or where it was asked for. */
  readonly next: number;
}

const FETCH_VERSION = 11;
const READ_UNCOMMITTED = 0;
const CONSUMER = -1;
/** The head of a record batch up to its records, of which the first 12 bytes say how long it is. */
const BATCH_HEAD_BYTES = 61;

export const FETCH_BYTES_MAX = 4_000_000;
const FETCH_PARTITION_BYTES_MAX = 1_000_000;

/** Answered at once where there is something, else after `waitMs`. */
export async function fetchFrom(
  broker: Broker,
  topic: string,
  from: ReadonlyMap<number, number>,
  waitMs: number,
): Promise<readonly FetchedPartition[]> {
  const partitions = [...from].map(([partition, offset]) => ({
    partition,
    fetchOffset: String(offset),
    maxBytes: FETCH_PARTITION_BYTES_MAX,
  }));
  const fields = {
    replicaId: CONSUMER,
    maxWaitTime: waitMs,
    minBytes: 1,
    maxBytes: FETCH_BYTES_MAX,
    isolationLevel: READ_UNCOMMITTED,
    topics: [{ topic, partitions }],
  };
  return askEach(broker, 'Fetch', FETCH_VERSION, fields, (bytes) => decodeAnswer(bytes, from));
}

async function decodeAnswer(
  bytes: Buffer,
  from: ReadonlyMap<number, number>,
): Promise<readonly FetchedPartition[]> {
  const decoder = new Decoder(bytes);
  decoder.readInt32(); // throttle time
  const errorCode = decoder.readInt16();
  decoder.readInt32(); // session
  const fetched: FetchedPartition[] = [];
  const topics = decoder.readInt32();
  for (let topic = 0; topic < topics; topic += 1) {
    decoder.readString();
    const partitions = decoder.readInt32();
    for (let index = 0; index < partitions; index += 1) {
      fetched.push(await decodePartition(decoder, from));
    }
  }
  if (errorCode === 0) return fetched;
  return [...from].map(([partition, next]) => ({
    partition,
    errorCode,
    from: next,
    records: [],
    next,
  }));
}

async function decodePartition(
  decoder: BytesDecoder,
  from: ReadonlyMap<number, number>,
): Promise<FetchedPartition> {
  const partition = decoder.readInt32();
  const errorCode = decoder.readInt16();
  decoder.readInt64(); // high watermark
  decoder.readInt64(); // last stable offset
  decoder.readInt64(); // log start offset
  const aborted = decoder.readInt32();
  for (let each = 0; each < aborted; each += 1) {
    decoder.readInt64();
    decoder.readInt64();
  }
  decoder.readInt32(); // preferred replica
  const size = decoder.readInt32();
  const asked = from.get(partition) ?? 0;
  if (size <= 0) return { partition, errorCode, from: asked, records: [], next: asked };
  const { records, next } = await decodeRecords(decoder.readBytes(size), partition, asked);
  return { partition, errorCode, from: asked, records, next };
}

/** A batch is answered whole, so the first may begin before what was asked for; the last is cut. */
async function decodeRecords(bytes: Buffer, partition: number, asked: number) {
  const decoder = new Decoder(bytes);
  const records: StoredRecord[] = [];
  let next = asked;
  let at = 0;
  while (at + BATCH_HEAD_BYTES <= bytes.length) {
    const length = 12 + bytes.readInt32BE(at + 8);
    if (at + length > bytes.length) break;
    at += length;
    const batch = await decodeBatch(decoder);
    next = Math.max(next, Number(batch.firstOffset) + batch.lastOffsetDelta + 1);
    if (batch.isControlBatch) continue;
    for (const record of batch.records) {
      if (Number(record.offset) >= asked) records.push(stored(record, partition));
    }
  }
  return { records, next };
}

function stored(record: RecordBatch['records'][number], partition: number): StoredRecord {
  return {
    key: record.key?.toString('utf8') ?? '',
    value: record.value,
    headers: record.headers,
    partition,
    offset: Number(record.offset),
    timeMs: Number(record.timestamp),
  };
}
