/** Node (core v1): its labels, addresses and readiness, and whether it is out of service. */
import { z } from 'zod';
import type { NodeFacts } from '../../../contract/objects.ts';
import { coreLabels } from './metadata.ts';
import { ipAddress, subdomainName } from './scalars.ts';

const IP_TYPES = ['InternalIP', 'ExternalIP'];

const conditions = z
  .array(z.object({ type: z.string(), status: z.string() }))
  .nullish()
  .transform((list) => list ?? []);

/** Addresses of other types are names. */
const address = z.object({ type: z.string(), address: z.string() }).transform((entry, ctx) => {
  if (!IP_TYPES.includes(entry.type)) return null;
  const parsed = ipAddress.safeParse(entry.address);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) ctx.addIssue({ ...issue, path: ['address'] });
  return z.NEVER;
});

const addresses = z
  .array(address)
  .nullish()
  .transform((list) => (list ?? []).filter((ip) => ip !== null));

const status = z.object({ addresses, conditions }).nullish();

/** By which people and remediation say that the machine is off; every effect counts. */
const OUT_OF_SERVICE = 'node.kubernetes.io/out-of-service';

const spec = z.object({ taints: z.array(z.object({ key: z.string() })).nullish() }).nullish();

export const node = z
  .object({ metadata: z.object({ name: subdomainName, labels: coreLabels }), spec, status })
  .transform(
    ({ metadata, spec: asked, status: said }): NodeFacts => ({
      name: metadata.name,
      labels: metadata.labels,
      addresses: said?.addresses ?? [],
      ready: isReady(said?.conditions ?? []),
      outOfService: asked?.taints?.some(({ key }) => key === OUT_OF_SERVICE) ?? false,
    }),
  );

/** A kubelet always states conditions; a Node written by hand has none, and is meant to work. */
function isReady(list: readonly { readonly type: string; readonly status: string }[]): boolean {
  if (list.length === 0) return true;
  return list.some(({ type, status: is }) => type === 'Ready' && is === 'True');
}
