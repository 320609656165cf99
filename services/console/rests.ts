/** Blocks that rest, and what each waits for; nodes of which somebody says that they are gone. */
import { isLetGo } from '../aggregates/namespace/releases.ts';
import type { NamespaceState } from '../aggregates/namespace/state.ts';
import type { World } from '../aggregates/world.ts';
import { aggregateName, type NodeName } from '../contract/identity.ts';
import type { FenceStatus, RestStatus } from './status.ts';

/** More would only be read by a program, which can fold the log. */
const RESTS_SHOWN_MAX = 1000;

export function restStatuses(states: readonly NamespaceState[]): RestStatus[] {
  const rests = states.flatMap((state) =>
    [...state.releases.values()].map((release): RestStatus => {
      const { pod, egressNat, node, base, claim, releasedAtMs, ticked, fenced } = release;
      const waitsFor: ('Tick' | 'ack')[] = ticked ? [] : ['Tick'];
      if (!isLetGo(release)) waitsFor.push('ack');
      return {
        namespace: aggregateName(state.key),
        pod,
        egressNat,
        node,
        address: state.claims.get(claim)?.grant?.address ?? '',
        base,
        sinceMs: releasedAtMs,
        waitsFor,
        fenced,
      };
    }),
  );
  return rests.sort((a, b) => a.sinceMs - b.sinceMs).slice(0, RESTS_SHOWN_MAX);
}

export function fenceStatuses(
  { fences }: World,
  sinceMs: ReadonlyMap<NodeName, number>,
): FenceStatus[] {
  return [...fences.nodes].flatMap(([node, { by, suspect }]) =>
    by === null && suspect === null ? [] : [{ node, by, suspect, sinceMs: sinceMs.get(node) ?? 0 }],
  );
}
