/**
 * When a hub fences a node by itself: its Node object is deleted, or has the out-of-service taint,
 * and for a while no hub has had its link. The wait begins anew when this hub starts, when a link
 * of the node ends, and when another hub says that it has one: it runs on this process's own
 * timers, in parts, so neither a clock that jumps nor a hub that was down or stood still makes it
 * shorter.
 */
import type { World } from '../aggregates/world.ts';
import type { NodeName } from '../contract/identity.ts';
import type { NodeFence, NodeLinked, NodeRecord } from '../contract/node-records.ts';
import type { FencedBy } from '../contract/records.ts';
import type { Clock } from '../runtime/clock.ts';
import type { FenceBook } from './fence-book.ts';

export interface FenceCausesInit {
  /** How long a node that is said to be gone may be without a link: it may just reconnect. */
  readonly linkGraceMs: number;
}

export interface FenceCausesComponents {
  readonly world: World;
  readonly book: FenceBook;
  readonly clock: Clock;
  readonly isLinked: (node: NodeName) => boolean;
  readonly append: (record: NodeFence | NodeLinked) => void;
}

export interface FenceCauses {
  /** The book has read it where it is the book's. */
  nodeRecord(record: NodeRecord): void;
  /** Its link came up or ended. */
  linkChanged(node: NodeName): void;
  /** Whether the API says that it is out of service. */
  isTainted(node: NodeName): boolean;
}

type Cause = Exclude<FencedBy, 'Operator'>;
type Said = 'Deleted' | 'Taint' | 'in service';

interface Watched {
  readonly cause: Cause;
  readonly linked: boolean;
  readonly cancel: () => void;
}

/** Of a wait; and a hub with the link of such a node says so within each part of the others'. */
const PARTS = 4;
const DEFAULT_QUARANTINE_MS = 120_000;

export function createFenceCauses(
  { linkGraceMs }: FenceCausesInit,
  components: FenceCausesComponents,
  records: Iterable<NodeRecord>,
): FenceCauses {
  const { world, book, clock, isLinked, append } = components;
  const said = new Map<NodeName, Said>();
  const watched = new Map<NodeName, Watched>();

  function causeOf(node: NodeName): Cause | null {
    const now = said.get(node) ?? 'in service';
    const by = book.get(node)?.by ?? null;
    if (now === 'Deleted' && by === null) return 'Deleted';
    const counts = book.get(node)?.taintSpent !== true;
    return now === 'Taint' && counts && (by === null || by === 'Deleted') ? 'Taint' : null;
  }

  function look(node: NodeName, anew: boolean): void {
    const cause = causeOf(node);
    const linked = isLinked(node);
    const known = watched.get(node);
    if (!anew && known?.cause === cause && known.linked === linked) return;
    known?.cancel();
    watched.delete(node);
    if (cause === null) return;
    const cancel = linked ? sayLinked(node) : fenceLater(node, cause);
    watched.set(node, { cause, linked, cancel });
  }

  function fenceLater(node: NodeName, by: Cause): () => void {
    const waitMs = by === 'Deleted' ? Math.max(linkGraceMs, quarantineMs(world)) : linkGraceMs;
    let cancel = (): void => undefined;
    const wait = (parts: number): void => {
      if (parts === 0) append({ type: 'NodeFence', node, by, taintSpent: false });
      else cancel = clock.after(waitMs / PARTS, () => wait(parts - 1));
    };
    wait(PARTS);
    return () => cancel();
  }

  function sayLinked(node: NodeName): () => void {
    let cancel = (): void => undefined;
    const say = (): void => {
      append({ type: 'NodeLinked', node, atMs: clock.nowMs() });
      cancel = clock.after(linkGraceMs / PARTS, say);
    };
    say();
    return () => cancel();
  }

  function take(record: NodeRecord): void {
    if (record.type === 'NodeFromApi') said.set(record.node, saidBy(record.facts));
  }

  for (const record of records) take(record);
  for (const node of said.keys()) look(node, true);
  return {
    nodeRecord: (record) => {
      const { node } = record;
      take(record);
      const fence = book.get(node);
      if (record.type === 'NodeFromApi' && fence?.taintSpent === true && !isTainted(node)) {
        append({ type: 'NodeFence', node, by: fence.by, taintSpent: false });
      }
      look(node, record.type === 'NodeLinked' && !isLinked(node));
    },
    linkChanged: (node) => look(node, true),
    isTainted,
  };

  function isTainted(node: NodeName): boolean {
    return said.get(node) === 'Taint';
  }
}

function saidBy(facts: { readonly outOfService: boolean } | null): Said {
  if (facts === null) return 'Deleted';
  return facts.outOfService ? 'Taint' : 'in service';
}

/** The longest that any block rests. */
function quarantineMs(world: World): number {
  const seconds = [...world.pools.pools.values()].map(({ spec }) => spec.quarantineSeconds);
  for (const { grant } of world.pools.claims.values()) {
    if (grant !== null) seconds.push(grant.quarantineSeconds);
  }
  return seconds.length === 0 ? DEFAULT_QUARANTINE_MS : Math.max(...seconds) * 1000;
}
