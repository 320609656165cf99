/**
 * The demo's report. Everything in it was measured but the two `naive` fields, which say what the
 * usual ways would have cost. What a run cannot measure (no lab) is absent, never invented.
 */
import type { Quantiles } from '../../services/console/propagation.ts';

/** Pods of the run so far. */
export interface PodCounts {
  readonly created: number;
  readonly deleted: number;
  readonly live: number;
}

export interface Report {
  readonly adapters: {
    readonly eventLog: string;
    readonly jobs: string;
    readonly source: string;
    readonly datapath: string;
  };
  readonly seed: number;
  readonly durationSeconds: number;
  readonly pods: { readonly created: number; readonly deleted: number };
  readonly connections?: {
    readonly attempted: number;
    readonly established: number;
    /** Without connections whose pod was deleted. */
    readonly broken: number;
  };
  /** Packets towards a protected CIDR whose source was no admitted NAT address, by the targets. */
  readonly leakedPackets?: number;
  readonly natAddressesSeen?: readonly string[];
  readonly otherSourcesSeen?: readonly string[];
  /** Append of the observation that a pod was bound -> its mapping read back on its node. */
  readonly propagationMs: Quantiles | null;
  readonly updates: {
    /** Records sent, counted for each agent that got them. */
    readonly sent: number;
    /** One update a target for each pod that came or went. */
    readonly naive: number;
  };
  readonly agentRestart?: { readonly packetsLost: number };
  readonly controlRestart?: { readonly packetsLost: number };
  readonly mapEntries: {
    /** Used entries of all Berth maps, summed over nodes and gateways. */
    readonly actual: number;
    /** Pods x protected CIDRs, on every node. */
    readonly naive: number;
  };
  readonly converged: boolean;
}

/** For people: the report on a few lines, the claim first. */
export function summary(report: Report): string {
  const { pods, connections, propagationMs, updates, mapEntries } = report;
  const lines = [
    `pods          ${pods.created} created, ${pods.deleted} deleted in ${report.durationSeconds} s`,
  ];
  if (connections !== undefined) {
    const { attempted, established, broken } = connections;
    lines.push(`connections   ${established} of ${attempted} established, ${broken} broken`);
  }
  if (report.leakedPackets !== undefined) {
    const nat = report.natAddressesSeen?.join(', ') ?? '';
    const others = report.otherSourcesSeen ?? [];
    const seen = others.length === 0 ? 'nothing else' : `also ${others.join(', ')}`;
    lines.push(`leaked        ${report.leakedPackets} packets`);
    lines.push(`targets saw   ${nat}; ${seen}`);
  }
  if (propagationMs !== null) {
    const { p50, p99, max, samples } = propagationMs;
    const ms = [p50, p99, max].map((value) => value.toFixed(1));
    lines.push(`propagation   p50 ${ms[0]} ms, p99 ${ms[1]} ms, max ${ms[2]} ms (${samples} pods)`);
  }
  lines.push(`updates       ${updates.sent} sent; pods x targets: ${updates.naive}`);
  lines.push(`map entries   ${mapEntries.actual}; pods x CIDRs on every node: ${mapEntries.naive}`);
  if (report.agentRestart !== undefined && report.controlRestart !== undefined) {
    const { agentRestart, controlRestart } = report;
    lines.push(
      `killed        an agent (${agentRestart.packetsLost} packets lost), ` +
        `the control process (${controlRestart.packetsLost} packets lost)`,
    );
  }
  lines.push(`converged     ${report.converged ? 'yes' : 'NO'}`);
  return lines.join('\n');
}
