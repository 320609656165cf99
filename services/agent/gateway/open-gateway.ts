/**
 * A gateway put together around an agent: what it needs of the node, and what the node's link must
 * do for it. An agent of a plain node has none.
 */
import type { Push } from '../../contract/gen/berth/link/v1/link_pb.ts';
import { type IpAddress, ipFromBytes } from '../../contract/ip-address.ts';
import type { Datapath } from '../../ports/datapath/port.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { AgentConfig } from '../config.ts';
import type { LinkedNode } from '../linked-node.ts';
import type { NodeAgent } from '../node-agent.ts';
import { readResource } from '../resource.ts';
import { createGateway, type Gateway } from './gateway.ts';
import type { GatewayState } from './gateway-state.ts';
import { openHeartbeatSocket } from './heartbeat-socket.ts';
import type { Membership } from './membership.ts';

/** A hub that is started again is no reason to move addresses: links come back within 3 s. */
const HUB_SILENT_MAX_MS = 5_000;
const NS_PER_MS = 1_000_000n;
/** Three heartbeats. */
const HEARTBEAT_FRESH_NS = 150n * NS_PER_MS;

export interface OpenGatewayInit {
  readonly config: AgentConfig;
  readonly state: GatewayState;
  readonly membership: Membership;
  readonly resources: ReadonlyMap<string, Uint8Array>;
}

export interface OpenGatewayComponents {
  readonly clock: Clock;
  readonly log: Log;
  readonly datapath: Datapath;
  readonly agent: NodeAgent;
  readonly linkIsUp: () => boolean;
}

export interface OpenedGateway {
  readonly gateway: Gateway;
  /** What the link shall serve in place of the agent. */
  readonly node: LinkedNode;
}

export function openGateway(
  { config, state, membership, resources }: OpenGatewayInit,
  { clock, log, datapath, agent, linkIsUp }: OpenGatewayComponents,
): OpenedGateway {
  const { node: self, bootId, mac, uplinks, underlayIp: address, heartbeatPort: port } = config;
  let hubHeardMs = clock.nowMs();
  let isAcked = true;

  const gateway = createGateway(
    { self, bootId },
    {
      clock,
      log,
      state,
      membership,
      resources,
      openSocket: (heard) => openHeartbeatSocket({ address, port, heard }, { clock, log }),
      inSync: () => {
        if (linkIsUp()) hubHeardMs = clock.nowMs();
        return isAcked && clock.nowMs() - hubHeardMs < HUB_SILENT_MAX_MS;
      },
      owned: agent.ownedAddresses,
      follow: agent.followOwnership,
      lease: (forMs) => {
        try {
          datapath.gateway.setLease({
            // The kernel's clock, which no other clock of ours is.
            arpLeaseUntilNs: process.hrtime.bigint() + BigInt(forMs) * NS_PER_MS,
            heartbeatFreshNs: HEARTBEAT_FRESH_NS,
            heartbeatPort: port,
          });
        } catch (error) {
          log.error({ error }, 'the lease to answer ARP could not be renewed');
        }
      },
      announce: (addresses) => {
        for (const interfaceName of uplinks) datapath.announce({ interfaceName, mac, addresses });
      },
    },
  );
  const node: LinkedNode = {
    held: agent.held,
    async push(push) {
      await gateway.beforeLosing(notServedBy(self, push));
      const answer = await agent.push(push);
      isAcked = answer.kind === 'ack';
      gateway.resourcesChanged();
      return answer;
    },
  };
  return { gateway, node };
}

/** The addresses that the push names, and that this gateway serves no more by it. */
function notServedBy(self: string, { resources }: Push): IpAddress[] {
  try {
    return resources.flatMap((bytes) => {
      const { body } = readResource(bytes);
      if (body.case !== 'address' || body.value.gateways.includes(self)) return [];
      return [ipFromBytes(body.value.address)];
    });
  } catch {
    // It will be refused, and nothing lost.
    return [];
  }
}
