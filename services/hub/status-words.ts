/**
 * What a hub says of itself on the status board: which of its links changed, and behind them how
 * far it has folded, so that whoever reads this version has read all links of it. Nodes are said
 * in groups that never change, so that a changed node costs a small record among 5,000.
 */
import { partitionOf } from '../contract/partition.ts';
import type { LinkWord } from '../contract/status-records.ts';
import { sameVersion, type Version } from '../contract/version.ts';
import type { SaidPart, Speaker } from '../runtime/status-board.ts';
import type { NodeStatus } from './node-status.ts';

export interface HubWords {
  readonly speaker: Speaker;
  /** The statuses or the version may be others now. */
  changed(): void;
}

/** Of 5,000 nodes about 20 share a record. */
const GROUPS = 256;

/** `statuses`: null while it does not serve. */
export function createHubWords(
  world: { readonly version: Version },
  statuses: () => readonly NodeStatus[] | null,
): HubWords {
  const newsOf = createDifference();
  let onNews = (): void => undefined;
  return {
    changed: () => onNews(),
    speaker: {
      news: () => {
        const now = statuses();
        return now === null ? [] : newsOf(world.version, now);
      },
      onNews: (listener) => {
        onNews = listener;
      },
    },
  };
}

/** Answers what changed since it was asked before. */
function createDifference(): (version: Version, now: readonly NodeStatus[]) => SaidPart[] {
  let said = new Map<number, string>();
  let saidVersion: Version | null = null;
  return (version, now) => {
    const groups = Map.groupBy(now, ({ node }) => partitionOf(node, GROUPS));
    const news: SaidPart[] = [];
    const saying = new Map<number, string>();
    for (const group of new Set([...said.keys(), ...groups.keys()])) {
      const nodes = (groups.get(group) ?? []).toSorted(byNode);
      const text = nodes.map(inShort).join(' ');
      if (nodes.length > 0) saying.set(group, text);
      if (text === (said.get(group) ?? '')) continue;
      const links = nodes.map(linkWord);
      news.push({ part: `links/${group}`, word: { type: 'Links', links } });
    }
    const isFurther = saidVersion === null || !sameVersion(version, saidVersion);
    if (isFurther || news.length > 0) news.push({ part: 'hub', word: { type: 'Hub', version } });
    said = saying;
    saidVersion = version;
    return news;
  };
}

function linkWord({ node, connected, concerned, inSync }: NodeStatus): LinkWord {
  return { node, connected, concerned, inSync };
}

/** Cheap, since it is asked of every node after every change. */
function inShort({ node, connected, concerned, inSync }: NodeStatus): string {
  return `${node}:${Number(connected)}${Number(concerned)}${Number(inSync)}`;
}

function byNode(a: NodeStatus, b: NodeStatus): number {
  return a.node < b.node ? -1 : 1;
}
