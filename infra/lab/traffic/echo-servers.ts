/** The echo servers of a lab, and whom they saw. */
import { berthError } from '../../../services/contract/errors.ts';
import { parseIp } from '../../../services/contract/ip-address.ts';
import type { EventOf } from './events.ts';
import type { Endpoint } from './tcp-clients.ts';

/** A flow as a server saw it: a TCP connection, or a UDP flow once. */
export interface PeerSeen {
  readonly protocol: 'tcp' | 'udp';
  readonly source: Endpoint;
  readonly destination: Endpoint;
}

export interface EchoServers {
  /** @throws BERTH_LAB_TRAFFIC when it cannot listen. */
  start(netns: string, port: number): Promise<void>;
  onServing(id: number): void;
  onFailed(event: EventOf<'serve-failed'>): void;
  onPeer(event: EventOf<'peer'>): void;
  onDeath(error: Error): void;
  peersSeen(netns: string): readonly PeerSeen[];
}

interface Server {
  readonly netns: string;
  readonly serving: PromiseWithResolvers<void>;
  readonly peers: PeerSeen[];
}

const PEERS_MAX = 100_000;

export function echoServers(nextId: () => number, send: (command: string) => void): EchoServers {
  const servers = new Map<number, Server>();
  return {
    start: (netns, port) => {
      const id = nextId();
      const serving = Promise.withResolvers<void>();
      servers.set(id, { netns, serving, peers: [] });
      send(`serve ${id} ${netns} ${port}`);
      return serving.promise;
    },
    onServing: (id) => {
      servers.get(id)?.serving.resolve();
    },
    onFailed: ({ id, reason }) => {
      const error = berthError('BERTH_LAB_TRAFFIC', { reason: `no server: ${reason}` });
      servers.get(id)?.serving.reject(error);
    },
    onPeer: (event) => {
      const peers = servers.get(event.id)?.peers;
      if (peers === undefined || peers.length >= PEERS_MAX) return;
      peers.push({
        protocol: event.protocol,
        source: { address: parseIp(event.source), port: event.sourcePort },
        destination: { address: parseIp(event.destination), port: event.destinationPort },
      });
    },
    onDeath: (error) => {
      for (const { serving } of servers.values()) serving.reject(error);
    },
    peersSeen: (netns) =>
      [...servers.values()].filter((each) => each.netns === netns).flatMap(({ peers }) => peers),
  };
}
