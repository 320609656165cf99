/**
 * Judges of a history that share no code with the fold's own rules: they read the records that
 * were accepted and keep books of their own.
 */
import { createWorld, type World } from '../../services/aggregates/world.ts';
import type { Answer, LoggedEvent } from '../../services/contract/records.ts';
import { QUARANTINE_MS } from './story.ts';

type Holder =
  | { readonly state: 'held'; readonly pod: string; readonly egressNat: string }
  | { readonly state: 'resting'; readonly sinceMs: number; acked: boolean; ticked: boolean };

/** Every block ever has one owner, and rests by the book between two. Throws at the first fault. */
export function checkSingleOwner(events: readonly LoggedEvent[]): void {
  const world = createWorld();
  const books = new Map<string, Holder>();
  const releases = new Map<string, string>();
  for (const event of events) {
    const { ignored } = world.apply(event);
    if (ignored !== null) continue;
    const { body } = event.record;
    if (body.type === 'Decision') {
      for (const answer of body.answers) bookAnswer(books, releases, answer, event);
    }
    const resting = 'release' in body ? books.get(releases.get(body.release) ?? '') : undefined;
    if (resting?.state === 'resting' && body.type === 'ReleaseAcked') resting.acked = true;
    if (resting?.state === 'resting' && body.type === 'Tick') {
      if (event.timeMs - resting.sinceMs < QUARANTINE_MS)
        throw new Error('a Tick counted too early');
      resting.ticked = true;
    }
  }
}

function bookAnswer(
  books: Map<string, Holder>,
  releases: Map<string, string>,
  answer: Answer,
  event: LoggedEvent,
): void {
  if (answer.kind === 'BerthGranted') {
    const block = `${answer.claim} ${answer.base}`;
    const before = books.get(block);
    if (before?.state === 'held') throw new Error(`${block} had ${before.pod}, got ${answer.pod}`);
    if (before?.state === 'resting' && !(before.acked && before.ticked)) {
      throw new Error(`${block} was given before it had rested`);
    }
    books.set(block, { state: 'held', pod: answer.pod, egressNat: answer.egressNat });
  }
  if (answer.kind === 'BerthReleased') {
    for (const [block, holder] of books) {
      if (holder.state !== 'held') continue;
      if (holder.pod !== answer.pod || holder.egressNat !== answer.egressNat) continue;
      const resting = { sinceMs: event.timeMs, acked: false, ticked: false };
      books.set(block, { state: 'resting', ...resting });
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
