/**
 * The ACL of a target as nftables rules: before anything else sees a packet (ahead of conntrack,
 * ahead of routing), one to a protected CIDR is counted by its source, then admitted or counted
 * as leaked and dropped. Pure: texts out, JSON in.
 */
import { z } from 'zod';
import type { Cidr } from '../../services/contract/cidr.ts';
import { berthError } from '../../services/contract/errors.ts';
import { type IpAddress, parseIp } from '../../services/contract/ip-address.ts';
import { UPLINK } from './plan.ts';

export interface SourceSeen {
  readonly address: IpAddress;
  readonly packets: number;
}

export interface TargetCounters {
  /** Packets towards a protected CIDR from any source that the ACL does not admit; all dropped. */
  readonly leakedPackets: number;
  readonly admittedPackets: number;
  /** Every source address of a packet towards a protected CIDR, dropped ones too. */
  readonly sourcesSeen: readonly SourceSeen[];
  /** Of these, the sources of packets that the ACL did not admit when they came. */
  readonly sourcesRefused: readonly SourceSeen[];
}

export const ACL_TABLE = 'berth_acl';
/** The set that the target's own ACL server replaces. */
export const ACL_SET = 'admitted';
/** Before fragments are put together (-400) and conntrack looks (-200). */
const PRIORITY = -450;
const SOURCES_MAX = 65_536;

export function aclRules(protectedCidrs: readonly Cidr[], admitted: readonly Cidr[]): string {
  return `table ip ${ACL_TABLE} {
  counter leaked { }
  counter admitted_packets { }
  set protected { type ipv4_addr; flags interval; ${elements(protectedCidrs)}
  }
  set ${ACL_SET} { type ipv4_addr; flags interval; ${elements(admitted)}
  }
  set sources { type ipv4_addr; flags dynamic; size ${SOURCES_MAX};
  }
  set refused { type ipv4_addr; flags dynamic; size ${SOURCES_MAX};
  }
  chain gate {
    update @sources { ip saddr counter }
    ip saddr @${ACL_SET} counter name admitted_packets accept
    update @refused { ip saddr counter }
    counter name leaked drop
  }
  chain arrivals { type filter hook prerouting priority ${PRIORITY}; policy accept;
    iifname "${UPLINK}" ip daddr @protected jump gate
  }
}
`;
}

/** One transaction: no packet meets an empty set. */
export function admitRules(admitted: readonly Cidr[]): string {
  const add =
    admitted.length === 0 ? '' : `add element ip ${ACL_TABLE} ${ACL_SET} ${list(admitted)}\n`;
  return `flush set ip ${ACL_TABLE} ${ACL_SET}\n${add}`;
}

const counted = z.object({ packets: z.number() });
const listing = z.object({
  nftables: z.array(
    z.object({
      counter: z.object({ name: z.string(), packets: z.number() }).optional(),
      set: z.object({ name: z.string(), elem: z.array(z.unknown()).optional() }).optional(),
    }),
  ),
});
const source = z.object({ elem: z.object({ val: z.string(), counter: counted }) });

/** Reads `nft -j list table`. @throws BERTH_LAB_COMMAND when it is not what nft prints. */
export function readAclListing(json: string): TargetCounters {
  try {
    const { nftables: objects } = listing.parse(JSON.parse(json));
    const packetsOf = (name: string): number => {
      const counter = objects.find((object) => object.counter?.name === name)?.counter;
      if (counter === undefined) throw new Error(`no counter ${name}`);
      return counter.packets;
    };
    const sourcesIn = (name: string): SourceSeen[] => {
      const elements = objects.find((object) => object.set?.name === name)?.set?.elem ?? [];
      return elements.map((element) => {
        const { elem } = source.parse(element);
        return { address: parseIp(elem.val), packets: elem.counter.packets };
      });
    };
    return {
      leakedPackets: packetsOf('leaked'),
      admittedPackets: packetsOf('admitted_packets'),
      sourcesSeen: sourcesIn('sources'),
      sourcesRefused: sourcesIn('refused'),
    };
  } catch (error) {
    // Never a count of zero for what could not be read.
    const details = { command: 'nft -j list table', reason: 'it printed something else' };
    throw berthError('BERTH_LAB_COMMAND', details, error);
  }
}

function elements(cidrs: readonly Cidr[]): string {
  return cidrs.length === 0 ? '' : `elements = ${list(cidrs)}`;
}

function list(cidrs: readonly Cidr[]): string {
  return `{ ${cidrs.join(', ')} }`;
}
