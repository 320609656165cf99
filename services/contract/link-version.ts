/** A version as the agent link carries it (64-bit offsets) and as everything else has it. */
import { berthError } from './errors.ts';
import { inGeneration, positionsOf, type Version } from './version.ts';

/** The shape of berth.link.v1.Version. */
interface WireVersion {
  readonly offsets: Record<number, bigint>;
  readonly generation?: bigint;
}

/** No version, and no offsets in it, both mean: nothing. @throws BERTH_LINK_BAD_MESSAGE */
export function versionFromWire(wire: Readonly<WireVersion> | undefined): Version {
  const version: Record<number, number> = {};
  for (const [partition, offset] of Object.entries(wire?.offsets ?? {})) {
    version[Number(partition)] = toNumber(offset);
  }
  return inGeneration(version, toNumber(wire?.generation ?? 0n));
}

export function versionToWire(version: Version): Required<WireVersion> {
  const offsets: Record<number, bigint> = {};
  for (const [partition, offset] of positionsOf(version)) offsets[partition] = BigInt(offset);
  return { offsets, generation: BigInt(version.generation ?? 0) };
}

function toNumber(offset: bigint): number {
  if (offset <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(offset);
  throw berthError('BERTH_LINK_BAD_MESSAGE', { reason: `${offset} is no offset` });
}
