/**
 * The documents of one partition of the log, as far as its topic has been read: which are whole,
 * which are torn, which are superseded. Records are put in the order of the topic; nothing here
 * does I/O.
 */
import type { AggregateKey } from '../../../contract/identity.ts';
import type { Checkpoint } from '../port.ts';
import {
  type ChunkHeaders,
  type DocumentId,
  documentName,
  type LastChunk,
  lastChunkOf,
  parseChunkKey,
  textOf,
} from './document.ts';
import { type PassText, passFromText } from './pass-text.ts';

export interface ShelfRecord {
  readonly key: string;
  readonly value: Buffer | null;
  readonly headers: ChunkHeaders;
}

/** What whoever writes must know of a document. */
export interface Known {
  readonly id: DocumentId;
  readonly chunks: number;
  /** Null: it is torn. */
  readonly hash: string | null;
  /** In the topic's order: of two of one place the later counts. */
  readonly order: number;
}

export interface Found {
  readonly checkpoints: readonly Checkpoint[];
  /** Up to where the partition is covered; null: no pass that was closed can be used. */
  readonly version: number | null;
  /** Closed passes of which something is missing: read on, or the topic was damaged. */
  readonly broken: number;
  readonly known: readonly Known[];
}

interface Shelved {
  readonly id: DocumentId;
  readonly chunks: Map<number, Buffer>;
  last: LastChunk | null;
  order: number;
}

export interface Shelf {
  put(record: ShelfRecord): void;
  partitions(): readonly number[];
  find(partition: number): Promise<Found>;
}

export function createShelf(): Shelf {
  const documents = new Map<string, Shelved>();
  let order = 0;

  function put({ key, value, headers }: ShelfRecord): void {
    const parsed = parseChunkKey(key);
    if (parsed === null) return;
    const { id, index } = parsed;
    const name = documentName(id);
    const document = documents.get(name) ?? { id, chunks: new Map(), last: null, order: 0 };
    if (value === null) document.chunks.delete(index);
    else {
      order += 1;
      document.order = order;
      document.chunks.set(index, value);
      document.last = lastChunkOf(headers) ?? document.last;
    }
    if (document.chunks.size === 0) documents.delete(name);
    else documents.set(name, document);
  }

  async function find(partition: number): Promise<Found> {
    const known: Known[] = [];
    const states = new Map<AggregateKey, { checkpoint: Checkpoint; order: number }>();
    const passes: { readonly offset: number; readonly said: PassText; readonly at: number }[] = [];
    for (const document of documents.values()) {
      const { id, chunks, last } = document;
      if (id.partition !== partition) continue;
      const text = last === null ? null : await textOf(chunks, last);
      const hash = text === null ? null : (last?.hash ?? null);
      known.push({ id, chunks: Math.max(...chunks.keys()) + 1, hash, order: document.order });
      if (text === null || hash === null) continue;
      if (id.kind === 'pass') {
        const said = passFromText(text);
        if (said !== null) passes.push({ offset: id.offset, said, at: known.length - 1 });
        continue;
      }
      const best = states.get(id.name as AggregateKey);
      if (best !== undefined && !isFurther(id, document.order, best)) continue;
      const { offset, rules } = id;
      const aggregate = id.name as AggregateKey;
      const checkpoint = { aggregate, position: { partition, offset }, rules, state: text, hash };
      states.set(aggregate, { checkpoint, order: document.order });
    }
    const holds = ({ said }: (typeof passes)[number]): boolean =>
      Object.entries(said.aggregates).every(
        ([name, offset]) =>
          (states.get(name as AggregateKey)?.checkpoint.position.offset ?? -1) >= offset,
      );
    const usable = passes.filter(holds);
    for (const { at } of passes.filter((pass) => !usable.includes(pass))) {
      // Nothing is behind a pass that does not hold: to whoever writes it is as good as torn.
      known[at] = { ...(known[at] as Known), hash: null };
    }
    return {
      checkpoints: Array.from(states.values(), ({ checkpoint }) => checkpoint),
      version: usable.length === 0 ? null : Math.max(...usable.map(({ offset }) => offset)),
      broken: passes.length - usable.length,
      known,
    };
  }

  return {
    put,
    partitions: () => [...new Set(Array.from(documents.values(), ({ id }) => id.partition))],
    find,
  };
}

function isFurther(
  { offset }: DocumentId,
  order: number,
  than: { readonly checkpoint: Checkpoint; readonly order: number },
): boolean {
  const have = than.checkpoint.position.offset;
  return offset > have || (offset === have && order > than.order);
}
