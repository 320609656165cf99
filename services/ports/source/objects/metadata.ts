/**
 * `metadata` of an object. That of core objects is taken as it comes: they are written by an API
 * server. That of custom resources is written by people, so a field that no ObjectMeta has is a
 * typo, and is refused.
 */
import { z } from 'zod';
import { labels } from './label-selector.ts';
import { dnsLabelName, subdomainName } from './scalars.ts';

const DEFAULT_NAMESPACE = 'default';

export const coreLabels = labels.nullish().transform((value) => value ?? {});
export const namespaceField = dnsLabelName.nullish().transform((name) => name ?? DEFAULT_NAMESPACE);

/** RFC 3339, as the API server writes it; hand-written manifests have none. */
const timestamp = z
  .string()
  .regex(
    /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/,
    "must be a time such as '2026-11-24T03:42:40Z'",
  )
  .nullish()
  .transform((value) => value ?? null);

/** What every ObjectMeta may have and Berth has no use for in its custom resources. */
const unread = z.unknown().optional();
const objectMeta = {
  name: subdomainName,
  creationTimestamp: timestamp,
  annotations: unread,
  deletionGracePeriodSeconds: unread,
  deletionTimestamp: unread,
  finalizers: unread,
  generateName: unread,
  generation: unread,
  labels: unread,
  managedFields: unread,
  ownerReferences: unread,
  resourceVersion: unread,
  selfLink: unread,
  uid: unread,
};

export const clusterMetadata = z.strictObject({
  ...objectMeta,
  namespace: z.string().max(0, 'belongs to no namespace: take this line out').optional(),
});

export const namespacedMetadata = z.strictObject({ ...objectMeta, namespace: namespaceField });

/** `apiVersion`, `kind` and `status` were looked at before, or are for others. */
export const envelope = { apiVersion: unread, kind: unread, status: unread };
