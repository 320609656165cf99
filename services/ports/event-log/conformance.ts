/**
 * What every EventLog holds (port.ts), written once and run against each adapter. Cases know the
 * port only; what they need besides comes from the harness: a log on storage that outlives it.
 */
import { type ConformanceInit, conformanceSuite } from '../../../test/conformance-suite.ts';
import { appendCases } from './conformance/append-conformance.ts';
import { compactionCases } from './conformance/compaction-conformance.ts';
import { deletionCases } from './conformance/deletion-conformance.ts';
import type { EventLogHarness } from './conformance/harness.ts';
import { membershipCases } from './conformance/membership-conformance.ts';
import { readCases } from './conformance/read-conformance.ts';

export function eventLogConformance(name: string, init: ConformanceInit<EventLogHarness>): void {
  conformanceSuite(name, init, {
    ...appendCases,
    ...readCases,
    ...compactionCases,
    ...deletionCases,
    ...membershipCases,
  });
}
