/**
 * Positions in the log. A version says how far a view was folded: for each partition of
 * `berth.events` the offset of the last record in it. Agents hold one and never go back.
 */

/**
 * Offset of the last record folded, by partition; a partition not named has nothing folded. Of a
 * node also which log that is, where it was ever moved: positions of two logs say nothing of each
 * other, and the higher generation goes on from the lower (decision 72). Not named: 0.
 */
export type Version = Readonly<Record<number, number>> & { readonly generation?: number };

export interface Position {
  readonly partition: number;
  /** From 0, dense within its partition. */
  readonly offset: number;
}

/** Whether a view at `version` has folded the record at `position`. */
export function covers(version: Version, position: Position): boolean {
  return (version[position.partition] ?? -1) >= position.offset;
}

/** Its positions, without the generation. */
export function positionsOf(version: Version): [partition: number, offset: number][] {
  return Object.entries(version).flatMap(([name, offset]) =>
    name === 'generation' ? [] : [[Number(name), offset]],
  );
}

/** Whether `a` has folded everything that `b` has, or is of a log that went on from `b`'s. */
export function isAtLeast(a: Version, b: Version): boolean {
  const [ours, theirs] = [a.generation ?? 0, b.generation ?? 0];
  if (ours !== theirs) return ours > theirs;
  return positionsOf(b).every(([partition, offset]) => (a[partition] ?? -1) >= offset);
}

/**
 * Whether who has `held` may be given what a log says at `version`: not behind it in the same log,
 * or in one that went on from `movedFrom`, which is not behind it. So an older log is never taken
 * for the next one, whatever its generation.
 */
export function mayFollow(version: Version, held: Version, movedFrom: Version | null): boolean {
  const [generation, heldGeneration] = [version.generation ?? 0, held.generation ?? 0];
  if (generation <= heldGeneration) return isAtLeast(version, held);
  if (positionsOf(held).length === 0) return true;
  if (movedFrom === null || (movedFrom.generation ?? 0) !== heldGeneration) return false;
  return isAtLeast(movedFrom, held);
}

export function inGeneration(version: Version, generation: number): Version {
  return generation === 0 ? version : { ...version, generation };
}

export function sameVersion(a: Version, b: Version): boolean {
  return isAtLeast(a, b) && isAtLeast(b, a);
}

export function advance(version: Version, position: Position): Version {
  if (covers(version, position)) return version;
  return { ...version, [position.partition]: position.offset };
}

/** As it says of these partitions; one of which it says nothing is not named. */
export function onlyOf(version: Version, partitions: readonly number[]): Version {
  const said = Object.entries(version).filter(([name]) => partitions.includes(Number(name)));
  return Object.fromEntries(said);
}

/** The offsets of the first records that are not folded yet, by partition. */
export function nextOffsets(version: Version): Record<number, number> {
  return Object.fromEntries(
    Object.entries(version).map(([partition, offset]) => [partition, offset + 1]),
  );
}
