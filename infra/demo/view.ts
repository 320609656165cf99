/**
 * The live view: one screen, drawn anew twice a second in a terminal; in a pipe, one line every few
 * seconds. Only text goes out; what it shows comes from the control process's status, the agents'
 * acks in it, and the lab's counters.
 */
import type { Status } from '../../services/console/status.ts';
import type { PodCounts, Report } from './report.ts';

export interface Frame {
  readonly elapsedSeconds: number;
  readonly totalSeconds: number;
  readonly status: Status | null;
  readonly pods: PodCounts;
  readonly connections: Report['connections'] | null;
  readonly leakedPackets: number | null;
  readonly sources: readonly string[];
  /** What just happened, newest last. */
  readonly news: readonly string[];
}

const COLUMNS = 100;
const BERTHS_SHOWN = 12;
const NEWS_SHOWN = 6;

const BOLD = '\u001b[1m';
const DIM = '\u001b[2m';
const GREEN = '\u001b[32m';
const RED = '\u001b[31m';
const OFF = '\u001b[0m';
const HOME_AND_CLEAR = '\u001b[H\u001b[J';

export interface Terminal {
  readonly isTTY: boolean;
  readonly colours: boolean;
  write(text: string): void;
}

export function drawFrame(frame: Frame, terminal: Terminal): void {
  const paint = painter(terminal.colours);
  if (terminal.isTTY) terminal.write(`${HOME_AND_CLEAR}${screen(frame, paint)}\n`);
  else terminal.write(`${oneLine(frame)}\n`);
}

type Paint = (style: string, text: string) => string;

function painter(colours: boolean): Paint {
  return (style, text) => (colours ? `${style}${text}${OFF}` : text);
}

function screen(frame: Frame, paint: Paint): string {
  return [
    headline(frame, paint),
    '',
    ...counters(frame, paint),
    '',
    ...nodeTable(frame.status, paint),
    '',
    ...berthTable(frame.status, paint),
    '',
    ...frame.news.slice(-NEWS_SHOWN).map((line) => paint(DIM, `  ${line}`.slice(0, COLUMNS))),
  ].join('\n');
}

function headline({ elapsedSeconds, totalSeconds, status }: Frame, paint: Paint): string {
  const state =
    status === null
      ? paint(RED, 'control process down: nodes forward on')
      : status.converged
        ? paint(GREEN, 'converged')
        : 'changes under way';
  return `${paint(BOLD, 'Berth')}  ${elapsedSeconds} s of about ${totalSeconds} s  ${state}`;
}

function counters(frame: Frame, paint: Paint): string[] {
  const { pods, connections, leakedPackets, status, sources } = frame;
  const p = status?.propagationMs;
  const mapped = status === null ? '-' : `${status.pods.mapped} mapped`;
  const lines = [
    `  pods         ${pods.live} live, ${pods.created} created, ${pods.deleted} deleted, ${mapped}`,
  ];
  if (connections != null) {
    const broken = paint(connections.broken === 0 ? GREEN : RED, `${connections.broken} broken`);
    lines.push(`  connections  ${connections.established} of ${connections.attempted}, ${broken}`);
  }
  if (leakedPackets !== null) {
    const leaked = paint(leakedPackets === 0 ? GREEN : RED, `${leakedPackets} packets`);
    lines.push(`  leaked       ${leaked}; targets saw ${sources.join(', ') || 'nothing yet'}`);
  }
  if (p != null) {
    const ms = [p.p50, p.p99].map((value) => value.toFixed(1));
    lines.push(`  propagation  p50 ${ms[0]} ms, p99 ${ms[1]} ms over ${p.samples} pods`);
  }
  return lines;
}

function nodeTable(status: Status | null, paint: Paint): string[] {
  const head = paint(
    BOLD,
    `  ${'NODE'.padEnd(10)}${'LINK'.padEnd(8)}${'ACKED VERSION'.padEnd(36)}BERTHS`,
  );
  if (status === null) return [head, paint(DIM, '  (no status)')];
  const acks = new Map(status.acks.map((ack) => [ack.node, ack]));
  const rows = status.links.map(({ node, connected, inSync }) => {
    const version = Object.entries(acks.get(node)?.version ?? {});
    const text = version.map(([partition, offset]) => `${partition}:${offset}`).join(' ');
    const link = connected ? (inSync ? 'in sync' : 'behind') : 'down';
    const berths = status.berths.filter((berth) => berth.node === node).length;
    return `  ${node.padEnd(10)}${link.padEnd(8)}${text.padEnd(36)}${berths}`;
  });
  return [head, ...rows];
}

function berthTable(status: Status | null, paint: Paint): string[] {
  const head = `  ${'POD'.padEnd(24)}${'NODE'.padEnd(8)}${'NAT ADDRESS'.padEnd(18)}PORTS`;
  const berths = status?.berths ?? [];
  const rows = berths.slice(-BERTHS_SHOWN).map((berth) => {
    const pod = `${berth.namespace}/${berth.pod}`.padEnd(24);
    const ports = `${berth.base}-${berth.base + berth.blockSize - 1}`;
    return `  ${pod}${berth.node.padEnd(8)}${berth.address.padEnd(18)}${ports}`;
  });
  const more = berths.length - rows.length;
  return [paint(BOLD, head), ...rows, more > 0 ? paint(DIM, `  and ${more} more`) : ''];
}

function oneLine(frame: Frame): string {
  const { elapsedSeconds, pods, connections, leakedPackets, status, news } = frame;
  const parts = [`${elapsedSeconds} s`, `${pods.live} pods`];
  if (status !== null) parts.push(`${status.pods.mapped} mapped`);
  if (connections != null) {
    parts.push(`${connections.established} connections, ${connections.broken} broken`);
  }
  if (leakedPackets !== null) parts.push(`${leakedPackets} leaked`);
  const latest = news.at(-1);
  if (latest !== undefined) parts.push(latest);
  return parts.join('  ');
}
