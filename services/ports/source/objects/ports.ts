/**
 * Destinations: CIDRs, exceptions and ports, as AclTargets and EgressNats write them. A port is
 * `{protocol: TCP, port: 5432}`; `endPort` makes it a range; without `port` all ports are meant,
 * without `protocol` TCP and UDP both, so that what is left out is protected rather than not.
 */
import { z } from 'zod';
import { type Cidr, cidrCovers } from '../../../contract/cidr.ts';
import type { Destinations, PortRule } from '../../../contract/objects.ts';
import { refuse } from './refusal.ts';
import { choice, cidr, wholeNumber } from './scalars.ts';

const CIDRS_MAX = 256;
const PORTS_MAX = 32;
const PORT_MIN = 1;
const PORT_MAX = 65535;

const portRule = z
  .strictObject({
    protocol: choice(['TCP', 'UDP', 'any'], ['SCTP', 'ICMP']).default('any'),
    port: wholeNumber(PORT_MIN, PORT_MAX).optional(),
    endPort: wholeNumber(PORT_MIN, PORT_MAX).optional(),
  })
  .superRefine(({ port, endPort }, ctx) => {
    if (endPort === undefined) return;
    if (port === undefined) refuse(ctx, 'needs a port to begin with', ['endPort']);
    else if (endPort < port) refuse(ctx, `is below port ${port}`, ['endPort']);
  })
  .transform(({ protocol, port, endPort }): PortRule => {
    if (port === undefined) return { protocol, from: PORT_MIN, to: PORT_MAX };
    return { protocol, from: port, to: endPort ?? port };
  });

export const cidrs = z.array(cidr).min(1).max(CIDRS_MAX);
export const except = z.array(cidr).max(CIDRS_MAX).default([]);
export const ports = z.array(portRule).max(PORTS_MAX).default([]);

/** An exception that excepts nothing is a typo. */
export function refuseStrayExceptions(
  destinations: { readonly cidrs: readonly Cidr[]; readonly except: readonly Cidr[] },
  ctx: z.RefinementCtx,
): void {
  destinations.except.forEach((exception, index) => {
    if (destinations.cidrs.some((outer) => cidrCovers(outer, exception))) return;
    refuse(ctx, `${exception} lies in none of the cidrs`, ['except', index]);
  });
}

export function destinations(of: Destinations): Destinations {
  return { cidrs: of.cidrs, except: of.except, ports: of.ports };
}
