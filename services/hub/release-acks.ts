/**
 * Turns what a node acked into observations: one for each release on that node which the acked
 * version covers, in the release's aggregate (the fold never reads `berth.acks`). A version is
 * covered only where it was acked as a push's, made by a hub that had folded the release; what a
 * node says in its hello counts for nothing here. Kept by release, so that an ack of one release
 * of a block never speaks for a later one.
 */
import type { Effects } from '../aggregates/effects.ts';
import { isLetGo } from '../aggregates/namespace/releases.ts';
import type { World } from '../aggregates/world.ts';
import type { AggregateKey, NodeName } from '../contract/identity.ts';
import {
  type EventRecord,
  eventRecord,
  type LoggedEvent,
  type ReleaseId,
} from '../contract/records.ts';
import { covers, type Position, type Version } from '../contract/version.ts';

export interface ReleaseAcks {
  /** After the fold took it. Answers the nodes whose next ack is needed. */
  event(event: LoggedEvent, effects: Effects): readonly NodeName[];
  /** Whether a release waits for the node's ack. */
  waitsFor(node: NodeName): boolean;
  /** What to append now that the node acked a push of this version; each release once. */
  acked(node: NodeName, version: Version): readonly EventRecord[];
}

interface WaitingRelease {
  readonly aggregate: AggregateKey;
  readonly position: Position;
  /** Its observation was given out, and is not read back yet. */
  given: boolean;
}

export function createReleaseAcks(world: World): ReleaseAcks {
  const waiting = new Map<NodeName, Map<ReleaseId, WaitingRelease>>();

  function wait(node: NodeName, id: ReleaseId, aggregate: AggregateKey, position: Position): void {
    const ofNode = waiting.get(node) ?? new Map<ReleaseId, WaitingRelease>();
    waiting.set(node, ofNode.set(id, { aggregate, position, given: false }));
  }

  function forget(node: NodeName, id: ReleaseId): void {
    const ofNode = waiting.get(node);
    if (ofNode?.delete(id) === true && ofNode.size === 0) waiting.delete(node);
  }

  function isAckNeeded(aggregate: AggregateKey, id: ReleaseId): boolean {
    const state = world.aggregate(aggregate);
    const release = state?.kind === 'namespace' ? state.releases.get(id) : undefined;
    return release !== undefined && !isLetGo(release);
  }

  function forgetFenced(node: NodeName, of: AggregateKey): void {
    for (const [id, { aggregate }] of waiting.get(node) ?? []) {
      if (aggregate === of && !isAckNeeded(aggregate, id)) forget(node, id);
    }
  }

  for (const state of world.aggregates()) {
    if (state.kind !== 'namespace') continue;
    for (const release of state.releases.values()) {
      if (!isLetGo(release)) wait(release.node, release.id, state.key, release.position);
    }
  }

  return {
    event: ({ record, partition, offset }, effects) => {
      const { body, aggregate } = record;
      // Taken, or of a release that needs none any more: either way nothing is left to say.
      if (body.type === 'ReleaseAcked') forget(body.node, body.release);
      if (body.type === 'NodeFenced') forgetFenced(body.node, aggregate);
      const released = effects.released.filter(({ release }) => isAckNeeded(aggregate, release));
      for (const { release, node } of released) {
        wait(node, release, aggregate, { partition, offset });
      }
      return released.map(({ node }) => node);
    },
    waitsFor: (node) => [...(waiting.get(node)?.values() ?? [])].some(({ given }) => !given),
    acked: (node, version) => {
      const records: EventRecord[] = [];
      for (const [id, release] of waiting.get(node) ?? []) {
        if (release.given || !covers(version, release.position)) continue;
        release.given = true;
        records.push(observation(node, id, release, version));
      }
      return records;
    },
  };
}

function observation(
  node: NodeName,
  release: ReleaseId,
  { aggregate, position }: WaitingRelease,
  version: Version,
): EventRecord {
  const number = version[position.partition] ?? position.offset;
  const body = { type: 'ReleaseAcked', release, node, version } as const;
  return eventRecord(aggregate, body, { by: `hub/${node}`, number });
}
