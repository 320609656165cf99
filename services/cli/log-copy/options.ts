/** What `berth log copy` is told: which log, and where to. Checked here, once. */
import { z } from 'zod';
import { berthError } from '../../contract/errors.ts';
import { parseConfig } from '../../runtime/config.ts';

const PARTITIONS_MAX = 1024;

const schema = z.strictObject({
  fromData: z.string().min(1).optional(),
  toData: z.string().min(1).optional(),
  partitions: z.coerce.number().int().min(1).max(PARTITIONS_MAX).optional(),
  output: z.enum(['text', 'json']).default('text'),
});

export const LOG_COPY_OPTIONS = [
  [
    '--from-data <dir>',
    'the data folder of `berth up` whose log is to be moved; nothing may run on it',
  ],
  ['--to-data <dir>', 'a new data folder'],
  ['--partitions <n>', 'how many the new log has; default: as many as the old one'],
  ['-o, --output <format>', 'text or json'],
] as const;

export interface LogCopyConfig {
  readonly from: { readonly kind: 'data'; readonly dir: string };
  readonly to: { readonly kind: 'data'; readonly dir: string };
  /** Null: as many as the source has. */
  readonly partitions: number | null;
  readonly output: 'text' | 'json';
}

/** @throws BERTH_CONFIG_BAD naming the field */
export function parseLogCopy(given: unknown): LogCopyConfig {
  const { fromData, toData, partitions, output } = parseConfig(schema, JSON.stringify(given));
  return {
    from: { kind: 'data', dir: required('from-data', fromData) },
    to: { kind: 'data', dir: required('to-data', toData) },
    partitions: partitions ?? null,
    output,
  };
}

function required(field: string, value: string | undefined): string {
  if (value === undefined) throw berthError('BERTH_CONFIG_BAD', { field, reason: 'is missing' });
  return value;
}
