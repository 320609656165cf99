/** The other gateways by what the hub said of them last, each with the key that the two share. */
import type { KeyObject } from 'node:crypto';
import type { NodeName } from '../../contract/identity.ts';
import type { IpAddress } from '../../contract/ip-address.ts';
import { type KeyPair, sharedKey } from './heartbeat-keys.ts';
import { type GatewayPeer, gatewayPeers, servedAddresses } from './served-addresses.ts';

export interface Peer extends GatewayPeer {
  /** Null: it said none that is one. */
  readonly key: KeyObject | null;
}

export interface PeerBook {
  /** Reads anew what the hub said. Answers the public keys, which tell one peer from its next. */
  read(): ReadonlyMap<NodeName, string>;
  all(): Iterable<Peer>;
  keyOf(name: NodeName): KeyObject | null;
  /** The gateways that serve an address; none: nobody does. */
  serving(address: IpAddress): readonly NodeName[];
}

export function createPeerBook(
  self: NodeName,
  own: KeyPair,
  resources: ReadonlyMap<string, Uint8Array>,
): PeerBook {
  let served = servedAddresses(resources);
  let peers = new Map<NodeName, Peer>();

  function keyed(peer: GatewayPeer): Peer {
    const before = peers.get(peer.name);
    const isSame = before !== undefined && Buffer.compare(before.publicKey, peer.publicKey) === 0;
    return {
      ...peer,
      key: isSame ? before.key : sharedKey(own, peer.publicKey, [self, peer.name]),
    };
  }

  return {
    read() {
      served = servedAddresses(resources);
      peers = new Map(
        gatewayPeers(self, served, resources).map((peer) => [peer.name, keyed(peer)]),
      );
      const text = ({ publicKey }: Peer): string => Buffer.from(publicKey).toString('hex');
      return new Map([...peers.values()].map((peer) => [peer.name, text(peer)]));
    },
    all: () => peers.values(),
    keyOf: (name) => peers.get(name)?.key ?? null,
    serving: (address) => served.get(address) ?? [],
  };
}
