/**
 * What every reader of `berth.events` makes of an entry, before its fold sees it: an event, nothing
 * at all (all versions refuse it, for ever), or a record of a type that only a newer version knows.
 * Pure, and the same at the same place for all.
 */
import { hashOf } from '../canonical.ts';
import { partitionOf } from '../partition.ts';
import type { EventRecord } from '../records.ts';
import type { RefusedBecause } from '../refusal.ts';
import { EVENT_TYPES, eventBody, eventEnvelope } from './event-shape.ts';

export type Verdict =
  | { readonly kind: 'event' }
  | { readonly kind: 'refused'; readonly because: RefusedBecause; readonly reason: string }
  | { readonly kind: 'unknown-type' };

export interface JudgedEntry {
  readonly key: string;
  readonly partition: number;
  readonly value: Readonly<Record<string, unknown>>;
}

const EVENT: Verdict = { kind: 'event' };

export function judgeEvent(entry: JudgedEntry, partitionCount: number): Verdict {
  const around = eventEnvelope(entry.value);
  if (around !== null) return refused('envelope', around);
  const { id, aggregate, source, body } = entry.value as unknown as EventRecord;
  if (entry.key !== aggregate) return refused('key', `the key is not ${aggregate}`);
  const partition = partitionOf(entry.key, partitionCount);
  if (partition !== entry.partition) return refused('partition', `it belongs into ${partition}`);
  const isKnown = EVENT_TYPES.has(body.type);
  const inside = isKnown ? eventBody(body) : null;
  if (inside !== null) return refused('body', `body${inside}`);
  if (hashOf({ aggregate, source, body }) !== id) {
    return refused('id', 'the id is not the hash of what it says');
  }
  return isKnown ? EVENT : { kind: 'unknown-type' };
}

function refused(because: RefusedBecause, reason: string): Verdict {
  return { kind: 'refused', because, reason };
}
