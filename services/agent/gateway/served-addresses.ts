/**
 * What the hub said of gateways, read from the resources of this node: which serve each address,
 * and where the others are.
 */
import type { NodeName } from '../../contract/identity.ts';
import { type IpAddress, ipFromBytes } from '../../contract/ip-address.ts';
import { readResource } from '../resource.ts';

export interface GatewayPeer {
  readonly name: NodeName;
  readonly underlayIp: IpAddress;
  readonly publicKey: Uint8Array;
}

type Resources = ReadonlyMap<string, Uint8Array | null>;

/** Addresses that gateways serve, with the names of these. */
export function servedAddresses(resources: Resources): Map<IpAddress, readonly NodeName[]> {
  const served = new Map<IpAddress, readonly NodeName[]>();
  for (const [key, bytes] of resources) {
    if (bytes === null || !key.startsWith('address/')) continue;
    const { body } = readResource(bytes);
    if (body.case !== 'address') continue;
    served.set(ipFromBytes(body.value.address), body.value.gateways);
  }
  return served;
}

/** The others that serve an address with `self`; without those that have said no key yet. */
export function gatewayPeers(
  self: NodeName,
  served: ReadonlyMap<IpAddress, readonly NodeName[]>,
  resources: Resources,
): GatewayPeer[] {
  const shared = [...served.values()].filter((gateways) => gateways.includes(self));
  const names = new Set(shared.flat());
  names.delete(self);
  return [...names].sort().flatMap((name) => {
    const bytes = resources.get(`node/${name}`);
    if (bytes === undefined || bytes === null) return [];
    const { body } = readResource(bytes);
    if (body.case !== 'node' || body.value.heartbeatKey.length === 0) return [];
    const { underlayIp, heartbeatKey: publicKey } = body.value;
    return [{ name, underlayIp: ipFromBytes(underlayIp), publicKey }];
  });
}
