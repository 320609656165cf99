/**
 * Groups that share partitions out among their members, as carelessly as is allowed: each hears
 * late what is its own, so that two have a partition for a while, or nobody has; a member that
 * died is noticed late; one that is paused is taken for dead, and goes on with what it had when it
 * wakes. In half of the worlds everybody has everything, all the time.
 */
import { NO_FAULTS } from '../options.ts';
import { type Life, newLife } from '../scheduler.ts';
import type { Surroundings } from '../surroundings.ts';

export interface SimulatedGroups {
  join(life: Life, group: string, signal: AbortSignal): AsyncIterable<readonly number[]>;
}

interface Member {
  readonly life: Life;
  own: readonly number[];
  /** It has heard what is its own. */
  wake: () => void;
}

const LOOK_EVERY_MS = 3000;
const HEARD_WITHIN_MS = 4000;
/** At a look, though nobody came or went. */
const MOVES = 0.15;

export function simulatedGroups(
  surroundings: Surroundings,
  partitions: readonly number[],
): SimulatedGroups {
  const { scheduler, dice } = surroundings;
  const coordinator = newLife('groups');
  const isShared = dice.chance(0.5);
  const groups = new Map<string, Set<Member>>();
  const seemsAlive = ({ life }: Member): boolean =>
    life.alive && life.pausedUntilMs <= scheduler.nowMs;

  function membersOf(group: string): Set<Member> {
    const known = groups.get(group);
    if (known !== undefined) return known;
    const made = new Set<Member>();
    groups.set(group, made);
    scheduler.later(coordinator, LOOK_EVERY_MS, () => look(made));
    return made;
  }

  function look(members: Set<Member>): void {
    scheduler.later(coordinator, LOOK_EVERY_MS * (0.5 + dice.next()), () => look(members));
    for (const member of members) if (!member.life.alive) members.delete(member);
    const mayMove = surroundings.faults !== NO_FAULTS && dice.chance(MOVES);
    const living = [...members].filter(seemsAlive);
    const owned = living.flatMap(({ own }) => own);
    if (!mayMove && owned.length === partitions.length) return;
    share(members, living);
  }

  function share(members: Set<Member>, living: readonly Member[]): void {
    for (const member of members) member.own = [];
    for (const partition of living.length === 0 ? [] : partitions) {
      const owner = dice.pick(living);
      owner.own = [...owner.own, partition];
    }
    for (const member of members) tellSoon(member);
  }

  function tellSoon(member: Member): void {
    scheduler.later(member.life, dice.next() * HEARD_WITHIN_MS, () => member.wake());
  }

  /** What it is told is what is so when it hears it. */
  async function* join(life: Life, group: string, signal: AbortSignal) {
    if (signal.aborted) return;
    const member: Member = { life, own: isShared ? [] : partitions, wake: () => undefined };
    if (isShared) membersOf(group).add(member);
    else tellSoon(member);
    while (!signal.aborted) {
      const { promise: woken, resolve } = Promise.withResolvers<void>();
      member.wake = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
      await woken;
      if (!signal.aborted) yield member.own;
    }
    groups.get(group)?.delete(member);
  }

  return { join };
}
