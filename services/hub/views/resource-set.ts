/**
 * Resources by key, as the bytes that go over the link, with the checksum of all of them kept up
 * by exclusive or. A change costs the same whatever the size of the set.
 */
import { EMPTY_CHECKSUM, resourceHash } from '../../contract/resource-checksum.ts';

export interface Resource {
  readonly key: string;
  readonly bytes: Uint8Array;
}

/** A resource with what it adds to a checksum: made once, shared by all sets that hold it. */
export interface HashedResource extends Resource {
  readonly hash: bigint;
}

export interface ResourceSet {
  readonly size: number;
  readonly checksum: bigint;
  get(key: string): HashedResource | undefined;
  /** False where it was there with the same bytes. */
  put(resource: HashedResource): boolean;
  /** False where there was none. */
  remove(key: string): boolean;
  resources(): Iterable<HashedResource>;
}

export function hashed({ key, bytes }: Resource): HashedResource {
  return { key, bytes, hash: resourceHash(key, bytes) };
}

export function createResourceSet(): ResourceSet {
  const resources = new Map<string, HashedResource>();
  let checksum = EMPTY_CHECKSUM;
  return {
    get size() {
      return resources.size;
    },
    get checksum() {
      return checksum;
    },
    get: (key) => resources.get(key),
    put: (resource) => {
      const old = resources.get(resource.key);
      if (old !== undefined && Buffer.compare(old.bytes, resource.bytes) === 0) return false;
      checksum ^= (old?.hash ?? EMPTY_CHECKSUM) ^ resource.hash;
      resources.set(resource.key, resource);
      return true;
    },
    remove: (key) => {
      const old = resources.get(key);
      if (old === undefined) return false;
      checksum ^= old.hash;
      resources.delete(key);
      return true;
    },
    resources: () => resources.values(),
  };
}
