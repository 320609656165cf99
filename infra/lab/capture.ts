/**
 * A capture where frames enter the fabric: the second witness beside the targets' counters. It
 * sees what any host sends towards a protected CIDR, each frame once, wherever it goes.
 */
import { cidrHasIp } from '../../services/contract/cidr.ts';
import type { LabPlan } from './plan.ts';
import type { CapturedSource } from './traffic/captures.ts';
import type { Traffic } from './traffic/traffic.ts';

export interface CaptureResult {
  /** IPv4 packets towards protected CIDRs (a GSO frame counts once). */
  readonly packets: number;
  /** Sources outside the lab's NAT CIDR. Must be empty. */
  readonly foreignSources: readonly CapturedSource[];
  readonly natSources: readonly CapturedSource[];
  /** What came too fast to be captured: not 0 means that the witness blinked. */
  readonly missed: number;
}

export interface Capture {
  /** Everything that entered the fabric before is counted. */
  stop(): Promise<CaptureResult>;
}

/** Resolves once it listens. @throws BERTH_LAB_TRAFFIC */
export async function startCapture(plan: LabPlan, traffic: Traffic): Promise<Capture> {
  const cidrs = plan.targets.flatMap((target) => target.cidrs);
  const capture = await traffic.capture(plan.fabricNetns, cidrs);
  return {
    stop: async () => {
      const { packets, missed, sources } = await capture.stop();
      const isNat = ({ address }: CapturedSource): boolean => cidrHasIp(plan.natCidr, address);
      return {
        packets,
        missed,
        foreignSources: sources.filter((source) => !isNat(source)),
        natSources: sources.filter(isNat),
      };
    },
  };
}
