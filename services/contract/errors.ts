/**
 * Every error that Berth raises, in one table: stable code, message, whether to try again, the
 * exit code of a command that ends with it, and what to do. Codes come from here only; one that
 * is no longer raised stays, marked as retired. `docs/errors.md` is compared with it by a test.
 */
import { ERROR_TABLE, type ErrorCode, type ErrorRow } from './error-table.ts';

export type { ErrorCode } from './error-table.ts';

export type ErrorDetails = Readonly<Record<string, string | number | boolean | null>>;

/** What is thrown; tell it from others by `isBerthError`, never by its message. */
export interface BerthError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
  readonly hint: string;
  readonly retry: ErrorRow['retry'];
}

class CodedError extends Error implements BerthError {
  override readonly name = 'BerthError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails, cause: unknown) {
    super(`${code}: ${fill(ERROR_TABLE[code].message, details)}`, { cause });
    this.code = code;
    this.details = details;
  }

  get hint(): string {
    return fill(ERROR_TABLE[this.code].hint, this.details);
  }

  get retry(): ErrorRow['retry'] {
    return ERROR_TABLE[this.code].retry;
  }
}

/** `details` fill the `{name}` places of the row's message and hint. `cause` is always kept. */
export function berthError(code: ErrorCode, details: ErrorDetails, cause?: unknown): BerthError {
  return new CodedError(code, details, cause);
}

export function isBerthError(error: unknown): error is BerthError {
  return error instanceof CodedError;
}

export function hasCode(error: unknown, code: ErrorCode): boolean {
  return isBerthError(error) && error.code === code;
}

/** One line for people: code, what happened, what to do. Total: takes anything thrown. */
export function describeError(error: unknown): string {
  if (isBerthError(error))
    return error.hint === '' ? error.message : `${error.message} ${error.hint}`;
  return error instanceof Error ? error.message : String(error);
}

function fill(template: string, details: ErrorDetails): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => String(details[name] ?? `{${name}}`));
}
