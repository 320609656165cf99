/**
 * A program's settings from text of JSON, checked by the program's schema. What is wrong is told
 * as BERTH_CONFIG_BAD with the field's path, and nothing has been started by then.
 */
import type { z } from 'zod';
import { berthError } from '../contract/errors.ts';

const WHOLE = 'the whole';

export function parseConfig<T>(schema: z.ZodType<T>, text: string): T {
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue === undefined ? WHOLE : fieldOf(issue);
  const reason = issue?.message ?? 'not as the schema says';
  throw berthError('BERTH_CONFIG_BAD', { field, reason }, parsed.error);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw berthError('BERTH_CONFIG_BAD', { field: WHOLE, reason }, error);
  }
}

/** `hub.addresses[0].port`; of a field that should not be there, its own name. */
function fieldOf(issue: z.core.$ZodIssue): string {
  const strange = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const path = [...issue.path, ...strange].map((part, index) => {
    if (typeof part === 'number') return `[${part}]`;
    return index === 0 ? String(part) : `.${String(part)}`;
  });
  return path.length === 0 ? WHOLE : path.join('');
}
