/**
 * Who of a group gets which partitions: as even as can be, and whoever has one keeps it as far as
 * that allows, since a partition that moves is folded anew from a checkpoint. Every member could
 * compute it; the one that the broker names does.
 */
export interface MemberOwning {
  readonly memberId: string;
  /** What it has now; two may believe that they have the same. */
  readonly owned: readonly number[];
}

export function shareOut(
  members: readonly MemberOwning[],
  partitionCount: number,
): ReadonlyMap<string, readonly number[]> {
  const sorted = [...members].sort((a, b) => (a.memberId < b.memberId ? -1 : 1));
  const shares = new Map(sorted.map(({ memberId }) => [memberId, [] as number[]]));
  if (sorted.length === 0) return shares;
  const least = Math.floor(partitionCount / sorted.length);
  let withOneMore = partitionCount % sorted.length;
  const free = new Set(Array.from({ length: partitionCount }, (_, partition) => partition));

  // Who has most keeps most: so the fewest move.
  const byOwned = [...sorted].sort((a, b) => b.owned.length - a.owned.length);
  for (const { memberId, owned } of byOwned) {
    const kept = [...new Set(owned)].filter((partition) => free.has(partition));
    const more = kept.length > least && withOneMore > 0;
    if (more) withOneMore -= 1;
    for (const partition of kept.slice(0, more ? least + 1 : least)) {
      shares.get(memberId)?.push(partition);
      free.delete(partition);
    }
  }
  for (const partition of free) {
    const [poorest] = [...shares].sort(([, a], [, b]) => a.length - b.length);
    poorest?.[1].push(partition);
  }
  for (const share of shares.values()) share.sort((a, b) => a - b);
  return shares;
}
