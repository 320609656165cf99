/**
 * Pod (core v1): what decides its berth. A pod is known by its uid, never by its name or IP. The
 * API server gives one; a manifest without one gets one that its namespace and name determine.
 */
import { z } from 'zod';
import { sha256 } from '../../../contract/canonical.ts';
import type { NamespaceName, PodUid } from '../../../contract/identity.ts';
import type { IpAddress } from '../../../contract/ip-address.ts';
import type { PodFacts } from '../../../contract/objects.ts';
import { coreLabels, namespaceField } from './metadata.ts';
import { refuse } from './refusal.ts';
import { emptyIsNull, ipAddress, subdomainName, uidText } from './scalars.ts';

const FINISHED = ['Succeeded', 'Failed'];
const IPS_MAX = 16;

const owners = z
  .array(z.object({ kind: z.string(), name: z.string(), controller: z.boolean().nullish() }))
  .nullish()
  .transform((list) => list ?? []);

const metadata = z.object({
  name: subdomainName,
  namespace: namespaceField,
  uid: uidText.nullish(),
  labels: coreLabels,
  ownerReferences: owners,
});

const spec = z.object({
  nodeName: emptyIsNull(subdomainName),
  hostNetwork: z.boolean().nullish(),
});

const status = z
  .object({
    phase: z.string().nullish(),
    podIP: emptyIsNull(ipAddress),
    podIPs: z
      .array(z.object({ ip: ipAddress }))
      .max(IPS_MAX)
      .nullish(),
  })
  .nullish();

type Status = z.output<typeof status>;

/** `uid`: whether one that is missing is refused or made. */
export function pod(uid: 'required' | 'derived') {
  const checked = metadata.superRefine((said, ctx) => {
    if (uid === 'required' && said.uid == null) refuse(ctx, 'is missing', ['uid']);
  });
  return z
    .object({ metadata: checked, spec, status })
    .transform(({ metadata: meta, spec: said, status: is }) => ({
      namespace: meta.namespace,
      pod: {
        uid: meta.uid ?? derivedUid(meta.namespace, meta.name),
        name: meta.name,
        labels: meta.labels,
        node: said.nodeName,
        ips: ipsOf(is),
        hostNetwork: said.hostNetwork ?? false,
        finished: FINISHED.includes(is?.phase ?? ''),
        statefulSet: statefulSetOf(meta.ownerReferences),
      } satisfies PodFacts,
    }));
}

/** In the shape of a UUID (RFC 9562, version 8), like those of the API server. */
function derivedUid(namespace: NamespaceName, name: string): PodUid {
  const hex = sha256(`${namespace}/${name}`);
  const groups = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`];
  return [...groups, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-');
}

function ipsOf(said: Status): readonly IpAddress[] {
  if (said?.podIPs != null && said.podIPs.length > 0) return said.podIPs.map(({ ip }) => ip);
  return said?.podIP == null ? [] : [said.podIP];
}

function statefulSetOf(list: z.output<typeof owners>): string | null {
  return list.find((owner) => owner.kind === 'StatefulSet' && owner.controller)?.name ?? null;
}
