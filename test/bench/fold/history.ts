/**
 * A history as a cluster writes it: pods come (seen pending, bound, with an IP, relabelled) and go
 * over many namespaces, addresses are asked for, granted and confirmed, blocks are released,
 * acked, ticked and given again. Observations are what a watcher would append; all else is said by
 * the real mapper. It keeps only what lives, so its length is not bounded by memory.
 */

import type { World } from '../../../services/aggregates/world.ts';
import { type IpAddress, parseIp } from '../../../services/contract/ip-address.ts';
import { partitionOf } from '../../../services/contract/partition.ts';
import type { LoggedEvent, ReleaseId } from '../../../services/contract/records.ts';
import type { SimulatedLog } from '../../fold/simulated-log.ts';
import { cidrs, createStory, QUARANTINE_MS, type Story } from '../../fold/story.ts';
import { seededDice } from '../dice.ts';

export interface HistoryInit {
  readonly namespaces: number;
  readonly podsPerNamespace: number;
  readonly targets: number;
  readonly nodes: number;
}

export interface History {
  /** The fold of everything so far, as the mapper that wrote it has it. */
  readonly world: World;
  /**
   * First the scenery; then so many pods come or go at one time, with all that follows. Answers the
   * records, in order. The time goes on by a change each, or by nothing.
   */
  step(changes: number, pace?: 'time stands still'): readonly LoggedEvent[];
  livePods(): number;
  /** The time of the last step: by it a log must stamp what it is given. */
  nowMs(): number;
}

export const PARTITION_COUNT = 4;
export const TARGETS_PER_EGRESS_NAT = 3;
/** A change of the cluster every so often. */
const CHANGE_MS = 100;

interface Resting {
  readonly namespace: string;
  readonly release: ReleaseId;
  readonly dueMs: number;
}

export function createHistory(init: HistoryInit): History {
  const log = drainedLog();
  const story = createStory(log);
  const dice = seededDice(7);
  const pods = Array.from({ length: init.namespaces }, (): string[] => []);
  const resting: Resting[] = [];
  let podsMade = 0;
  scenery(story, init);

  function step(changes: number, pace?: 'time stands still'): readonly LoggedEvent[] {
    // The scenery is of its own time.
    if (log.events.length > 0) return log.drain();
    if (pace === undefined) log.nowMs += CHANGE_MS * changes;
    for (let change = 0; change < changes; change++) changeOne();
    tickWhatIsDue();
    return log.drain().map(watchForReleases);
  }

  function changeOne(): void {
    const at = dice.below(init.namespaces);
    const namespace = `ns-${at}`;
    const here = pods[at] ?? [];
    if (here.length < init.podsPerNamespace / 2 || dice.below(here.length + 1) < comes(here)) {
      podsMade += 1;
      const node = `node-${dice.below(init.nodes)}`;
      here.push(podComes(story, { namespace, node, number: podsMade }));
    } else {
      const [uid = ''] = here.splice(dice.below(here.length), 1);
      story.podGone(namespace, uid);
      story.settle();
    }
  }

  /** More likely the fewer there are. */
  function comes(here: readonly string[]): number {
    return init.podsPerNamespace - here.length / 2;
  }

  function watchForReleases(event: LoggedEvent): LoggedEvent {
    const { body, aggregate } = event.record;
    if (body.type !== 'Decision') return event;
    for (const answer of body.answers) {
      if (answer.kind !== 'BerthReleased') continue;
      const namespace = aggregate.slice('ns/'.length);
      resting.push({ namespace, release: answer.question, dueMs: log.nowMs + QUARANTINE_MS });
    }
    return event;
  }

  function tickWhatIsDue(): void {
    while (resting[0] !== undefined && resting[0].dueMs <= log.nowMs) {
      const { namespace, release: id } = resting.shift() as Resting;
      const release = story.namespace(namespace).releases.get(id);
      if (release === undefined) throw new Error(`${id} rests no more, before its Tick`);
      story.ack(namespace, release);
      story.tick(namespace, release);
      story.settle();
    }
  }

  return {
    world: story.world,
    step,
    livePods: () => pods.reduce((sum, here) => sum + here.length, 0),
    nowMs: () => log.nowMs,
  };
}

/** A log that keeps nothing that was handed out. */
function drainedLog(): SimulatedLog & { drain(): readonly LoggedEvent[] } {
  const ends = new Map<number, number>();
  let events: LoggedEvent[] = [];
  return {
    nowMs: 1_000_000,
    get events() {
      return events;
    },
    append(records) {
      const appended = records.map((record) => {
        const partition = partitionOf(record.aggregate, PARTITION_COUNT);
        const offset = ends.get(partition) ?? 0;
        ends.set(partition, offset + 1);
        return { partition, offset, timeMs: this.nowMs, record };
      });
      events.push(...appended);
      return appended;
    },
    drain() {
      const drained = events;
      events = [];
      return drained;
    },
  };
}

export function scenery(story: Story, init: HistoryInit): void {
  const ports = { from: 1024, to: 65535, perPod: 256 };
  const gatewaySelector = { matchLabels: { gateway: 'yes' }, matchExpressions: [] };
  const addresses = cidrs('203.0.112.0/23');
  story.pool('blue', { addresses, ports, addressesPerNamespaceMax: 8, gatewaySelector });
  for (let at = 0; at < init.targets; at++) {
    const destinations = { cidrs: cidrs(`198.18.${at}.0/24`), except: [], ports: [] };
    const driver = { type: 'Manual', allowed: cidrs('203.0.112.0/23') } as const;
    story.target(`target-${at}`, { destinations, driver });
  }
  for (let at = 0; at < init.namespaces; at++) {
    const targets = Array.from(
      { length: TARGETS_PER_EGRESS_NAT },
      (_, more) => `target-${(at + more) % init.targets}`,
    );
    story.egressNat(`ns-${at}`, 'checkout', { targets, addresses: { min: 1, max: 8 } });
  }
  story.settle();
}

export interface ComingPod {
  readonly namespace: string;
  readonly node: string;
  /** Another one for each pod that ever was. */
  readonly number: number;
}

/** As the API server tells it: created, bound, running. */
export function podComes(story: Story, { namespace, node, number }: ComingPod): string {
  const uid = `${number.toString(16).padStart(8, '0')}-7a1b-4c3d-9e5f-${namespace.padEnd(12, '0')}`;
  const name = `web-${number.toString(36)}`;
  const labels = { app: 'web', tier: 'front', 'pod-template-hash': (number >> 4).toString(36) };
  story.pod(namespace, uid, { name, labels, node: null });
  story.pod(namespace, uid, { name, labels, node });
  story.settle();
  story.pod(namespace, uid, { name, labels, node, ips: [podIpOf(number)] });
  story.settle();
  return uid;
}

export function podIpOf(number: number): IpAddress {
  return parseIp(`10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`);
}
