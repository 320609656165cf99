/** Labels and label selectors, by the rules of the Kubernetes API reference ("LabelSelector"). */
import { z } from 'zod';
import type { LabelSelector } from '../../../contract/objects.ts';
import { refuse } from './refusal.ts';
import { choice } from './scalars.ts';

const LABELS_MAX = 256;
const EXPRESSIONS_MAX = 16;
const VALUES_MAX = 64;
const KEY_MAX = 317;
const VALUE_MAX = 63;

const labelKey = z
  .string()
  .min(1)
  .max(KEY_MAX)
  .regex(
    /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/,
    'is no label key such as app or example.com/app',
  );

const labelValue = z
  .string()
  .max(VALUE_MAX)
  .regex(/^([A-Za-z0-9]([-\w.]*[A-Za-z0-9])?)?$/, 'is no label value: letters, digits, - _ .');

export const labels = z.record(z.string(), labelValue).superRefine((value, ctx) => {
  const keys = Object.keys(value);
  if (keys.length > LABELS_MAX) refuse(ctx, `may have ${LABELS_MAX} labels at most`);
  for (const key of keys) {
    const checked = labelKey.safeParse(key);
    if (!checked.success) refuse(ctx, 'is no label key such as app or example.com/app', [key]);
  }
});

const requirement = z
  .strictObject({
    key: labelKey,
    operator: choice(['In', 'NotIn', 'Exists', 'DoesNotExist']),
    values: z.array(labelValue).max(VALUES_MAX).default([]),
  })
  .superRefine(({ operator, values }, ctx) => {
    const needsValues = operator === 'In' || operator === 'NotIn';
    if (needsValues && values.length === 0) refuse(ctx, `${operator} needs values`, ['values']);
    if (!needsValues && values.length > 0) refuse(ctx, `${operator} takes no values`, ['values']);
  });

/** `{}` selects everything. */
export const labelSelector = z
  .strictObject({
    matchLabels: labels.default({}),
    matchExpressions: z.array(requirement).max(EXPRESSIONS_MAX).default([]),
  })
  .transform((selector): LabelSelector => selector);

/** Not there: null, which selects nothing. */
export const optionalSelector = labelSelector.nullish().transform((selector) => selector ?? null);
