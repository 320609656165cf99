/** A version as the agent link carries it (64-bit offsets) and as everything else has it. */
import { berthError } from './errors.ts';
import type { Version } from './version.ts';

/** The shape of berth.link.v1.Version. */
interface WireVersion {
  readonly offsets: Record<number, bigint>;
}

/** No version, and no offsets in it, both mean: nothing. @throws BERTH_LINK_BAD_MESSAGE */
export function versionFromWire(wire: Readonly<WireVersion> | undefined): Version {
  const version: Record<number, number> = {};
  for (const [partition, offset] of Object.entries(wire?.offsets ?? {})) {
    if (offset > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw berthError('BERTH_LINK_BAD_MESSAGE', { reason: `${offset} is no offset` });
    }
    version[Number(partition)] = Number(offset);
  }
  return version;
}

export function versionToWire(version: Version): WireVersion {
  const offsets: Record<number, bigint> = {};
  for (const [partition, offset] of Object.entries(version)) {
    offsets[Number(partition)] = BigInt(offset);
  }
  return { offsets };
}
