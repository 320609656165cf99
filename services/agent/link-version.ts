/** A version as the agent link carries it (64-bit offsets) and as everything else has it. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { VersionSchema } from '../contract/gen/berth/link/v1/link_pb.ts';
import type { Version } from '../contract/version.ts';

type WireVersion = { readonly offsets: Readonly<Record<number, bigint>> };

/** No version, and no offsets in it, both mean: nothing. */
export function versionFromWire(wire: WireVersion | undefined): Version {
  return mapOffsets(wire?.offsets ?? {}, Number);
}

export function versionToWire(version: Version): MessageInitShape<typeof VersionSchema> {
  return { offsets: mapOffsets(version, BigInt) };
}

function mapOffsets<A, B>(
  from: Readonly<Record<number, A>>,
  to: (offset: A) => B,
): Record<number, B> {
  const result: Record<number, B> = {};
  for (const [partition, offset] of Object.entries(from)) result[Number(partition)] = to(offset);
  return result;
}
