/**
 * What is known of NAT addresses and gateways: every node learns which addresses exist; a gateway
 * also which gateways serve each, where the blocks of its pools are, and how to reach each node.
 * Plain nodes share one layer of addresses, gateways another.
 */
import type { AggregateKey, NodeName, PoolName } from '../../contract/identity.ts';
import type { IpAddress } from '../../contract/ip-address.ts';
import type { NodeRecord } from '../../contract/node-records.ts';
import type { LabelSelector } from '../../contract/objects.ts';
import type { ClaimId } from '../../contract/records.ts';
import { createAddresses, type GrantedClaim } from './addresses.ts';
import { createGateways, type Gateways } from './gateways.ts';
import { createNodeSets, type Layer, type NodeSets, type SharedLayer } from './node-sets.ts';
import { addressResource, keys, nodeResource } from './resources.ts';

export interface Steering {
  readonly sets: NodeSets;
  /** What every node has, gateways too. */
  readonly everywhere: Layer;
  readonly gateways: Pick<Gateways, 'all' | 'poolsOf'>;
  /** Where the blocks of a pool's addresses go. */
  blocks(pool: PoolName): Layer;
  nodeRecord(record: NodeRecord): void;
  setPools(selectors: ReadonlyMap<PoolName, LabelSelector | null>): void;
  setClaim(by: AggregateKey, id: ClaimId, claim: GrantedClaim | undefined): void;
}

export function createSteering(): Steering {
  const sets = createNodeSets(() => plainLayers);
  const everywhere = sets.layer();
  const nextHops = sets.layer();
  const plainAddresses = sets.layer();
  const gatewayAddresses = sets.layer();
  const plainLayers: readonly SharedLayer[] = [everywhere, plainAddresses];
  const blockLayers = new Map<PoolName, SharedLayer>();
  const gateways = createGateways();
  const addresses = createAddresses();

  function blocks(pool: PoolName): SharedLayer {
    const layer = blockLayers.get(pool) ?? sets.layer();
    blockLayers.set(pool, layer);
    return layer;
  }

  function showAddress(address: IpAddress): void {
    const known = addresses.get(address);
    if (known === undefined) {
      plainAddresses.remove(keys.address(address));
      gatewayAddresses.remove(keys.address(address));
      return;
    }
    const { pool, blockSize } = known;
    plainAddresses.put(addressResource(address, blockSize, []));
    gatewayAddresses.put(addressResource(address, blockSize, gateways.ofPool(pool)));
  }

  function showGateways(changed: readonly NodeName[]): void {
    if (changed.length === 0) return;
    for (const node of changed) {
      const pools = gateways.poolsOf(node);
      const steers = [everywhere, gatewayAddresses, nextHops, ...pools.map(blocks)];
      sets.assign(node, pools.length > 0 ? steers : plainLayers);
    }
    for (const { address } of addresses.all()) showAddress(address);
  }

  return {
    sets,
    everywhere,
    gateways,
    blocks,
    nodeRecord: (record) => {
      if (record.type === 'NodeFromAgent') nextHops.put(nodeResource(record));
      else if (gateways.setLabels(record.node, record.facts?.labels ?? null)) {
        showGateways([record.node]);
      }
    },
    setPools: (selectors) => showGateways(gateways.setPools(selectors)),
    setClaim: (by, id, claim) => {
      for (const address of addresses.setClaim(by, id, claim)) showAddress(address);
    },
  };
}
