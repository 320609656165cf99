/**
 * When a hub fences a node by itself: its Node object is deleted, or has the out-of-service taint,
 * and for a while no hub has had a hello of it. The suspicion is booked first; a hub that has the
 * node's link ends it, and the hello that follows is booked too, after which the fence that was
 * waited for is none. The wait runs on this process's own timers, in parts, from when it read the
 * suspicion: a clock that jumps and a hub that was down or stood still do not make it shorter.
 */
import type { World } from '../aggregates/world.ts';
import type { NodeName } from '../contract/identity.ts';
import type { NodeFromApi, NodeRecord } from '../contract/node-records.ts';
import type { EventRecord, Suspicion } from '../contract/records.ts';
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
  readonly append: (record: EventRecord) => void;
}

export interface FenceCauses {
  nodeRecord(record: NodeRecord): void;
  /** The book has a new entry of it. */
  booked(node: NodeName): void;
  /** Its link came up or ended. */
  linkChanged(node: NodeName): void;
  /** Whether the API says that it is out of service. */
  isTainted(node: NodeName): boolean;
  /** Whether the API says that it is gone, one way or the other. */
  isSuspect(node: NodeName): boolean;
}

type Step = 'suspect' | 'suspect again' | 'fence' | 'fence anew' | 'clear taint';

interface Pending {
  readonly step: Step;
  /** The entry on which it builds. */
  readonly entry: number;
  readonly cancel: () => void;
}

const PARTS = 4;
const DEFAULT_QUARANTINE_MS = 120_000;

export function createFenceCauses(
  { linkGraceMs }: FenceCausesInit,
  components: FenceCausesComponents,
  records: Iterable<NodeRecord>,
): FenceCauses {
  const { world, book, clock, isLinked, append } = components;
  const said = new Map<NodeName, Suspicion>();
  const pending = new Map<NodeName, Pending>();
  /** Its link just ended, or it is newly said to be gone: to suspect it need not wait. */
  const news = new Set<NodeName>();

  /** What is to be done next about a node, now or after a wait; null: nothing. */
  function stepOf(node: NodeName): Step | null {
    const cause = said.get(node);
    const booked = book.get(node);
    const by = booked?.by ?? null;
    if (booked?.taintSpent === true) {
      if (cause !== 'Taint') return 'clear taint';
      return null;
    }
    if (cause === undefined || isLinked(node)) return null;
    // What somebody states goes for pools too that do not take a deletion for it.
    if (by !== null) return by === 'Deleted' && cause === 'Taint' ? 'fence anew' : null;
    if (booked?.suspect === cause) return 'fence';
    return booked === undefined || news.has(node) ? 'suspect' : 'suspect again';
  }

  function look(node: NodeName): void {
    const step = stepOf(node);
    const entry = book.get(node)?.entry ?? 0;
    const known = pending.get(node);
    if (known !== undefined && known.step === step && known.entry === entry) return;
    known?.cancel();
    pending.delete(node);
    if (step === null) return;
    const waits = step === 'fence' || step === 'suspect again';
    const cancel = inParts(clock, waits ? waitMs(node) : 0, () => take(node, step));
    pending.set(node, { step, entry, cancel });
  }

  function take(node: NodeName, step: Step): void {
    const cause = said.get(node) ?? null;
    news.delete(node);
    switch (step) {
      case 'suspect':
      case 'suspect again':
        append(book.next(node, { suspect: cause }));
        return;
      case 'fence':
      case 'fence anew':
        append(book.next(node, { by: cause }));
        return;
      case 'clear taint':
        append(book.next(node, { taintSpent: false }));
    }
  }

  function waitMs(node: NodeName): number {
    const isDeleted = said.get(node) === 'Deleted';
    return isDeleted ? Math.max(linkGraceMs, quarantineMs(world)) : linkGraceMs;
  }

  function hear(record: NodeRecord): void {
    if (record.type !== 'NodeFromApi') return;
    const { node } = record;
    const now = suspicionOf(record);
    if (now !== null && now !== said.get(node)) news.add(node);
    if (now === null) said.delete(node);
    else said.set(node, now);
  }

  for (const record of records) hear(record);
  for (const node of new Set([...said.keys(), ...book.nodes()])) look(node);
  return {
    nodeRecord: (record) => {
      hear(record);
      look(record.node);
    },
    booked: look,
    linkChanged: (node) => {
      if (!isLinked(node)) news.add(node);
      look(node);
    },
    isTainted: (node) => said.get(node) === 'Taint',
    isSuspect: (node) => said.has(node) || (book.get(node)?.suspect ?? null) !== null,
  };
}

/** A process that stood still has at most one part of it behind it when it goes on. */
function inParts(clock: Clock, totalMs: number, call: () => void): () => void {
  if (totalMs === 0) {
    call();
    return () => undefined;
  }
  let cancel = (): void => undefined;
  const wait = (parts: number): void => {
    if (parts === 0) call();
    else cancel = clock.after(totalMs / PARTS, () => wait(parts - 1));
  };
  wait(PARTS);
  return () => cancel();
}

function suspicionOf({ facts }: NodeFromApi): Suspicion | null {
  if (facts === null) return 'Deleted';
  return facts.outOfService ? 'Taint' : null;
}

/** The longest that any block rests. */
function quarantineMs(world: World): number {
  const seconds = [...world.pools.pools.values()].map(({ spec }) => spec.quarantineSeconds);
  for (const { grant } of world.pools.claims.values()) {
    if (grant !== null) seconds.push(grant.quarantineSeconds);
  }
  return seconds.length === 0 ? DEFAULT_QUARANTINE_MS : Math.max(...seconds) * 1000;
}
