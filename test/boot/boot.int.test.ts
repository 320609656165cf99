/**
 * `node boot.mjs TARGET` in a small clone of its own, whose npm packages are a Node and a stamp:
 * how a target is started, and what is not done when nothing is stale.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** Says what it was given, then ends as its first argument tells. */
const TARGET = `
if (process.argv[2] === 'wait') {
  process.on('SIGTERM', () => process.exit(9));
  setInterval(() => {}, 1_000);
}
console.log(JSON.stringify({ args: process.argv.slice(2), path: process.env.PATH }));
if (process.argv[2] === 'fail') process.exit(7);
`;
const KEYS = ['package-lock.json', '.npmrc'];

const { digestOf } = (await import(resolve('boot/digest.mjs'))) as {
  digestOf(root: string, names: readonly string[]): string;
};

const { plan } = (await import(resolve('boot/targets.mjs'))) as {
  plan(name: string, args: readonly string[]): { readonly needs: Readonly<Record<string, string>> };
};

let root: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'berth-boot-'));
  for (const part of ['boot.mjs', 'boot']) cpSync(part, join(root, part), { recursive: true });
  for (const folder of ['node_modules/.bin', 'services/cli', 'infra/demo']) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  for (const key of KEYS) writeFileSync(join(root, key), '');
  symlinkSync(process.execPath, join(root, 'node_modules/.bin/node'));
  writeFileSync(join(root, 'node_modules/.berth-stamp'), digestOf(root, KEYS));
  writeFileSync(join(root, 'services/cli/main.ts'), TARGET);
  writeFileSync(join(root, 'infra/demo/main.ts'), TARGET);
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

test('starts the target with its arguments, and our Node first on the path', async () => {
  const { code, out, said } = await boot('berth', 'who-had', '192.0.2.1:4000');
  expect(code).toBe(0);
  const given = JSON.parse(out) as { readonly args: readonly string[]; readonly path: string };
  expect(given.args).toEqual(['who-had', '192.0.2.1:4000']);
  expect(given.path.split(':')[0]).toBe(join(root, 'node_modules/.bin'));
  expect(said).toBe('');
});

test('passes on the exit code', async () => {
  expect((await boot('berth', 'fail')).code).toBe(7);
});

test('passes on a signal', async () => {
  const child = start('berth', 'wait');
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([9, null]);
});

test('names the targets when it knows none of that name', async () => {
  const { code, said } = await boot('nothing');
  expect(code).toBe(1);
  expect(said).toContain('demo, test, check');
});

test('leaves the C build out when the datapath is the memory', async () => {
  mkdirSync(join(root, 'native'), { recursive: true });
  writeFileSync(join(root, 'native/Makefile'), 'all:\n\tfalse\n');
  const { code, said } = await boot('demo', '--datapath', 'memory');
  expect(code).toBe(0);
  expect(said).toContain('left out');
});

test('gets Kafka and Redis for the demo only when it is to be distributed', () => {
  const wants = (...args: readonly string[]) => Object.keys(plan('demo', args).needs);
  expect(wants('--distributed')).toEqual(expect.arrayContaining(['servers', 'kafka']));
  expect(wants()).not.toEqual(expect.arrayContaining(['servers']));
  expect(wants()).not.toEqual(expect.arrayContaining(['kafka']));
});

function start(...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, ['boot.mjs', ...args], { cwd: root, stdio: 'pipe' });
}

async function boot(...args: readonly string[]) {
  const child = start(...args);
  let out = '';
  let said = '';
  child.stdout?.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    said += chunk;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, said };
}
