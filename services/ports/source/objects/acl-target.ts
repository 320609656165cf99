/** AclTarget: a protected system, who may use it, and how its ACL is written. */
import { z } from 'zod';
import type { AclTargetFacts } from '../../../contract/objects.ts';
import { aclDriver } from './acl-driver.ts';
import { optionalSelector } from './label-selector.ts';
import { clusterMetadata, envelope } from './metadata.ts';
import { cidrs, destinations, except, ports, refuseStrayExceptions } from './ports.ts';
import { choice } from './scalars.ts';

const spec = z
  .strictObject({
    cidrs,
    except,
    ports,
    allowedNamespaces: optionalSelector,
    enforcement: choice(['Observe', 'Selected', 'All']).default('Selected'),
    driver: aclDriver,
  })
  .superRefine(refuseStrayExceptions);

export const aclTarget = z.strictObject({ ...envelope, metadata: clusterMetadata, spec }).transform(
  ({ metadata, spec: said }): AclTargetFacts => ({
    name: metadata.name,
    spec: {
      destinations: destinations(said),
      allowedNamespaces: said.allowedNamespaces,
      enforcement: said.enforcement,
      driver: said.driver,
    },
  }),
);
