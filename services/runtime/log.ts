/**
 * Log lines as a dependency: one line of JSON each, on stderr or in a file, with the code of the
 * error table, the node and the version where there are any. Written at once, so that the last
 * line before an exit is there.
 */
import { type Logger, pino } from 'pino';
import { isBerthError } from '../contract/errors.ts';

export interface LogFields {
  /** Of the error table. */
  readonly code?: string;
  readonly node?: string;
  /** Anything that was thrown: its code, text, details, stack and cause are written. */
  readonly error?: unknown;
  readonly [field: string]: unknown;
}

export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** The same log, with these fields in every line. */
  child(fields: LogFields): Log;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LogInit {
  /** @default 'info' */
  readonly level?: LogLevel;
  /** A file to append to; its folder is made. @default stderr */
  readonly file?: string;
  /** In every line, such as the process's name and node. */
  readonly fields?: LogFields;
}

const STDERR = 2;

export function jsonLog(init: LogInit = {}): Log {
  const destination = pino.destination({ dest: init.file ?? STDERR, sync: true, mkdir: true });
  const base = { ...init.fields };
  return over(pino({ level: init.level ?? 'info', base }, destination));
}

function over(logger: Logger): Log {
  return {
    debug: (fields, message) => logger.debug(written(fields), message),
    info: (fields, message) => logger.info(written(fields), message),
    warn: (fields, message) => logger.warn(written(fields), message),
    error: (fields, message) => logger.error(written(fields), message),
    child: (fields) => over(logger.child(written(fields))),
  };
}

function written(fields: LogFields): Record<string, unknown> {
  return fields.error === undefined ? fields : { ...fields, ...errorFields(fields.error) };
}

function errorFields(error: unknown): LogFields {
  if (isBerthError(error)) {
    return { code: error.code, error: error.message, details: error.details, ...causeField(error) };
  }
  if (error instanceof Error) {
    return { error: error.message, stack: error.stack, ...causeField(error) };
  }
  return { error: String(error) };
}

function causeField(error: Error): LogFields {
  if (error.cause === undefined) return {};
  const { cause } = error;
  return { cause: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) };
}
