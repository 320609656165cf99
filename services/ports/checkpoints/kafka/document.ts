/**
 * What lies in the topic of the checkpoints: documents, each in chunks under keys of its own, so
 * that nothing overwrites a part of another. A document is the state of one aggregate at a place,
 * or the closing of a pass. It is whole when all chunks are there and have the hash that the last
 * one tells. Who wrote it is part of its name: two writers of one place do not meet.
 *
 *     state/ns/shop@3:4711~2~WRITER#0 ... #n    gzip of the state's text, cut
 *     pass/@3:4711~2~WRITER#0                   gzip of what it covers (pass-text.ts)
 */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { type Hash, sha256 } from '../../../contract/canonical.ts';

export interface DocumentId {
  readonly kind: 'state' | 'pass';
  /** Of a state: the aggregate. */
  readonly name: string;
  /** Of the log. */
  readonly partition: number;
  readonly offset: number;
  readonly rules: number;
  readonly writer: string;
}

export interface Chunk {
  readonly key: string;
  /** Null: a tombstone. */
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** Well below what a broker takes in one batch. */
export const CHUNK_BYTES_MAX = 400_000;
const KEY = /^(state|pass)\/(.*)@(\d+):(-?\d+)~(\d+)~([^~#]+)#(\d+)$/;
const COUNT = 'chunks';
const HASH = 'sha256';
/** Speed before size: a state is nearly all repetition. */
const GZIP = { level: 1 } as const;

export function documentName({ kind, name, partition, offset, rules, writer }: DocumentId): string {
  return `${kind}/${name}@${partition}:${offset}~${rules}~${writer}`;
}

export function chunkKey(document: string, index: number): string {
  return `${document}#${index}`;
}

/** Null: not one of ours, or of a later program. */
export function parseChunkKey(key: string): { id: DocumentId; index: number } | null {
  const found = KEY.exec(key);
  if (found === null) return null;
  const [, kind, name = '', partition, offset, rules, writer = '', index] = found;
  const id: DocumentId = {
    kind: kind as DocumentId['kind'],
    name,
    partition: Number(partition),
    offset: Number(offset),
    rules: Number(rules),
    writer,
  };
  return { id, index: Number(index) };
}

export async function chunksOf(
  id: DocumentId,
  { text, hash }: { readonly text: string; readonly hash: Hash },
  bytesMax: number,
): Promise<Chunk[]> {
  const bytes = await promisify(gzip)(text, GZIP);
  const count = Math.max(1, Math.ceil(bytes.length / bytesMax));
  const name = documentName(id);
  return Array.from({ length: count }, (_, index) => ({
    key: chunkKey(name, index),
    value: bytes.subarray(index * bytesMax, (index + 1) * bytesMax),
    headers: index === count - 1 ? { [COUNT]: String(count), [HASH]: hash } : {},
  }));
}

/** As they are read; one that is there more than once is none of ours. */
export type ChunkHeaders = Readonly<Record<string, Buffer | readonly Buffer[]>>;

export interface LastChunk {
  readonly count: number;
  readonly hash: Hash;
}

/** Null: there are more to come. */
export function lastChunkOf(headers: ChunkHeaders): LastChunk | null {
  const [count, hash] = [headers[COUNT], headers[HASH]];
  if (count === undefined || hash === undefined) return null;
  return { count: Number(count.toString()), hash: hash.toString() };
}

/** Null: it is torn, or damaged. */
export async function textOf(
  chunks: ReadonlyMap<number, Buffer>,
  { count, hash }: LastChunk,
): Promise<string | null> {
  const parts = Array.from({ length: count }, (_, index) => chunks.get(index));
  if (!parts.every((part) => part !== undefined)) return null;
  try {
    const text = (await promisify(gunzip)(Buffer.concat(parts))).toString('utf8');
    return sha256(text) === hash ? text : null;
  } catch {
    return null;
  }
}
