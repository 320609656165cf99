/**
 * A term: the span of one watcher's observations in each aggregate that it opened. It counts from
 * where the aggregate's log has its `WatchStarted`, until another watcher's. Pure.
 */
import type { AggregateKey } from '../contract/identity.ts';
import { type EventRecord, eventRecord, type Observation } from '../contract/records.ts';

export interface Term {
  /** The record that opens it in an aggregate. */
  opening(aggregate: AggregateKey): EventRecord;
  /** A `WatchStarted` was read back; `before` is the aggregate's term until then. */
  read(aggregate: AggregateKey, term: string, before: string | null): void;
  isOpen(aggregate: AggregateKey): boolean;
  /** The next observation in an aggregate that is open. */
  observation(aggregate: AggregateKey, body: Observation): EventRecord;
  /** From now on the source is listing: an aggregate that another watcher wrote to is not ours. */
  listing(): void;
  /**
   * Another watcher took an aggregate over, or opened a new one while this term was listing, which
   * the list may not name, or was in one that this term met while listing.
   */
  isLost(): boolean;
}

export function createTerm(id: string): Term {
  /** Aggregate to the number of its last observation. */
  const open = new Map<AggregateKey, number>();
  let listing = false;
  let lost = false;
  return {
    opening: (aggregate) =>
      eventRecord(aggregate, { type: 'WatchStarted', term: id }, { by: id, number: 0 }),
    read(aggregate, term, before) {
      if (term !== id) {
        lost ||= listing || open.has(aggregate);
      } else if (!open.has(aggregate)) {
        open.set(aggregate, 0);
        // The list was begun before this aggregate's term: another's later list may be newer.
        lost ||= listing && before !== null;
      }
    },
    isOpen: (aggregate) => open.has(aggregate),
    observation(aggregate, body) {
      const number = (open.get(aggregate) ?? 0) + 1;
      open.set(aggregate, number);
      return eventRecord(aggregate, body, { by: id, number });
    },
    listing: () => {
      listing = true;
    },
    isLost: () => lost,
  };
}
