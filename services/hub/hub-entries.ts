/** What a hub appends, as entries of the log's topics. */
import type { AckRecord } from '../contract/node-records.ts';
import type { EventRecord } from '../contract/records.ts';
import type { NewEntry } from '../ports/event-log/port.ts';
import type { Push } from './session.ts';

type Said = Omit<AckRecord, 'type' | 'checksum' | 'recordsSent' | 'sentAtMs'> & {
  readonly checksum: bigint;
};

/** `push`: the one that was acked; null for what the agent did without one. */
export function ackEntry(said: Said, push: Push | null): NewEntry {
  const { node, bootId, version, checksum, mapped, readBackAtMs } = said;
  const record: AckRecord = {
    type: 'Ack',
    node,
    bootId,
    version,
    checksum: checksum.toString(16).padStart(16, '0'),
    recordsSent: push === null ? 0 : push.resources.length + push.removed.length,
    sentAtMs: push?.sentAtMs ?? null,
    readBackAtMs,
    mapped,
  };
  return { key: node, value: { ...record } };
}

export function eventEntry(record: EventRecord): NewEntry {
  return { key: record.aggregate, value: { ...record } };
}
