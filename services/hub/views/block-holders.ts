/**
 * Blocks of the gateways, by who holds them. An address may go from one namespace to another, and
 * their logs are read in any order: so the old holder's letting go may be read after the new one's
 * grant, and must not take away what is the new one's. While two seem to hold a block, the one
 * that was read last is believed; when one is gone, the other stays.
 */
import type { PoolName } from '../../contract/identity.ts';
import type { Layer } from './node-sets.ts';
import type { HashedResource } from './resource-set.ts';

export interface BlockHolders {
  put(holder: string, pool: PoolName, block: HashedResource): void;
  remove(holder: string, pool: PoolName, key: string): void;
}

export function createBlockHolders(blocks: (pool: PoolName) => Layer): BlockHolders {
  const holdersOf = new Map<string, Map<string, HashedResource>>();
  const nameOf = (pool: PoolName, key: string): string => `${pool} ${key}`;
  return {
    put: (holder, pool, block) => {
      const name = nameOf(pool, block.key);
      const holders = holdersOf.get(name) ?? new Map<string, HashedResource>();
      holdersOf.set(name, holders.set(holder, block));
      blocks(pool).put(block);
    },
    remove: (holder, pool, key) => {
      const name = nameOf(pool, key);
      const holders = holdersOf.get(name);
      if (holders?.delete(holder) !== true) return;
      const [other] = holders.values();
      if (other !== undefined) {
        blocks(pool).put(other);
        return;
      }
      holdersOf.delete(name);
      blocks(pool).remove(key);
    },
  };
}
