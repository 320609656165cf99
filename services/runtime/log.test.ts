/** What a log line holds, read back from the file that it was written to. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type TemporaryFolder, temporaryFolder } from '../../test/temporary-folder.ts';
import { berthError } from '../contract/errors.ts';
import { jsonLog, type LogInit } from './log.ts';

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

const file = (): string => join(folder.path, 'logs', 'berth.log');
const open = (init: LogInit = {}) => jsonLog({ ...init, file: file() });
const lines = (): Record<string, unknown>[] =>
  readFileSync(file(), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test('writes one line of JSON at once, with the fields of the log and of the line', () => {
  const log = open({ fields: { node: 'n1' } });
  log.info({ version: '1.2' }, 'started');
  expect(lines()).toMatchObject([{ level: 30, node: 'n1', version: '1.2', msg: 'started' }]);
});

test('a child has its parent’s fields', () => {
  open({ fields: { node: 'n1' } })
    .child({ function: 'mapper' })
    .warn({}, 'slow');
  expect(lines()).toMatchObject([{ node: 'n1', function: 'mapper', msg: 'slow' }]);
});

test('writes the code, the text, the details and the cause of an error of ours', () => {
  const cause = new Error('disk full');
  const error = berthError('BERTH_LOG_WRITE', { reason: 'ENOSPC' }, cause);
  open().error({ error }, 'failed');
  expect(lines()).toMatchObject([
    {
      code: 'BERTH_LOG_WRITE',
      error: error.message,
      details: { reason: 'ENOSPC' },
      cause: expect.stringContaining('disk full'),
    },
  ]);
});

test('writes the text and the stack of a foreign error, and anything else that was thrown', () => {
  const log = open();
  log.error({ error: new TypeError('not a function') }, 'failed');
  log.error({ error: 'just text' }, 'failed');
  log.error({ error: null }, 'failed');
  expect(lines()).toMatchObject([
    { error: 'not a function', stack: expect.stringContaining('log.test.ts') },
    { error: 'just text' },
    { error: 'null' },
  ]);
});

test('leaves out what is below its level', () => {
  const log = open({ level: 'warn' });
  log.debug({}, 'debug');
  log.info({}, 'info');
  log.warn({}, 'warn');
  expect(lines().map(({ msg }) => msg)).toEqual(['warn']);
});
