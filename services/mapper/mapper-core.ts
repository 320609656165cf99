/**
 * What a mapper does, without I/O: it folds what it reads and says what to append next. A decision
 * for each aggregate that has an answerable question, one at a time until it is read back; every
 * open forward under its destination's key; and a receipt once the other log has the forward.
 * Whatever is repeated after a crash keeps its bytes, and the fold takes it once.
 */

import { openForwards } from '../aggregates/aggregate/outbox.ts';
import { decide } from '../aggregates/decide.ts';
import type { Effects } from '../aggregates/effects.ts';
import type { AggregateState, World } from '../aggregates/world.ts';
import type { AggregateKey } from '../contract/identity.ts';
import type { Forward } from '../contract/messages.ts';
import {
  type EventRecord,
  eventRecord,
  type LoggedEvent,
  type RecordId,
} from '../contract/records.ts';

export interface MapperCore {
  /** Folds one record. @throws what the fold throws: the mapper must stop. */
  read(event: LoggedEvent): Effects;
  /** What to append now, in this order. Empty when nothing is open that could be answered. */
  next(): EventRecord[];
  /** The log has these records, as `next` gave them. */
  appended(records: readonly EventRecord[]): void;
}

export function createMapperCore(world: World): MapperCore {
  /** Aggregates to look at; at the start all of them. */
  const dirty = new Set<AggregateKey>();
  for (const state of world.aggregates()) dirty.add(state.key);
  /** Own decisions that are appended or about to be, until they are read back. */
  const undecided = new Map<AggregateKey, RecordId>();
  /** How far each open forward is, until its receipt is read back. */
  const progress = new Map<string, 'sent' | 'arrived' | 'receipted'>();

  function read(event: LoggedEvent): Effects {
    const { id, aggregate, body } = event.record;
    const effects = world.apply(event);
    if (undecided.get(aggregate) === id) undecided.delete(aggregate);
    if (body.type === 'Receipt') progress.delete(nameOf(aggregate, body.to, body.number));
    dirty.add(aggregate);
    return effects;
  }

  function next(): EventRecord[] {
    const records: EventRecord[] = [];
    for (const key of dirty) {
      const state = world.aggregate(key);
      if (state === undefined) continue;
      records.push(...decisionFor(state), ...forwardsFrom(state));
    }
    dirty.clear();
    return records;
  }

  function decisionFor(state: AggregateState): EventRecord[] {
    if (undecided.has(state.key)) return [];
    const decision = decide(state);
    if (decision === null) return [];
    const record = eventRecord(state.key, decision);
    undecided.set(state.key, record.id);
    return [record];
  }

  function forwardsFrom(state: AggregateState): EventRecord[] {
    const records: EventRecord[] = [];
    for (const forward of openForwards(state)) {
      const name = nameOf(state.key, forward.to, forward.number);
      const far = progress.get(name);
      if (far === undefined) {
        progress.set(name, 'sent');
        records.push(forwardRecord(state.key, forward));
      } else if (far === 'arrived') {
        progress.set(name, 'receipted');
        records.push(receiptRecord(state.key, forward));
      }
    }
    return records;
  }

  function appended(records: readonly EventRecord[]): void {
    for (const { aggregate, body } of records) {
      if (body.type !== 'Forwarded') continue;
      const name = nameOf(body.from, aggregate, body.number);
      // Another mapper's receipt may have been read meanwhile: then there is nothing left to say.
      if (progress.get(name) !== 'sent') continue;
      progress.set(name, 'arrived');
      dirty.add(body.from);
    }
  }

  return { read, next, appended };
}

function nameOf(from: AggregateKey, to: AggregateKey, number: number): string {
  return `${from} ${to} ${number}`;
}

function forwardRecord(from: AggregateKey, { to, number, message }: Forward): EventRecord {
  return eventRecord(to, { type: 'Forwarded', from, number, message });
}

function receiptRecord(from: AggregateKey, { to, number }: Forward): EventRecord {
  return eventRecord(from, { type: 'Receipt', to, number });
}
