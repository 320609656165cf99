/**
 * What the living processes say, put together: links, pushes, refused input, and whether the
 * installation has converged. When in doubt it has not: a hub that has not said how far it is, or
 * is behind what is shown beside it, may know of a node that is not in sync.
 */
import type { LinkWord } from '../contract/status-records.ts';
import { isAtLeast, type Version } from '../contract/version.ts';
import type { Board, Numbered, Speaking } from './board.ts';
import type { LiveStatus, ProcessStatus, PushStatus } from './status.ts';

const PROBLEMS_SHOWN_MAX = 100;
const PROCESSES_SHOWN_MAX = 100;
const HUB_ROLE = 'hub';

/** `shown`: how far the history is folded that is shown beside it. */
export function liveStatus(board: Pick<Board, 'processes' | 'sees'>, shown: Version): LiveStatus {
  const processes = board.processes();
  const live = processes.filter(({ isLive }) => isLive);
  const hubs = live.filter(({ about }) => about.roles.includes(HUB_ROLE));
  const areUpToDate = hubs.every(({ version }) => version !== null && isAtLeast(version, shown));
  const links = mergedLinks(hubs);
  return {
    adapters: Object.assign(
      { eventLog: UNKNOWN, jobs: UNKNOWN, source: UNKNOWN },
      ...live.map(({ about }) => about.adapters),
    ),
    links: links.map(({ node, connected, inSync }) => ({ node, connected, inSync })),
    converged:
      board.sees() &&
      hubs.length > 0 &&
      areUpToDate &&
      links.every(({ concerned, inSync }) => !concerned || inSync),
    pushes: latestPushes(live),
    problems: live.flatMap(problemsOf).slice(-PROBLEMS_SHOWN_MAX),
    problemCount: live.reduce((sum, { refusedCount }) => sum + refusedCount, 0),
    processes: processes
      .toSorted((a, b) => Number(b.isLive) - Number(a.isLive) || b.lastSeenMs - a.lastSeenMs)
      .slice(0, PROCESSES_SHOWN_MAX)
      .map(processStatus),
  };
}

/** Nobody alive has said it. */
const UNKNOWN = 'unknown';

/**
 * A node is in sync when the hub that has its link says so. Where two say that they have it, one of
 * them has not noticed yet that it went: then both must say so.
 */
function mergedLinks(hubs: readonly Speaking[]): LinkWord[] {
  const merged = new Map<string, LinkWord>();
  for (const word of hubs.flatMap(({ links }) => [...links.values()].flat())) {
    const known = merged.get(word.node);
    const own = { ...word, inSync: word.connected && word.inSync };
    merged.set(word.node, known === undefined ? own : both(known, own));
  }
  return [...merged.values()];
}

function both(a: LinkWord, b: LinkWord): LinkWord {
  const linked = [a, b].filter(({ connected }) => connected);
  return {
    node: a.node,
    connected: linked.length > 0,
    concerned: a.concerned || b.concerned,
    inSync: linked.length > 0 && linked.every(({ inSync }) => inSync),
  };
}

/** Of two couriers the one that spoke of a target last; who forgot it takes nothing from others. */
function latestPushes(live: readonly Speaking[]): PushStatus[] {
  const latest = new Map<string, Numbered<PushStatus>>();
  for (const [target, { at, value }] of live.flatMap(({ pushes }) => [...pushes])) {
    if (value.push === null || at < (latest.get(target)?.at ?? 0)) continue;
    latest.set(target, { at, value: { target, ...value.push } });
  }
  const pushes = Array.from(latest.values(), ({ value }) => value);
  return pushes.toSorted((a, b) => (a.target < b.target ? -1 : 1));
}

function problemsOf({ refusedInput }: Speaking): string[] {
  return [...refusedInput.values()].toSorted((a, b) => a.at - b.at).map(({ value }) => value);
}

function processStatus(speaking: Speaking): ProcessStatus {
  const { process, run, about, sinceMs, lastSeenMs, isLive, version } = speaking;
  const { roles, release, ended } = about;
  return { process, run, roles, release, isLive, hasEnded: ended, sinceMs, lastSeenMs, version };
}
