/** NatPool: the cluster-wide inventory of NAT addresses. */
import { z } from 'zod';
import {
  BLOCK_SIZE_MAX,
  BLOCK_SIZE_MIN,
  isBlockSize,
  isGeometry,
} from '../../../contract/block.ts';
import { cidrSize } from '../../../contract/cidr.ts';
import type { NatPoolFacts } from '../../../contract/objects.ts';
import { optionalSelector } from './label-selector.ts';
import { clusterMetadata, envelope } from './metadata.ts';
import { refuse } from './refusal.ts';
import { choice, cidr, wholeNumber } from './scalars.ts';

/** Addresses of one pool, in all its networks together. */
export const POOL_ADDRESSES_MAX = 256;
const NETWORKS_MAX = 64;
const PORT_MAX = 65535;
const DAY_SECONDS = 86_400;
/** RFC 6888, REQ-8. */
const QUARANTINE_SECONDS = 120;

const addresses = z
  .array(cidr)
  .min(1)
  .max(NETWORKS_MAX)
  .superRefine((networks, ctx) => {
    const size = networks.reduce((sum, network) => sum + cidrSize(network), 0n);
    if (size <= BigInt(POOL_ADDRESSES_MAX)) return;
    refuse(ctx, `holds ${size} addresses; a pool may have ${POOL_ADDRESSES_MAX} at most`);
  });

const portRange = z
  .strictObject({
    from: wholeNumber(1, PORT_MAX).default(1024),
    to: wholeNumber(1, PORT_MAX).default(PORT_MAX),
    perPod: wholeNumber(BLOCK_SIZE_MIN, BLOCK_SIZE_MAX).default(1024),
  })
  .superRefine(({ from, to, perPod }, ctx) => {
    if (from > to) refuse(ctx, `is below from (${from})`, ['to']);
    else if (!isBlockSize(perPod)) {
      const above = 2 ** Math.ceil(Math.log2(perPod));
      refuse(ctx, `must be a power of two: ${above / 2} or ${above}, not ${perPod}`, ['perPod']);
    } else if (!isGeometry({ portFrom: from, portTo: to, blockSize: perPod })) {
      refuse(ctx, `no aligned block of ${perPod} ports fits into ${from}-${to}`, ['perPod']);
    }
  });

const spec = z.strictObject({
  addresses,
  ports: portRange.prefault({}),
  allowedNamespaces: optionalSelector,
  addressesPerNamespaceMax: wholeNumber(1, POOL_ADDRESSES_MAX).default(8),
  gateways: z
    .strictObject({
      selector: optionalSelector,
      steering: choice(['L2'], ['Encap']).default('L2'),
    })
    .optional(),
  egress: choice(['Direct'], ['ViaGateway']).default('Direct'),
  quarantineSeconds: wholeNumber(1, DAY_SECONDS).default(QUARANTINE_SECONDS),
  fencing: choice(['Deleted', 'Stated']).default('Deleted'),
});

export const natPool = z.strictObject({ ...envelope, metadata: clusterMetadata, spec }).transform(
  ({ metadata, spec: said }): NatPoolFacts => ({
    name: metadata.name,
    spec: {
      addresses: said.addresses,
      ports: said.ports,
      allowedNamespaces: said.allowedNamespaces,
      addressesPerNamespaceMax: said.addressesPerNamespaceMax,
      gatewaySelector: said.gateways?.selector ?? null,
      quarantineSeconds: said.quarantineSeconds,
      fencing: said.fencing,
    },
  }),
);
