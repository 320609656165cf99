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
  readonly aclGate?: {
    /** Addresses that every target which is to have them confirmed, the first ones too. */
    readonly addressesAdmitted: number;
    /** Packets from a NAT address that its target's ACL did not have yet, by the targets. */
    readonly usedBeforeAdmitted?: number;
  };
  /** Append of the observation that a pod was bound -> its mapping read back on its node. */
  readonly propagationMs: Quantiles | null;
  readonly updates: {
    /** Records sent, counted for each agent that got them. */
    readonly sent: number;
    /** One update a target for each pod that came or went. */
    readonly naive: number;
  };
  readonly agentRestart?: { readonly packetsLost: number };
  /** Distributed: of the three acts below together. */
  readonly controlRestart?: { readonly packetsLost: number };
  readonly hubKill?: { readonly packetsLost: number };
  readonly mapperKill?: { readonly packetsLost: number };
  /** It was paused until another mapper had its partitions, and woke up beside it. */
  readonly mapperPause?: { readonly packetsLost: number };
  /** The owning gateway died (uplink cut, agent killed) and came back. */
  readonly gatewayKill?: GatewayGone;
  /** It was drained and taken back. */
  readonly gatewayHandover?: GatewayGone;
  readonly mapEntries: {
    /** Used entries of all Berth maps, summed over nodes and gateways. */
    readonly actual?: number;
    /** Pods x protected CIDRs, on every node. */
    readonly naive: number;
  };
  readonly converged: boolean;
}

/** What happened to connections while a gateway was away. */
interface GatewayGone {
  readonly brokenConnections: number;
  /** The longest time of which nothing came back that a pod behind it sent, every millisecond. */
  readonly pauseMs: number;
}

/** Input that was refused. */
export interface RefusedInput {
  readonly count: number;
  /** File, line, field, code and what is wrong, one each; not all where there are many. */
  readonly some: readonly string[];
}

/** What people are told beside the report. */
export interface Notes {
  readonly refused: RefusedInput;
  /** Pods that have no berth, and why. */
  readonly waiting: readonly string[];
}

const NOTES_SHOWN = 5;
const ADDRESSES_SHOWN = 4;

/** For people: the report on a few lines, the claim first. */
export function summary(report: Report, notes: Notes): string {
  const { pods, updates, durationSeconds } = report;
  const { actual, naive } = report.mapEntries;
  return [
    `pods          ${pods.created} created, ${pods.deleted} deleted in ${durationSeconds} s`,
    ...notes.waiting.slice(0, NOTES_SHOWN).map((text) => `  no berth    ${text}`),
    ...trafficLines(report),
    ...gateLines(report),
    ...propagationLines(report),
    `updates       ${updates.sent} sent; pods x targets: ${updates.naive}`,
    `map entries   ${actual ?? 'cannot be read'}; pods x CIDRs on every node: ${naive}`,
    ...killLines(report),
    ...gatewayLines(report),
    ...refusedLines(notes.refused),
    `converged     ${report.converged ? 'yes' : 'NO'}`,
  ].join('\n');
}

/** What the demo claims and this run did not keep; empty: it was a good one. */
export function brokenClaims(report: Report): readonly string[] {
  const { converged, leakedPackets = 0, connections, aclGate } = report;
  const ofGateways = [
    ['a gateway died', report.gatewayKill?.brokenConnections ?? 0],
    ['a gateway handed over', report.gatewayHandover?.brokenConnections ?? 0],
  ] as const;
  const early = aclGate?.usedBeforeAdmitted ?? 0;
  return [
    ...(converged ? [] : ['it did not converge']),
    ...(leakedPackets === 0 ? [] : [`${leakedPackets} packets leaked`]),
    ...(early === 0 ? [] : [`${early} packets used an address before its target had it`]),
    ...((connections?.broken ?? 0) === 0 ? [] : [`${connections?.broken} connections broke`]),
    ...ofGateways.flatMap(([when, broken]) =>
      broken === 0 ? [] : [`${broken} connections broke when ${when}`],
    ),
  ];
}

function trafficLines({ connections, leakedPackets, ...seen }: Report): string[] {
  if (connections === undefined || leakedPackets === undefined) return [];
  const { attempted, established, broken } = connections;
  const nat = listed(seen.natAddressesSeen ?? []);
  const others = seen.otherSourcesSeen ?? [];
  return [
    `connections   ${established} of ${attempted} established, ${broken} broken`,
    `leaked        ${leakedPackets} packets`,
    `targets saw   ${nat}; ${others.length === 0 ? 'nothing else' : `also ${listed(others)}`}`,
  ];
}

function listed(addresses: readonly string[]): string {
  if (addresses.length === 0) return 'nothing';
  const more = addresses.length - ADDRESSES_SHOWN;
  const shown = addresses.slice(0, ADDRESSES_SHOWN).join(', ');
  return more > 0 ? `${shown} and ${more} more` : shown;
}

function gateLines({ aclGate }: Report): string[] {
  if (aclGate === undefined) return [];
  const { addressesAdmitted, usedBeforeAdmitted } = aclGate;
  const packets =
    usedBeforeAdmitted === undefined ? '' : `; ${usedBeforeAdmitted} packets from one that was not`;
  return [`ACL gate      ${addressesAdmitted} addresses in their targets' ACLs${packets}`];
}

function propagationLines({ propagationMs }: Report): string[] {
  if (propagationMs === null) return [];
  const { p50, p99, max, samples } = propagationMs;
  const ms = [p50, p99, max].map((value) => value.toFixed(1));
  return [`propagation   p50 ${ms[0]} ms, p99 ${ms[1]} ms, max ${ms[2]} ms (${samples} pods)`];
}

function killLines(report: Report): string[] {
  const { agentRestart, controlRestart, hubKill, mapperKill, mapperPause } = report;
  if (agentRestart === undefined || controlRestart === undefined) return [];
  const lost = (one: Report['hubKill']): string => `(${one?.packetsLost ?? '?'} packets lost)`;
  if (hubKill === undefined) {
    const control = `the control process ${lost(controlRestart)}`;
    return [`killed        an agent ${lost(agentRestart)}, ${control}`];
  }
  return [
    `killed        an agent ${lost(agentRestart)}, a hub ${lost(hubKill)},`,
    `              a mapper ${lost(mapperKill)}; one was paused ${lost(mapperPause)}`,
  ];
}

function gatewayLines({ gatewayKill, gatewayHandover }: Report): string[] {
  const line = (name: string, gone: GatewayGone | undefined): string[] => {
    if (gone === undefined) return [];
    const { brokenConnections, pauseMs } = gone;
    return [
      `${name}${brokenConnections} connections broken, replies paused ${Math.round(pauseMs)} ms`,
    ];
  };
  return [...line('gateway died  ', gatewayKill), ...line('handed over   ', gatewayHandover)];
}

function refusedLines({ count, some }: RefusedInput): string[] {
  if (count === 0) return [];
  const more = count - Math.min(some.length, NOTES_SHOWN);
  return [
    `refused       ${count} ${count === 1 ? 'piece' : 'pieces'} of input; the rest went on`,
    ...some.slice(0, NOTES_SHOWN).map((text) => `  ${text}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}
