/**
 * Appends to the log all the time, and remembers what was acknowledged: records of a term that
 * nobody opened, which every reader folds and ignores. What was acknowledged must be in the log, at
 * the place that was answered, whatever happened to the brokers.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { namespaceKey } from '../../services/contract/identity.ts';
import { eventRecord } from '../../services/contract/records.ts';
import { TOPICS } from '../../services/contract/topics.ts';
import type { Entry, EventLog } from '../../services/ports/event-log/port.ts';

const EVERY_MS = 50;
/** Some, so that several partitions are witnessed. */
const NAMESPACES = ['witness-1', 'witness-2', 'witness-3', 'witness-4'];

export interface Witness {
  start(): void;
  /** Ends when the last append is acknowledged. */
  stop(): Promise<void>;
  /** All that were acknowledged, ever. */
  acknowledged(): readonly Entry[];
}

export function createWitness(log: EventLog, name: string): Witness {
  const acknowledged: Entry[] = [];
  let number = 0;
  let runs: AbortController | null = null;
  let work: Promise<void> = Promise.resolve();

  async function appendAll(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      number += 1;
      const key = namespaceKey(NAMESPACES[number % NAMESPACES.length] ?? '');
      const body = { type: 'NamespaceObserved', labels: {} } as const;
      const record = eventRecord(key, body, { by: name, number });
      acknowledged.push(...(await append(key, { ...record })));
      await delay(EVERY_MS);
    }
  }

  /** One of unknown fate is repeated with the same bytes. */
  async function append(
    key: string,
    value: Readonly<Record<string, unknown>>,
  ): Promise<readonly Entry[]> {
    for (;;) {
      try {
        return await log.append(TOPICS.events.name, [{ key, value }]);
      } catch {
        await delay(EVERY_MS);
      }
    }
  }

  return {
    start: () => {
      runs = new AbortController();
      work = appendAll(runs.signal);
    },
    stop: async () => {
      runs?.abort();
      await work;
    },
    acknowledged: () => acknowledged,
  };
}
