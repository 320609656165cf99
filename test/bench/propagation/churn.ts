/**
 * What a watcher would append while pods come and go at a steady rate: each item is one pod that is
 * bound, and one that goes, which came so many items before.
 */
import type { NodeFacts } from '../../../services/contract/objects.ts';
import type { EventRecord } from '../../../services/contract/records.ts';
import { createStory, type Story } from '../../fold/story.ts';
import { type HistoryInit, podComes, podIpOf, scenery } from '../fold/history.ts';

export interface Coming {
  readonly uid: string;
  readonly node: string;
  readonly ip: string;
  /** Its host-side interface, which nobody made. */
  readonly hostInterface: string;
}

export interface ChurnItem {
  readonly records: readonly EventRecord[];
  readonly comes: Coming;
  readonly goes: Coming | null;
}

export interface Churn {
  readonly scenery: readonly EventRecord[];
  readonly items: readonly ChurnItem[];
}

export function churn(
  init: HistoryInit,
  { pods, livePods }: { readonly pods: number; readonly livePods: number },
): Churn {
  const story: Story = { ...createStory(), settle: () => undefined };
  let read = 0;
  const unread = (): EventRecord[] => {
    const records = story.log.events.slice(read).map(({ record }) => record);
    read = story.log.events.length;
    return records;
  };
  scenery(story, init);
  const first = unread();
  const came: Coming[] = [];
  const items = Array.from({ length: pods }, (_, number): ChurnItem => {
    const namespace = namespaceOf(number, init);
    const node = `node-${number % init.nodes}`;
    const uid = podComes(story, { namespace, node, number });
    const comes = { uid, node, ip: podIpOf(number), hostInterface: `p${number}` };
    came.push(comes);
    const goes = came[number - livePods] ?? null;
    if (goes !== null) story.podGone(namespaceOf(number - livePods, init), goes.uid);
    return { records: unread(), comes, goes };
  });
  return { scenery: first, items };
}

function namespaceOf(number: number, { namespaces }: HistoryInit): string {
  return `ns-${number % namespaces}`;
}

export function nodeFacts(name: string, labels: NodeFacts['labels']): NodeFacts {
  return { name, labels, addresses: [], ready: true, outOfService: false };
}
