/**
 * What every Jobs adapter holds (port.ts), written once and run against each. Time passes only
 * through the harness, so an adapter with a clock of its own may really wait, and an embedded one
 * turns a clock by hand.
 */
import { type ConformanceInit, conformanceSuite } from '../../../test/conformance-suite.ts';
import { queueCases } from './conformance/queue-conformance.ts';
import { workCases } from './conformance/work-conformance.ts';
import type { Jobs } from './port.ts';

export interface JobsHarness {
  readonly opened: Jobs;
  passTime(ms: number): Promise<void>;
  /** Closes the jobs and opens them again on the same storage. */
  reopen(): Promise<Jobs>;
  teardown(): Promise<void>;
}

export function jobsConformance(name: string, init: ConformanceInit<JobsHarness>): void {
  conformanceSuite(name, init, { ...queueCases, ...workCases });
}
