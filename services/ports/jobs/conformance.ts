/**
 * What every Jobs adapter holds (port.ts), written once and run against each. Time passes only
 * through the harness, so an adapter with a clock of its own may really wait, and an embedded one
 * turns a clock by hand.
 */
import { type ConformanceInit, conformanceSuite } from '../../../test/conformance-suite.ts';
import type { JobsHarness } from './conformance/harness.ts';
import { queueCases } from './conformance/queue-conformance.ts';
import { workCases } from './conformance/work-conformance.ts';

export function jobsConformance(name: string, init: ConformanceInit<JobsHarness>): void {
  conformanceSuite(name, init, { ...queueCases, ...workCases });
}
