/**
 * What the node shall have, as the hub last said and the kernel then held: resources by key, as
 * the bytes that came, with the version they belong to and their checksum (kept up by exclusive
 * or of old and new). `readPush` says what a push would change and refuses one that may not be
 * applied; nothing changes before `commit`, which is called when the kernel was read back.
 */
import { berthError } from '../contract/errors.ts';
import { type Push, Push_Kind } from '../contract/gen/berth/link/v1/link_pb.ts';
import { versionFromWire } from '../contract/link-version.ts';
import { EMPTY_CHECKSUM, resourceHash } from '../contract/resource-checksum.ts';
import { mayFollow, type Version } from '../contract/version.ts';
import { readResource } from './resource.ts';

export interface Wanted {
  readonly resources: Map<string, Uint8Array>;
  version: Version;
  checksum: bigint;
}

export interface Change {
  /** New bytes by key; null: to be removed. Resources that stay as they are, are not in it. */
  readonly touched: ReadonlyMap<string, Uint8Array | null>;
  readonly version: Version;
  readonly checksum: bigint;
  /** Of a push from the next log; null: it is of the same. */
  readonly movedFrom: Version | null;
}

export function nothingWanted(): Wanted {
  return { resources: new Map(), version: {}, checksum: EMPTY_CHECKSUM };
}

/** @throws BERTH_AGENT_BEHIND, BERTH_AGENT_CHECKSUM, BERTH_LINK_BAD_MESSAGE; nothing changed. */
export function readPush(wanted: Wanted, push: Push): Change {
  const nonce = String(push.nonce);
  const version = versionFromWire(push.version);
  const movedFrom = push.movedFrom === undefined ? null : versionFromWire(push.movedFrom);
  if (!mayFollow(version, wanted.version, movedFrom))
    throw berthError('BERTH_AGENT_BEHIND', { nonce });
  const touched = touchedBy(wanted, push);
  const checksum = checksumAfter(wanted, touched);
  if (checksum !== push.checksum) {
    const have = hex(checksum);
    throw berthError('BERTH_AGENT_CHECKSUM', { nonce, have, want: hex(push.checksum) });
  }
  return { touched, version, checksum, movedFrom };
}

export function commit(wanted: Wanted, change: Omit<Change, 'movedFrom'>): void {
  for (const [key, bytes] of change.touched) {
    if (bytes === null) wanted.resources.delete(key);
    // A copy: what came is a window into the whole message, which must not be kept for it.
    // Not `slice`: of a Buffer that is another window.
    else wanted.resources.set(key, new Uint8Array(bytes));
  }
  wanted.version = change.version;
  wanted.checksum = change.checksum;
}

/** Its version still holds: nothing older is taken. Its checksum says what is missing. */
export function withoutPods(wanted: Wanted): Wanted {
  const pods = [...wanted.resources.keys()].filter((key) => key.startsWith('pod/'));
  const touched = new Map(pods.map((key) => [key, null]));
  const rest: Wanted = { ...wanted, resources: new Map(wanted.resources) };
  const { version } = wanted;
  commit(rest, { touched, version, checksum: checksumAfter(wanted, touched) });
  return rest;
}

function touchedBy(wanted: Wanted, push: Push): Map<string, Uint8Array | null> {
  const named = new Map(push.resources.map((bytes) => [readResource(bytes).key, bytes]));
  const touched = new Map<string, Uint8Array | null>();
  for (const [key, bytes] of named) {
    const old = wanted.resources.get(key);
    if (old === undefined || Buffer.compare(old, bytes) !== 0) touched.set(key, bytes);
  }
  for (const key of removedBy(wanted, push)) {
    if (wanted.resources.has(key) && !named.has(key)) touched.set(key, null);
  }
  return touched;
}

function removedBy(wanted: Wanted, push: Push): Iterable<string> {
  switch (push.kind) {
    case Push_Kind.SNAPSHOT:
      return wanted.resources.keys();
    case Push_Kind.DELTA:
      return push.removed;
    default:
      throw berthError('BERTH_LINK_BAD_MESSAGE', { reason: `push of kind ${push.kind}` });
  }
}

function checksumAfter(wanted: Wanted, touched: Change['touched']): bigint {
  let checksum = wanted.checksum;
  for (const [key, bytes] of touched) {
    const old = wanted.resources.get(key);
    if (old !== undefined) checksum ^= resourceHash(key, old);
    if (bytes !== null) checksum ^= resourceHash(key, bytes);
  }
  return checksum;
}

function hex(checksum: bigint): string {
  return checksum.toString(16).padStart(16, '0');
}
