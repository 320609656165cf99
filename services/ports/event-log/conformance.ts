/**
 * What every EventLog holds (port.ts), written once and run against each adapter. Cases know the
 * port only; what they need besides comes from the harness: a log on storage that outlives it.
 */
import { type ConformanceInit, conformanceSuite } from '../../../test/conformance-suite.ts';
import { appendCases } from './conformance/append-conformance.ts';
import { compactionCases } from './conformance/compaction-conformance.ts';
import { readCases } from './conformance/read-conformance.ts';
import type { EventLog } from './port.ts';

export interface EventLogHarness {
  readonly opened: EventLog;
  /** Entries a batch: small, so that the cases need few entries. */
  readonly readBatchMax: number;
  /** Closes the log and opens it again on the same storage. */
  reopen(): Promise<EventLog>;
  teardown(): Promise<void>;
}

export function eventLogConformance(name: string, init: ConformanceInit<EventLogHarness>): void {
  conformanceSuite(name, init, { ...appendCases, ...readCases, ...compactionCases });
}
