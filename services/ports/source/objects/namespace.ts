/** Namespace (core v1): its name and labels. */
import { z } from 'zod';
import type { NamespaceFacts } from '../../../contract/objects.ts';
import { coreLabels } from './metadata.ts';
import { dnsLabelName } from './scalars.ts';

/** The API server sets this label on every namespace; manifests that were never there lack it. */
const NAME_LABEL = 'kubernetes.io/metadata.name';

export const namespace = z
  .object({ metadata: z.object({ name: dnsLabelName, labels: coreLabels }) })
  .transform(
    ({ metadata: { name, labels } }): NamespaceFacts => ({
      name,
      labels: { [NAME_LABEL]: name, ...labels },
    }),
  );
