/** EgressNat: these pods of the namespace, to these targets, with addresses of that pool. */
import { z } from 'zod';
import type { NamespaceName, TargetName } from '../../../contract/identity.ts';
import type { Destinations, EgressNatFacts } from '../../../contract/objects.ts';
import { labelSelector } from './label-selector.ts';
import { envelope, namespacedMetadata } from './metadata.ts';
import { POOL_ADDRESSES_MAX } from './nat-pool.ts';
import { cidrs, destinations, except, ports, refuseStrayExceptions } from './ports.ts';
import { refuse } from './refusal.ts';
import { choice, subdomainName, wholeNumber } from './scalars.ts';

const TARGETS_MAX = 64;
const ADDRESSES_MIN = 1;
/** Grows by itself when blocks run out, but not over a whole pool unless it is asked for. */
const ADDRESSES_MAX = 4;

type Target = { readonly name: TargetName } | { readonly inline: Destinations };

/** Either the name of an AclTarget, which has its own ports, or destinations of its own. */
const target = z
  .strictObject({
    name: subdomainName.optional(),
    cidrs: cidrs.optional(),
    except,
    ports,
  })
  .transform((said, ctx): Target => {
    const { name, cidrs: networks } = said;
    if (name !== undefined) {
      const own = networks !== undefined || said.except.length > 0 || said.ports.length > 0;
      if (own) refuse(ctx, 'names an AclTarget, which has cidrs, ports and except of its own');
      return { name };
    }
    if (networks === undefined) {
      refuse(ctx, 'needs the name of an AclTarget, or cidrs');
      return z.NEVER;
    }
    const inline = { ...said, cidrs: networks };
    refuseStrayExceptions(inline, ctx);
    return { inline: destinations(inline) };
  });

const targets = z
  .array(target)
  .min(1)
  .max(TARGETS_MAX)
  .superRefine((list, ctx) => {
    const names = list.map((one) => ('name' in one ? one.name : null));
    names.forEach((name, index) => {
      if (name === null || names.indexOf(name) === index) return;
      refuse(ctx, `'${name}' is named twice`, [index, 'name']);
    });
  });

const addresses = z
  .strictObject({
    min: wholeNumber(1, POOL_ADDRESSES_MAX).default(ADDRESSES_MIN),
    max: wholeNumber(1, POOL_ADDRESSES_MAX).optional(),
  })
  .superRefine(({ min, max }, ctx) => {
    if (max !== undefined && max < min) refuse(ctx, `is below min (${min})`, ['max']);
  })
  .transform(({ min, max }) => ({ min, max: max ?? Math.max(min, ADDRESSES_MAX) }));

const spec = z.strictObject({
  pool: subdomainName,
  addresses: addresses.prefault({}),
  podSelector: labelSelector,
  targets,
  onUnmapped: choice(['Drop', 'Pass']).default('Drop'),
});

export const egressNat = z
  .strictObject({ ...envelope, metadata: namespacedMetadata, spec })
  .transform(({ metadata, spec: said }): { namespace: NamespaceName; facts: EgressNatFacts } => ({
    namespace: metadata.namespace,
    facts: {
      name: metadata.name,
      createdAt: metadata.creationTimestamp,
      spec: {
        pool: said.pool,
        addresses: said.addresses,
        podSelector: said.podSelector,
        targets: said.targets.flatMap((one) => ('name' in one ? [one.name] : [])),
        inline: said.targets.flatMap((one) => ('inline' in one ? [one.inline] : [])),
        onUnmapped: said.onUnmapped,
      },
    },
  }));
