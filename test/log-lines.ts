/** A log that keeps its lines, for tests that read what was logged. */
import type { Log, LogFields } from '../services/runtime/log.ts';

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: LogFields;
  readonly message: string;
}

export function keepingLog(
  lines: LogLine[] = [],
  inherited: LogFields = {},
): Log & { readonly lines: readonly LogLine[] } {
  const keep =
    (level: LogLine['level']) =>
    (fields: LogFields, message: string): void => {
      lines.push({ level, fields: { ...inherited, ...fields }, message });
    };
  return {
    lines,
    debug: keep('debug'),
    info: keep('info'),
    warn: keep('warn'),
    error: keep('error'),
    child: (fields) => keepingLog(lines, { ...inherited, ...fields }),
  };
}
