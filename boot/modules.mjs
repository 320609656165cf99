/**
 * `npm ci`, whenever package-lock.json or .npmrc is not what node_modules was installed from.
 * The stamp lies in node_modules, so it goes when they go.
 */
import { spawnSync } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf, readIfThere } from './digest.mjs';
import { act } from './run.mjs';

const STAMP = 'node_modules/.berth-stamp';
const KEYS = ['package-lock.json', '.npmrc'];
const ANSWER_WITHIN_MS = 5_000;

const keyOf = (root) => digestOf(root, KEYS);

export const modules = {
  what: 'npm packages',
  isStale: (root) =>
    readIfThere(join(root, STAMP)) !== keyOf(root) ||
    !existsSync(join(root, 'node_modules/.bin/node')),
  cannot: () => null,
  async act(root) {
    // npm retries for minutes without a network; its cache may hold everything all the same.
    const offline = !(await registryHasAddress());
    const args = ['--prefix', root, 'ci', '--loglevel=error', ...(offline ? ['--offline'] : [])];
    const failed = await act('installing npm packages', 'npm', args);
    if (failed !== null) {
      const why = offline ? ' (the npm registry has no address here: is this machine online?)' : '';
      return `npm packages could not be installed${why}\n${failed}`;
    }
    writeFileSync(join(root, STAMP), keyOf(root));
    return null;
  },
};

/** Behind a proxy, names are the proxy's business. */
async function registryHasAddress() {
  const { stdout } = spawnSync('npm', ['config', 'get', 'registry', 'https-proxy', 'proxy'], {
    encoding: 'utf8',
  });
  const setting = (name) => new RegExp(`^${name}=(.*)$`, 'm').exec(stdout ?? '')?.[1] ?? 'null';
  if (setting('https-proxy') !== 'null' || setting('proxy') !== 'null') return true;
  if (!URL.canParse(setting('registry'))) return true;
  const answer = lookup(new URL(setting('registry')).hostname).then(
    () => true,
    () => false,
  );
  const patience = new Promise((resolve) => setTimeout(resolve, ANSWER_WITHIN_MS, false).unref());
  return Promise.race([answer, patience]);
}
