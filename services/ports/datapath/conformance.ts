/**
 * What every Datapath holds (port.ts), and every program (packet-runner.ts), written once and run
 * against the kernel and its twin.
 */
import { describe } from 'vitest';
import { type ConformanceInit, conformanceSuite } from '../../../test/conformance-suite.ts';
import type { DatapathHarness } from './conformance/harness.ts';
import { hookCases } from './conformance/hooks-conformance.ts';
import { lifeCases } from './conformance/life-conformance.ts';
import { cutOffPackets } from './conformance/packets/cut-off.ts';
import { egressPackets } from './conformance/packets/egress.ts';
import { enforcementPackets } from './conformance/packets/enforcement.ts';
import { eventPackets } from './conformance/packets/events.ts';
import { flexiblePackets } from './conformance/packets/flexible.ts';
import { guardPackets } from './conformance/packets/guard.ts';
import { icmpErrorPackets } from './conformance/packets/icmp-errors.ts';
import { leasePackets } from './conformance/packets/lease.ts';
import { returnPackets } from './conformance/packets/return.ts';
import { steerPackets } from './conformance/packets/steer.ts';
import type { PacketSuiteInit } from './conformance/packets/suite.ts';
import { tableCases } from './conformance/tables-conformance.ts';

const cases = { ...tableCases, ...hookCases, ...lifeCases };

const PACKETS = {
  egress: egressPackets,
  return: returnPackets,
  'flexible ports': flexiblePackets,
  'ICMP errors': icmpErrorPackets,
  steer: steerPackets,
  'the lease of a gateway': leasePackets,
  pod: guardPackets,
  'what is only observed': enforcementPackets,
  'what is cut off': cutOffPackets,
  'what is told': eventPackets,
};

/** For an adapter that can run none of them here, to say why. */
export const DATAPATH_CASES: readonly string[] = Object.keys(cases);

export function datapathConformance(name: string, init: ConformanceInit<DatapathHarness>): void {
  conformanceSuite(name, init, cases);
}

export function packetConformance(name: string, init: PacketSuiteInit): void {
  describe(name, () => {
    for (const [group, suite] of Object.entries(PACKETS)) describe(group, () => suite(init));
  });
}
