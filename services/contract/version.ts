/**
 * Positions in the log. A version says how far a view was folded: for each partition of
 * `berth.events` the offset of the last record in it. Agents hold one and never go back.
 */

/** Offset of the last record folded, by partition; a partition not named has nothing folded. */
export type Version = Readonly<Record<number, number>>;

export interface Position {
  readonly partition: number;
  /** From 0, dense within its partition. */
  readonly offset: number;
}

/** Whether a view at `version` has folded the record at `position`. */
export function covers(version: Version, position: Position): boolean {
  return (version[position.partition] ?? -1) >= position.offset;
}

/** Whether `a` has folded everything that `b` has. */
export function isAtLeast(a: Version, b: Version): boolean {
  return Object.entries(b).every(([partition, offset]) => (a[Number(partition)] ?? -1) >= offset);
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
