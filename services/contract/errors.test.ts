/** Every row of the table can be raised and says what to do; docs/errors.md is the same table. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ERROR_TABLE, type ErrorCode } from './error-table.ts';
import { berthError, describeError, hasCode, isBerthError } from './errors.ts';

const codes = Object.keys(ERROR_TABLE) as ErrorCode[];

test.each(codes)('%s keeps its code and fills its message', (code) => {
  const { message, hint, exit } = ERROR_TABLE[code];
  const places = [...`${message} ${hint}`.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
  const details = Object.fromEntries(places.map((name) => [name, `<${name}>`]));
  const cause = new Error('below');
  const error = berthError(code, details, cause);
  expect(code).toMatch(/^BERTH_[A-Z]+_[A-Z_]+$/);
  expect(isBerthError(error) && hasCode(error, code)).toBe(true);
  expect(error.cause).toBe(cause);
  expect(describeError(error)).not.toMatch(/\{\w+\}/);
  expect(exit).toBeGreaterThan(0);
});

test('docs/errors.md and the table name the same codes', () => {
  const text = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
  const documented = [...text.matchAll(/^\| `(BERTH_\w+)`/gm)].map(([, code]) => code);
  expect(documented.sort()).toEqual([...codes].sort());
});

test('anything thrown can be described', () => {
  expect(describeError('text')).toBe('text');
  expect(describeError(new Error('plain'))).toBe('plain');
  expect(describeError(undefined)).toBe('undefined');
});
