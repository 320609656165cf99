/** One server a run, whoever asks and however many at once. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { noRedis } from '../../infra/redis/binary.ts';
import { sharedRedis } from './shared-servers.ts';

const ASK = `
const { sharedRedis } = await import(process.argv[1]);
process.stdout.write(await sharedRedis());
`;

test('is the same for all processes of the run that ask at once', async (ctx) => {
  ctx.skip(noRedis !== null, noRedis ?? '');
  const args = ['--input-type=module', '-e', ASK, import.meta.resolve('./shared-servers.ts')];
  const ask = async (): Promise<string> =>
    (await promisify(execFile)(process.execPath, args)).stdout;
  const addresses = await Promise.all([ask(), sharedRedis(), ask(), sharedRedis()]);
  expect(new Set(addresses).size).toBe(1);
  expect(addresses[0]).toMatch(/^redis:\/\/127\.0\.0\.1:\d+$/);
});
