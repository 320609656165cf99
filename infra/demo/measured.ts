/** Puts what was measured on the stage and said by the control process into the report. */
import type { Status } from '../../services/console/status.ts';
import { aclGateReport } from './acl-gate.ts';
import type { ControlOutcomes } from './control-acts.ts';
import type { GatewayOutcomes } from './gateway-acts.ts';
import type { PodCounts, Report } from './report.ts';
import type { Stage, Witnesses } from './stage.ts';

/** Undefined where there was no traffic to lose, or where it was not played. */
export interface Outcomes extends GatewayOutcomes, ControlOutcomes {
  readonly agentRestart: Report['agentRestart'] | undefined;
}

export async function measuredReport(init: {
  readonly stage: Stage;
  readonly counts: PodCounts;
  readonly status: Status;
  readonly outcomes: Outcomes;
  readonly seed: number;
  readonly durationSeconds: number;
  readonly converged: boolean;
}): Promise<Report> {
  const { stage, counts, status, outcomes } = init;
  const { created, deleted, live } = counts;
  const [witnesses, actual] = await Promise.all([stage.witnesses(), stage.mapEntries()]);
  // What is half made is neither made nor failed.
  await stage.workload?.pause();
  const totals = stage.workload?.totals() ?? null;
  stage.workload?.resume();
  const cidrs = stage.targets.reduce((sum, target) => sum + target.cidrs.length, 0);
  return {
    adapters: { ...status.adapters, datapath: stage.datapath },
    seed: init.seed,
    durationSeconds: init.durationSeconds,
    pods: { created, deleted },
    ...(totals === null
      ? {}
      : {
          connections: {
            attempted: totals.attempted,
            established: totals.established,
            broken: totals.broken,
          },
        }),
    ...(witnesses === null ? {} : seenBy(witnesses)),
    aclGate: aclGateReport(status, witnesses),
    propagationMs: status.propagationMs,
    updates: {
      sent: status.recordsSent,
      naive: (created + deleted) * stage.targets.length,
    },
    ...known(outcomes),
    mapEntries: {
      ...(actual === null ? {} : { actual }),
      naive: live * cidrs * stage.nodes.length,
    },
    converged: init.converged,
  };
}

/** What was not played, or could not be seen, is left out. */
function known(outcomes: Outcomes): Pick<Report, keyof Outcomes> {
  return Object.fromEntries(Object.entries(outcomes).filter(([, seen]) => seen !== undefined));
}

function seenBy({
  leakedPackets,
  natAddressesSeen,
  otherSourcesSeen,
}: Witnesses): Pick<Report, 'leakedPackets' | 'natAddressesSeen' | 'otherSourcesSeen'> {
  return { leakedPackets, natAddressesSeen, otherSourcesSeen };
}
