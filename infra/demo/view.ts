/**
 * The live view as text: one screen that fits the terminal, whatever its size, or one line for a
 * pipe. Pure: what it shows comes from the control process's status, the agents' acks in it, and
 * the lab's counters. In a small terminal the berths make room first, then the news, then the rest.
 */
import type { BerthStatus, LinkStatus, Status } from '../../services/console/status.ts';
import { cell, cutTo, plain } from './columns.ts';
import type { PodCounts, RefusedInput, Report } from './report.ts';
import type { ProcessStatus } from './supervised.ts';
import type { ScreenSize } from './terminal.ts';

export interface Frame {
  readonly elapsedSeconds: number;
  readonly totalSeconds: number;
  readonly status: Status | null;
  readonly pods: PodCounts;
  readonly connections: Report['connections'] | null;
  readonly leakedPackets: number | null;
  readonly sources: readonly string[];
  /** Each with how many NAT addresses it answers for; null: nobody says. */
  readonly gateways: readonly { readonly name: string; readonly owned: number | null }[];
  readonly refused: RefusedInput;
  /** Above the agents, where they are more than one. */
  readonly processes: readonly ProcessStatus[];
  /** What just happened, newest last. */
  readonly news: readonly string[];
}

const NEWS_SHOWN = 6;
/** With fewer rows than that for berths and news, blank lines go first. */
const ROOM_FOR_BLANKS = 6;
const GATEWAYS_SHOWN = 4;
/** Head, a berth, and how many more there are. */
const BERTH_ROWS_MIN = 3;
const PROCESSES_LABEL = '  processes    ';

const STYLES = { bold: '\u001b[1m', dim: '\u001b[2m', green: '\u001b[32m', red: '\u001b[31m' };
const OFF = '\u001b[0m';

type Paint = (style: keyof typeof STYLES, text: string) => string;

/** Lines that fit `size`; one row is left for the cursor. */
export function screen(frame: Frame, size: ScreenSize, colours: boolean): string[] {
  const paint: Paint = (style, text) => (colours ? `${STYLES[style]}${text}${OFF}` : text);
  const rows = Math.max(1, size.rows - 1);
  const fixed = [
    [headline(frame, paint)],
    [
      ...counters(frame, size.columns, paint),
      ...processLines(frame.processes, size.columns, paint),
    ],
    nodeTable(frame.status, size.columns, paint),
  ];
  const count = fixed.flat().length + fixed.length;
  const isTight = rows - count < ROOM_FOR_BLANKS;
  const room = isTight ? rows - fixed.flat().length : rows - count;
  const half = Math.max(1, Math.floor(room / 2));
  // A table without a row of its own says less than the news in its place.
  const share = room - half - 1 < BERTH_ROWS_MIN ? room : half;
  const newsRows = Math.min(NEWS_SHOWN, frame.news.length, share);
  const news = frame.news.slice(-newsRows).map((line) => paint('dim', `  ${plain(line)}`));
  const tableSize = { rows: room - news.length - (isTight ? 0 : 1), columns: size.columns };
  const parts = [...fixed, berthTable(frame.status?.berths ?? [], tableSize, paint), news];
  const shown = parts.filter((part) => part.length > 0);
  const lines = shown.flatMap((part, at) => (isTight || at === 0 ? part : ['', ...part]));
  // Where not even that fits, the latest news stays.
  const cut = lines.length > rows ? [...lines.slice(0, rows - 1), ...lines.slice(-1)] : lines;
  return cut.map((line) => cutTo(line, size.columns));
}

/** For a pipe. */
export function oneLine(frame: Frame): string {
  const { elapsedSeconds, pods, connections, leakedPackets, status } = frame;
  const parts = [`${String(elapsedSeconds).padStart(3)} s`, `${pods.live} pods`];
  if (status !== null) parts.push(`${status.pods.mapped} mapped`);
  if (connections != null) {
    parts.push(`${connections.established} connections, ${connections.broken} broken`);
  }
  if (leakedPackets !== null) parts.push(`${leakedPackets} leaked`);
  return parts.join('  ');
}

function headline(frame: Frame, paint: Paint): string {
  const { elapsedSeconds, totalSeconds, status, processes, pods } = frame;
  const silent = processes.length === 0 ? 'control process down' : 'no console';
  const state =
    status === null
      ? pods.created === 0
        ? 'starting'
        : paint('red', `${silent}: nodes forward on`)
      : status.converged
        ? paint('green', 'converged')
        : 'changes under way';
  return `${paint('bold', 'Berth')}  ${elapsedSeconds} s of about ${totalSeconds} s  ${state}`;
}

function counters(frame: Frame, columns: number, paint: Paint): string[] {
  const { pods, connections, leakedPackets, status, sources, gateways, refused } = frame;
  const p = status?.propagationMs;
  const mapped = status === null ? '-' : `${status.pods.mapped} mapped`;
  const lines = [
    `  pods         ${pods.live} live, ${pods.created} created, ${pods.deleted} deleted, ${mapped}`,
  ];
  if (connections != null) {
    const broken = paint(
      connections.broken === 0 ? 'green' : 'red',
      `${connections.broken} broken`,
    );
    lines.push(`  connections  ${connections.established} of ${connections.attempted}, ${broken}`);
  }
  if (leakedPackets !== null) {
    const leaked = paint(leakedPackets === 0 ? 'green' : 'red', `${leakedPackets} packets`);
    lines.push(`  leaked       ${leaked}; targets saw ${listed(sources, columns)}`);
  }
  if (gateways.length > 0) lines.push(`  gateways     ${gatewaysText(gateways, paint)}`);
  if (p != null) {
    const ms = [p.p50, p.p99].map((value) => value.toFixed(1));
    lines.push(`  propagation  p50 ${ms[0]} ms, p99 ${ms[1]} ms over ${p.samples} pods`);
  }
  if (refused.count > 0) {
    lines.push(
      `  refused      ${paint('red', String(refused.count))}: ${plain(refused.some.at(-1) ?? '')}`,
    );
  }
  return lines;
}

/** Those of a role together, each by its pid, or by what keeps it from running. */
function processLines(
  processes: readonly ProcessStatus[],
  columns: number,
  paint: Paint,
): string[] {
  const roles = Map.groupBy(processes, ({ name }) => name.replace(/-\d+$/, ''));
  const parts = Array.from(roles, ([role, its]) => {
    const states = its.map(({ pid, state }) => (state === 'runs' ? String(pid) : state));
    const painted = its.map(({ pid, state }) =>
      state === 'runs' ? String(pid) : paint('red', state),
    );
    return { width: `${role} ${states.join(' ')}`.length, text: `${role} ${painted.join(' ')}` };
  });
  const lines: string[][] = [];
  let room = 0;
  for (const { width, text } of parts) {
    if (width > room || lines.length === 0) {
      lines.push([]);
      room = columns - PROCESSES_LABEL.length;
    }
    lines.at(-1)?.push(text);
    room -= width + ', '.length;
  }
  return lines.map((line, at) => {
    const label = at === 0 ? PROCESSES_LABEL : ' '.repeat(PROCESSES_LABEL.length);
    return `${label}${line.join(', ')}`;
  });
}

function gatewaysText(gateways: Frame['gateways'], paint: Paint): string {
  const texts = gateways.map(({ name, owned }) => {
    const text = owned === null ? paint('red', 'no answer') : `${owned} addresses`;
    return `${plain(name)}: ${text}`;
  });
  const more = texts.length - GATEWAYS_SHOWN;
  const shown = texts.slice(0, GATEWAYS_SHOWN).join(', ');
  return more > 0 ? `${shown} and ${more} more` : shown;
}

function listed(sources: readonly string[], columns: number): string {
  if (sources.length === 0) return 'nothing yet';
  const room = columns >= 90 ? 4 : 2;
  const more = sources.length - room;
  const shown = sources.slice(0, room).join(', ');
  return more > 0 ? `${shown} and ${more} more` : shown;
}

function nodeTable(status: Status | null, columns: number, paint: Paint): string[] {
  const width = { node: nameWidth(columns), link: 9, version: columns >= 90 ? 36 : 28 };
  const row = (node: string, link: string, version: string, berths: string): string =>
    `  ${cell(node, width.node)}${cell(link, width.link)}${cell(version, width.version)}${berths}`;
  const head = paint('bold', row('NODE', 'LINK', 'ACKED VERSION', 'BERTHS'));
  if (status === null) return [head, paint('dim', '  (no status)')];
  const acks = new Map(status.acks.map((ack) => [ack.node, ack]));
  return [
    head,
    ...status.links.toSorted(byName).map(({ node, connected, inSync }) => {
      const version = Object.entries(acks.get(node)?.version ?? {});
      const text = version.map(([partition, offset]) => `${partition}:${offset}`).join(' ');
      const link = connected ? (inSync ? 'in sync' : 'behind') : 'down';
      const berths = status.berths.filter((berth) => berth.node === node).length;
      return row(node, link, text, String(berths));
    }),
  ];
}

function byName(a: LinkStatus, b: LinkStatus): number {
  return a.node.localeCompare(b.node, 'en', { numeric: true });
}

/** At most `size.rows` lines; none where they would hold no berth. */
function berthTable(berths: readonly BerthStatus[], size: ScreenSize, paint: Paint): string[] {
  const { rows, columns } = size;
  if (rows < Math.min(BERTH_ROWS_MIN, berths.length + 1)) return [];
  const width = { node: nameWidth(columns), address: 17, ports: 13 };
  const pod = Math.min(48, columns - 2 - width.node - width.address - width.ports);
  const row = (name: string, node: string, address: string, ports: string): string =>
    `  ${cell(name, pod)}${cell(node, width.node)}${cell(address, width.address)}${ports}`;
  const fits = berths.length <= rows - 1;
  const shown = fits ? berths : ofEachNamespace(berths, rows - 2);
  return [
    paint('bold', row('POD', 'NODE', 'NAT ADDRESS', 'PORTS')),
    ...shown.map(({ namespace, pod: name, node, address, base, blockSize }) =>
      row(`${namespace}/${name}`, node, address, `${base}-${base + blockSize - 1}`),
    ),
    ...(fits ? [] : [paint('dim', `  and ${berths.length - shown.length} more`)]),
  ];
}

function nameWidth(columns: number): number {
  return columns >= 90 ? 20 : 12;
}

/** The newest of each namespace in turn, so that none fills the screen alone. */
function ofEachNamespace(berths: readonly BerthStatus[], count: number): readonly BerthStatus[] {
  const newestFirst = Map.groupBy(berths.toReversed(), ({ namespace }) => namespace);
  const longest = Math.max(0, ...[...newestFirst.values()].map((list) => list.length));
  const inTurn = Array.from({ length: longest }, (_, at) =>
    [...newestFirst.values()].flatMap((list) => list[at] ?? []),
  ).flat();
  const chosen = new Set(inTurn.slice(0, count));
  return berths.filter((berth) => chosen.has(berth));
}
