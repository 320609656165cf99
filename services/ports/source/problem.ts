/** Problems: refused input as people see it, one line each, with what helps to find it. */
import { type BerthError, berthError, describeError } from '../../contract/errors.ts';
import { fieldOf, type Refusal } from './objects/refusal.ts';
import type { Problem } from './port.ts';

export interface Place {
  readonly file: string;
  readonly line: number | null;
}

export function problemOf(error: BerthError, place: Place, field: string | null = null): Problem {
  return { ...place, field, code: error.code, message: describeError(error) };
}

export function problemOfRefusal({ error, path }: Refusal, place: Place): Problem {
  return problemOf(error, place, fieldOf(path));
}

export function syntaxProblem(reason: string, place: Place): Problem {
  return problemOf(berthError('BERTH_INPUT_SYNTAX', { reason }), place);
}

export function unreadableProblem(path: string, cause: unknown): Problem {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const error = berthError('BERTH_INPUT_UNREADABLE', { path, reason }, cause);
  return problemOf(error, { file: path, line: null });
}

/** `policies/pool.yaml:12: BERTH_INPUT_FIELD: spec.ports.perPod: must be ...`. */
export function describeProblem({ file, line, field, message }: Problem): string {
  const place = line === null ? file : `${file}:${line}`;
  const named = field === null || message.includes(field);
  return named ? `${place}: ${message}` : `${place}: ${field}: ${message}`;
}
