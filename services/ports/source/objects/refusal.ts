/**
 * Why an object is refused, told in a way that its author can act on: where in the object (a path),
 * and a coded error with what to do. zod finds what is wrong; this says it. Pure; knows no file.
 */
import type { z } from 'zod';
import { type BerthError, berthError, type ErrorCode } from '../../../contract/errors.ts';

export type Path = readonly PropertyKey[];

export interface Refusal {
  readonly path: Path;
  readonly error: BerthError;
}

/** More of them would help nobody. */
const REFUSALS_MAX = 20;

/** Within a schema: refuses `value` with a code of the table. */
export function refuseWith(
  ctx: z.RefinementCtx,
  code: ErrorCode,
  details: Readonly<Record<string, string | number>>,
  path: Path = [],
): void {
  ctx.addIssue({ code: 'custom', params: { code, details }, path: [...path] });
}

/** Within a schema: refuses with BERTH_INPUT_FIELD; `reason` also says what to do. */
export function refuse(ctx: z.RefinementCtx, reason: string, path: Path = []): void {
  ctx.addIssue({ code: 'custom', message: reason, path: [...path] });
}

/** Parses by the schema; what is refused comes back as refusals, never as an exception. */
export function readBy<T>(
  schema: z.ZodType<T>,
  value: unknown,
): { readonly value: T } | { readonly refusals: readonly Refusal[] } {
  const parsed = schema.safeParse(value, { error: reasonOf });
  if (parsed.success) return { value: parsed.data };
  const refusals = parsed.error.issues.flatMap(refusalsOf);
  return { refusals: refusals.slice(0, REFUSALS_MAX) };
}

/** `spec.targets[1].cidrs[0]`; null for the object as a whole. */
export function fieldOf(path: Path): string | null {
  if (path.length === 0) return null;
  const text = path.map((part) =>
    typeof part === 'number' ? `[${part}]` : `.${plainOrQuoted(String(part))}`,
  );
  return text.join('').replace(/^\./, '');
}

export function fieldRefusal(path: Path, reason: string): Refusal {
  const field = fieldOf(path) ?? 'the object';
  return { path, error: berthError('BERTH_INPUT_FIELD', { field, reason }) };
}

/** Label keys have dots and slashes of their own. */
function plainOrQuoted(part: string): string {
  return /[./[\]\s]/.test(part) ? `'${part}'` : part;
}

function refusalsOf(issue: z.core.$ZodIssue): Refusal[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) =>
      fieldRefusal([...issue.path, key], 'is no field that Berth knows here; look for a typo'),
    );
  }
  if (issue.code === 'custom' && issue.params?.['code'] !== undefined) {
    const { code, details } = issue.params as CodedParams;
    return [{ path: issue.path, error: berthError(code, details) }];
  }
  return [fieldRefusal(issue.path, issue.message)];
}

interface CodedParams {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, string | number>>;
}

function reasonOf(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return `is missing; give ${article(issue.expected)}`;
      return `must be ${article(issue.expected)}, not ${kindOf(issue.input)}`;
    case 'too_small':
      if (issue.origin === 'string') return 'must not be empty';
      if (issue.origin === 'array') return `needs at least ${issue.minimum} of them`;
      return `must be at least ${issue.minimum}`;
    case 'too_big':
      if (issue.origin === 'string') return `may have ${issue.maximum} characters at most`;
      if (issue.origin === 'array') return `may have ${issue.maximum} of them at most`;
      return `may be ${issue.maximum} at most`;
    case 'invalid_value':
      return `must be ${issue.values.map((value) => `'${String(value)}'`).join(' or ')}`;
    default:
      return undefined;
  }
}

function article(expected: string): string {
  switch (expected) {
    case 'int':
    case 'number':
      return 'a whole number';
    case 'array':
      return 'a list';
    case 'object':
    case 'record':
      return 'a mapping';
    case 'string':
      return 'a text';
    default:
      return `a ${expected}`;
  }
}

function kindOf(input: unknown): string {
  if (input === null) return 'null';
  if (Array.isArray(input)) return 'a list';
  if (typeof input === 'object') return 'a mapping';
  const text = String(input).slice(0, 40);
  return typeof input === 'string' ? `the text '${text}'` : `the ${typeof input} ${text}`;
}
