/**
 * Judges of a history that share no code with the fold's own rules: they read the records that
 * were accepted and keep books of their own.
 */
import { createWorld, type World } from '../../services/aggregates/world.ts';
import type { Answer, Body, LoggedEvent } from '../../services/contract/records.ts';
import { QUARANTINE_MS } from './story.ts';

type Holder =
  | {
      readonly state: 'held';
      readonly pod: string;
      readonly egressNat: string;
      readonly node: string;
    }
  | {
      readonly state: 'resting';
      readonly node: string;
      readonly aggregate: string;
      readonly sinceMs: number;
      /** By its node, or by a fence of it. */
      letGo: boolean;
      ticked: boolean;
    };

interface Books {
  readonly blocks: Map<string, Holder>;
  /** Release to block. */
  readonly releases: Map<string, string>;
  /** By aggregate and node: the number of the last fence or return, and which it was. */
  readonly fences: Map<string, { readonly number: number; readonly fenced: boolean }>;
}

/** Every block ever has one owner, and rests by the book between two. Throws at the first fault. */
export function checkSingleOwner(
  events: readonly LoggedEvent[],
  quarantineMs = QUARANTINE_MS,
): void {
  const world = createWorld();
  const books: Books = { blocks: new Map(), releases: new Map(), fences: new Map() };
  const { blocks, releases } = books;
  for (const event of events) {
    const { ignored } = world.apply(event);
    const { body } = event.record;
    // Whether these count is for these books to know, not for the fold.
    if (body.type === 'NodeFenced' || body.type === 'NodeReturned') bookFence(books, body, event);
    if (ignored !== null) continue;
    if (body.type === 'Decision') {
      for (const answer of body.answers) bookAnswer(books, answer, event);
    }
    const resting = 'release' in body ? blocks.get(releases.get(body.release) ?? '') : undefined;
    if (resting?.state === 'resting' && body.type === 'ReleaseAcked') resting.letGo = true;
    if (resting?.state === 'resting' && body.type === 'Tick') {
      if (event.timeMs - resting.sinceMs < quarantineMs)
        throw new Error('a Tick counted too early');
      resting.ticked = true;
    }
  }
}

function bookFence(
  { blocks, fences }: Books,
  body: Extract<Body, { type: 'NodeFenced' | 'NodeReturned' }>,
  { record }: LoggedEvent,
): void {
  const key = `${record.aggregate} ${body.node}`;
  const number = record.source?.number ?? 0;
  if (number <= (fences.get(key)?.number ?? -1)) return;
  fences.set(key, { number, fenced: body.type === 'NodeFenced' });
  if (body.type === 'NodeReturned') return;
  for (const holder of blocks.values()) {
    if (holder.state !== 'resting' || holder.node !== body.node) continue;
    if (holder.aggregate === record.aggregate) holder.letGo = true;
  }
}

function bookAnswer(
  { blocks: books, releases, fences }: Books,
  answer: Answer,
  event: LoggedEvent,
): void {
  if (answer.kind === 'BerthGranted') {
    const block = `${answer.claim} ${answer.base}`;
    const before = books.get(block);
    if (before?.state === 'held') throw new Error(`${block} had ${before.pod}, got ${answer.pod}`);
    if (before?.state === 'resting' && !(before.letGo && before.ticked)) {
      throw new Error(`${block} was given before it had rested`);
    }
    const { pod, egressNat, node } = answer;
    books.set(block, { state: 'held', pod, egressNat, node });
  }
  if (answer.kind === 'BerthReleased') {
    for (const [block, holder] of books) {
      if (holder.state !== 'held') continue;
      if (holder.pod !== answer.pod || holder.egressNat !== answer.egressNat) continue;
      const { aggregate } = event.record;
      const letGo = fences.get(`${aggregate} ${holder.node}`)?.fenced ?? false;
      const rests = { node: holder.node, aggregate, sinceMs: event.timeMs, letGo, ticked: false };
      books.set(block, { state: 'resting', ...rests });
      releases.set(answer.question, block);
    }
  }
}

/** No address is held by two claims at once, and none outside its claim's namespace is used. */
export function checkAddressOwners(world: World): void {
  const owners = new Map<string, string>();
  for (const state of world.aggregates()) {
    if (state.kind !== 'namespace') continue;
    for (const claim of state.claims.values()) {
      if (claim.grant === null) continue;
      const other = owners.get(claim.grant.address);
      if (other !== undefined) throw new Error(`${claim.grant.address}: ${other}, ${claim.id}`);
      owners.set(claim.grant.address, claim.id);
      if (world.pools.holders.get(claim.grant.address) !== claim.id) {
        throw new Error(`${claim.grant.address} is not ${claim.id}'s by the pools' books`);
      }
    }
  }
}

/** Text of every aggregate, for comparing two readers of one log. */
export function worldText(world: World): string {
  const keys = [...world.aggregates()].map((state) => state.key).sort();
  return keys.map((key) => world.text(key)?.state ?? '').join('\n');
}

export function replay(events: readonly LoggedEvent[]): World {
  const world = createWorld();
  for (const event of events) world.apply(event);
  return world;
}
