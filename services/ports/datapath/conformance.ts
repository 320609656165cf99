/**
 * What every Datapath holds (port.ts), written once and run against the kernel and its twin. What a
 * packet sees is not here: the twin has no packets; see bpf/test/.
 */
import { type ConformanceInit, conformanceSuite } from '../../../test/conformance-suite.ts';
import type { DatapathHarness } from './conformance/harness.ts';
import { hookCases } from './conformance/hooks-conformance.ts';
import { lifeCases } from './conformance/life-conformance.ts';
import { tableCases } from './conformance/tables-conformance.ts';

const cases = { ...tableCases, ...hookCases, ...lifeCases };

/** For an adapter that can run none of them here, to say why. */
export const DATAPATH_CASES: readonly string[] = Object.keys(cases);

export function datapathConformance(name: string, init: ConformanceInit<DatapathHarness>): void {
  conformanceSuite(name, init, cases);
}
